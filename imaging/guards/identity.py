"""Whose picture a file says it is, against whose case it lies in. Pure: what is told, what is compared, what is found.

Tolerances. Names: see `names.py`. Birth dates: equal; or day and month exchanged; or, where either side knows only a
year or an age, years within 2 or a tenth of the age, whichever is more (ages are told, rounded and written down late).
1 January is read as "only the year is known". Sex: F and M only; O says nothing. The ID: only under our own issuer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Literal

from imaging.guards import names

Field = Literal["name", "birth_date", "sex", "patient_id"]
State = Literal["agrees", "silent", "differs"]
Finding = Literal["same", "different", "unknown"]

FIELDS: tuple[Field, ...] = ("name", "birth_date", "sex", "patient_id")
OUR_ISSUER = "NIDAAN"  # Issuer of Patient ID (0010,0021) of what this installation hands out
_NOBODY_IS_OLDER = 120
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.44, "Y": 365.25}  # units of an Age String (PS3.5 section 6.2)


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What a file says of its patient, as the DICOM values stand there (PS3.3 C.7.1.1, C.7.2.2); empty: not said."""

    name: str = ""  # (0010,0010) PN, all groups
    birth_date: str = ""  # (0010,0030) DA
    age: str = ""  # (0010,1010) AS
    sex: str = ""  # (0010,0040) CS
    patient_id: str = ""  # (0010,0020)
    issuer: str = ""  # (0010,0021)
    study_date: str = ""  # (0008,0020) DA: when the age was true
    removed: str = ""  # (0012,0062) Patient Identity Removed: YES

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> FileIdentity:
        """From a dictionary of texts; anything else in it is left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value[:200] for name, value in values.items() if name in known and isinstance(value, str)})

    def as_json(self) -> dict[str, str]:
        """What is said, without what is not."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class CaseIdentity:
    """Whom a case is about. Either the birth date is known or only the year, reckoned from an age."""

    name: str
    birth_date: date | None
    birth_year: int
    sex: str  # female, male, other, unknown
    patient_ids: frozenset[str] = frozenset()
    issuer: str = OUR_ISSUER


@dataclass(frozen=True, slots=True)
class Verdict:
    """The comparison: which fields differ, which agree, in the order of `FIELDS`; the rest says nothing."""

    state: State
    differing: tuple[Field, ...] = ()
    agreeing: tuple[Field, ...] = ()


def compare(file: FileIdentity, case: CaseIdentity, today: date) -> Verdict:
    """One differing field is enough to differ; to agree, name or ID must."""
    if file.removed.strip().upper() == "YES":
        return Verdict("silent")
    findings: dict[Field, Finding] = {
        "name": names.likeness(file.name, case.name),
        "birth_date": _birth(file, case, today),
        "sex": _sex(file.sex, case.sex),
        "patient_id": _id(file, case),
    }
    differing = tuple(field for field in FIELDS if findings[field] == "different")
    agreeing = tuple(field for field in FIELDS if findings[field] == "same")
    if differing:
        return Verdict("differs", differing, agreeing)
    return Verdict("agrees" if {"name", "patient_id"} & set(agreeing) else "silent", (), agreeing)


def _sex(in_file: str, in_case: str) -> Finding:
    told = {"F": "female", "M": "male"}.get(in_file.strip().upper()[:1])
    if told is None or in_case not in ("female", "male"):
        return "unknown"
    return "same" if told == in_case else "different"


def _id(file: FileIdentity, case: CaseIdentity) -> Finding:
    told = file.patient_id.strip()
    if not told or not case.patient_ids or file.issuer.strip().casefold() != case.issuer.casefold():
        return "unknown"
    return "same" if told in case.patient_ids else "different"


def _birth(file: FileIdentity, case: CaseIdentity, today: date) -> Finding:
    told = _date(file.birth_date)
    if told is not None:
        return _same_birth(told, case, today)
    days = _age_in_days(file.age)
    if days is None:
        return "unknown"
    then = _date(file.study_date) or today
    return _same_year(then.year - int(days / 365.25), case, today, slack=1)


def _same_birth(told: date, case: CaseIdentity, today: date) -> Finding:
    known = case.birth_date
    if known is None or _only_year(told) or _only_year(known):
        return _same_year(told.year, case, today)
    exchanged = told.year == known.year and (told.month, told.day) == (known.day, known.month)
    return "same" if told == known or exchanged else "different"


def _same_year(year: int, case: CaseIdentity, today: date, slack: int = 0) -> Finding:
    tolerance = max(2, (today.year - case.birth_year) // 10) + slack
    return "same" if abs(year - case.birth_year) <= tolerance else "different"


def _only_year(day: date) -> bool:
    return (day.month, day.day) == (1, 1)


def _date(text: str) -> date | None:
    """A DICOM date (also the old form with points); None for what is empty, impossible or a placeholder."""
    digits = text.strip().replace(".", "").replace("-", "")
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return day if day > date(1900, 1, 1) else None


def _age_in_days(text: str) -> float | None:
    """An Age String, also as carelessly written ("62", "5Y"); None for what is empty, 0 or no age."""
    found = re.fullmatch(r"0*([0-9]{1,3})\s*([DWMY]?)", text.strip().upper())
    if found is None or not int(found[1]):
        return None
    days = int(found[1]) * _DAYS[found[2] or "Y"]
    return days if days <= _NOBODY_IS_OLDER * 365.25 else None
