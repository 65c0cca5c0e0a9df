"""What a search asks for, read out of its query (PS3.18 sections 8.3.4 and 10.6.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from app.errors import Invalid
from imaging.dicomweb.attributes import KEYWORDS, Level, tag_of

MOST_RESULTS: Final[dict[Level, int]] = {"study": 1000, "series": 5000, "instance": 10_000}
_MOST_OFFSET = 10_000_000
_MOST_LISTED = 500
_MOST_VALUE = 4000
_UID = re.compile(r"[0-9.]{1,64}")
_DATE = re.compile(r"\d{8}")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2})?)?")

# How each attribute is matched; the names of columns are those of `models.DicomHeader` and of its relatives.
UID_LISTS: Final = {
    "StudyInstanceUID": "study_instance_uid",
    "SeriesInstanceUID": "series_instance_uid",
    "SOPInstanceUID": "sop_instance_uid",
    "SOPClassUID": "sop_class_uid",
}
NAMES: Final = {"PatientName": "patient_name", "ReferringPhysicianName": "referring_physician"}
TEXTS: Final = {
    "PatientID": "patient_id",
    "AccessionNumber": "accession_number",
    "StudyID": "study_id",
    "StudyDescription": "study_description",
    "SeriesDescription": "series_description",
    "BodyPartExamined": "body_part",
    "PatientSex": "patient_sex",
    "SeriesNumber": "series_number",
    "InstanceNumber": "instance_number",
}
DATES: Final = {
    "StudyDate": "study_date",
    "PatientBirthDate": "patient_birth_date",
    "PerformedProcedureStepStartDate": "step_date",
}
TIMES: Final = {"StudyTime": "study_time", "PerformedProcedureStepStartTime": "step_time"}
CODES: Final = {"Modality": "modality", "ModalitiesInStudy": "modality"}
_OF_SERIES = ("Modality", "SeriesInstanceUID", "SeriesDescription", "BodyPartExamined", "SeriesNumber")
_OF_STEP = ("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime")
_OF_INSTANCE = ("SOPInstanceUID", "SOPClassUID", "InstanceNumber")
_LEVELS: Final[dict[str, Level]] = {
    **dict.fromkeys((*_OF_SERIES, *_OF_STEP), "series"),
    **dict.fromkeys(_OF_INSTANCE, "instance"),
}
_DEPTH: Final[dict[Level, int]] = {"study": 0, "series": 1, "instance": 2}
_OTHER_PARAMETERS = {"accept", "charset"}  # PS3.18 section 8.3.3: read where the answer is chosen


@dataclass(slots=True)
class Search:
    """A search. Values are as they are stored: text in lower case, ranges as (from, to), "" for no end."""

    level: Level
    uids: dict[str, list[str]] = field(default_factory=dict)  # column -> any of these
    names: dict[str, str] = field(default_factory=dict)  # column -> pattern with * and ?
    texts: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[str, str]] = field(default_factory=dict)
    codes: dict[str, list[str]] = field(default_factory=dict)
    study_codes: list[str] = field(default_factory=list)  # modalities of which the study has one
    include: set[str] = field(default_factory=set)  # tags
    include_all: bool = False
    limit: int | None = None
    offset: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def is_narrow(self) -> bool:
        """Whether anything has to match."""
        return any((self.uids, self.names, self.texts, self.ranges, self.codes, self.study_codes))


def depth_of(keyword: str) -> int:
    """The level an attribute stands at: 0 study, 1 series, 2 instance."""
    return _DEPTH[_LEVELS.get(keyword, "study")]


def read_search(level: Level, pairs: Iterable[tuple[str, str]]) -> Search:
    """The search that a query's (name, value) pairs mean. Raises Invalid naming the parameter.

    What is not supported is ignored and named in `warnings`, as PS3.18 section 8.3.4 asks.
    """
    search, seen, ignored = Search(level), set[str](), list[str]()
    for name, value in pairs:
        if len(value) > _MOST_VALUE:
            raise Invalid(name[:40], "The value is too long.")
        if name in ("limit", "offset"):
            number = _whole(name, value)
            search.limit, search.offset = (number, search.offset) if name == "limit" else (search.limit, number)
        elif name == "includefield":
            _include(search, value)
        elif name == "fuzzymatching":
            if value.lower() == "true":
                search.warnings.append("The fuzzymatching parameter is not supported. Only literal matching was done.")
        elif name.lower() not in _OTHER_PARAMETERS:
            _match(search, name, value, seen, ignored)
    if ignored:
        listed = ", ".join(ignored[:10])
        search.warnings.append(f"These parameters are not supported for matching and were ignored: {listed}")
    return search


def _whole(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 9):
        raise Invalid(name, "It must be a whole number, zero or more.")
    return min(int(value), _MOST_OFFSET)


def _include(search: Search, value: str) -> None:
    for name in value.split(","):
        tag = tag_of(name.strip())
        if name.strip().lower() == "all":
            search.include_all = True
        elif tag is not None:
            search.include.add(tag)
    unknown = sorted(tag for tag in search.include if tag not in KEYWORDS)
    if unknown:
        search.include -= set(unknown)
        search.warnings.append(f"These attributes are not returned by searches: {', '.join(unknown[:10])}")


def _match(search: Search, name: str, value: str, seen: set[str], ignored: list[str]) -> None:
    tag = tag_of(name)
    keyword = KEYWORDS.get(tag, "") if tag is not None else ""
    if keyword in seen and keyword not in UID_LISTS:
        raise Invalid(name, "It may be given only once.")
    seen.add(keyword)
    if depth_of(keyword) > _DEPTH[search.level] or keyword not in MATCHED:
        ignored.append(re.sub(r"[^A-Za-z0-9.]", "", name)[:40])
    elif value.strip() not in ("", "*", '""'):
        _add(search, keyword, value.strip())


MATCHED = {*UID_LISTS, *NAMES, *TEXTS, *DATES, *TIMES, *CODES}


def _add(search: Search, keyword: str, value: str) -> None:
    if keyword in UID_LISTS:
        search.uids.setdefault(UID_LISTS[keyword], []).extend(_uid_list(keyword, value))
    elif keyword in NAMES:
        search.names[NAMES[keyword]] = value.lower().rstrip("^")
    elif keyword in TEXTS:
        search.texts[TEXTS[keyword]] = value.lower()
    elif keyword in DATES:
        search.ranges[DATES[keyword]] = _range(keyword, value, _DATE)
    elif keyword in TIMES:
        start, end = _range(keyword, value.replace(":", ""), _TIME)
        search.ranges[TIMES[keyword]] = start.ljust(6, "0") if start else "", end.ljust(6, "9") if end else ""
    else:
        codes = [code.strip().lower() for code in re.split(r"[,\\]", value) if code.strip()]
        if keyword == "ModalitiesInStudy":
            search.study_codes = codes
        else:
            search.codes[CODES[keyword]] = codes


def _uid_list(keyword: str, value: str) -> list[str]:
    uids = [uid.strip() for uid in re.split(r"[,\\]", value) if uid.strip()]
    if len(uids) > _MOST_LISTED or not all(_UID.fullmatch(uid) for uid in uids):
        raise Invalid(keyword, "It must be a list of UIDs.")
    return uids


def _range(keyword: str, value: str, form: re.Pattern[str]) -> tuple[str, str]:
    start, dash, end = (part.strip() for part in value.partition("-"))
    parts = [part.partition(".")[0] for part in (start, end) if part]
    if not parts or not all(form.fullmatch(part) for part in parts):
        raise Invalid(keyword, "It must be one value or a range, such as 20260101-20261231.")
    return start.partition(".")[0], (end.partition(".")[0] if dash else start.partition(".")[0])


def like(pattern: str) -> str:
    """A pattern with * and ? as SQL's LIKE writes it, escaped by a backslash."""
    escaped = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return escaped.replace("*", "%").replace("?", "_")
