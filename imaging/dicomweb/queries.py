"""Searches (QIDO-RS, PS3.18 section 10.6) and the instances behind an address. Every one of them asks the gate.

One SOP instance that lies in two cases of the actor's is one result: the standard knows no cases.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.actor import Actor
from imaging import access, store
from imaging.dicomweb.attributes import ALWAYS, KEYWORDS, OWN, WHEN_ASKED, Level
from imaging.dicomweb.matching import MOST_RESULTS, Search, like
from imaging.dicomweb.models import DicomHeader
from imaging.models import Instance, Rendition, Series, Study

Json = dict[str, Any]
_UIDS: dict[str, Any] = {
    "study_instance_uid": Study.study_instance_uid,
    "series_instance_uid": Series.series_instance_uid,
    "sop_instance_uid": Instance.sop_instance_uid,
    "sop_class_uid": Instance.sop_class_uid,
}
_KEY: dict[Level, Any] = {
    "study": Study.study_instance_uid,
    "series": Series.series_instance_uid,
    "instance": Instance.sop_instance_uid,
}


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names: a study, a series, an instance; None for what it leaves open."""

    study: str | None = None
    series: str | None = None
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results as DICOM JSON, and whether there are more behind it."""

    results: list[Json]
    more: bool


def _joined(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Instance)
        .join(Study, Study.id == Instance.study_id)
        .join(Series, Series.id == Instance.series_id)
        .join(DicomHeader, DicomHeader.instance_id == Instance.id)
    )


def _seen(actor: Actor, place: Place) -> list[ColumnElement[bool]]:
    conditions = [access.studies_seen(actor), access.instances_shown()]
    if place.study is not None:
        conditions.append(Study.study_instance_uid == place.study)
    if place.series is not None:
        conditions.append(Series.series_instance_uid == place.series)
    if place.instance is not None:
        conditions.append(Instance.sop_instance_uid == place.instance)
    return conditions


def instances_at(session: Session, actor: Actor, place: Place) -> list[tuple[Instance, Place, str]]:
    """The instances at an address, in the order of their series and numbers, each with its own whole address and
    transfer syntax; an empty list where the actor may see none.
    """
    columns = (Instance, Study.study_instance_uid, Series.series_instance_uid, DicomHeader.transfer_syntax_uid)
    rows = _joined(*columns).where(*_seen(actor, place)).order_by(*_order("instance"), Instance.created_at)
    found: dict[str, tuple[Instance, Place, str]] = {}
    for instance, study, series, syntax in session.execute(rows):
        found.setdefault(instance.sop_instance_uid, (instance, Place(study, series, instance.sop_instance_uid), syntax))
    return list(found.values())


def search(session: Session, actor: Actor, place: Place, wanted: Search, address: str) -> Page:
    """One page of what matches, each with its Retrieve URL under `address`."""
    key = _KEY[wanted.level]
    seen = _seen(actor, place)
    grouped = (
        _joined(
            key,
            func.min(Instance.id),
            func.min(Study.study_instance_uid),
            func.min(Series.series_instance_uid),
            func.count(Series.series_instance_uid.distinct()),
            func.count(Instance.sop_instance_uid.distinct()),
        )
        .where(*seen)
        .group_by(key)
        .order_by(*_order(wanted.level, grouped=True))
    )
    if wanted.is_narrow:
        grouped = grouped.where(key.in_(_joined(key).where(*seen, *_conditions(wanted, seen))))
    most = MOST_RESULTS[wanted.level]
    limit = most if wanted.limit is None else min(wanted.limit, most)
    rows = session.execute(grouped.limit(limit + 1).offset(wanted.offset)).all()
    page = rows[:limit]
    attributes = _attributes(session, [row[1] for row in page])
    modalities = _modalities(session, seen, {row[2] for row in page}) if wanted.level == "study" else {}
    results = []
    for key_uid, instance_id, study, series, series_count, instance_count in page:
        at = Place(study, *((series,) if wanted.level != "study" else ()))
        at = Place(study, series, key_uid) if wanted.level == "instance" else at
        counts = (series_count, instance_count)
        found, own = attributes[instance_id]
        results.append(_result(wanted, place, at, found, {**own, **_counted(wanted.level, counts)}, address))
        if wanted.level == "study":
            results[-1]["00080061"] = {"vr": "CS", "Value": sorted(modalities.get(study, set()))}
    more = len(rows) > limit and (wanted.limit is None or wanted.limit > most)
    return Page([dict(sorted(result.items())) for result in results], more)


def _order(level: Level, *, grouped: bool = False) -> list[Any]:
    """Newest study first; series and instances by their numbers; the UID settles the rest."""

    def one(column: Any, *, newest: bool = False) -> Any:
        if not grouped:
            return column.desc() if newest else column
        return func.max(column).desc() if newest else func.min(column)

    study = [one(DicomHeader.study_date, newest=True), one(DicomHeader.study_time, newest=True)]
    order = [*study, one(Study.study_instance_uid)]
    if level != "study":
        number = DicomHeader.series_number
        order += [one(func.length(number)), one(number), one(Series.series_instance_uid)]
    if level == "instance":
        number = DicomHeader.instance_number
        order += [one(func.length(number)), one(number), one(Instance.sop_instance_uid)]
    return order


def _conditions(wanted: Search, seen: list[ColumnElement[bool]]) -> Iterable[ColumnElement[bool]]:
    for column, uids in wanted.uids.items():
        yield _UIDS[column].in_(uids)
    for column, pattern in wanted.names.items():
        yield _name_like(getattr(DicomHeader, column), like(pattern))
    for column, pattern in wanted.texts.items():
        yield getattr(DicomHeader, column).like(like(pattern), escape="\\")
    for column, (start, end) in wanted.ranges.items():
        stored = getattr(DicomHeader, column)
        yield and_(stored != "", stored >= start, *((stored <= end,) if end else ()))
    for column, codes in wanted.codes.items():
        yield getattr(DicomHeader, column).in_(codes)
    if wanted.study_codes:
        having = DicomHeader.modality.in_(wanted.study_codes)
        yield Study.study_instance_uid.in_(_joined(Study.study_instance_uid).where(*seen, having))


def _name_like(column: Any, pattern: str) -> ColumnElement[bool]:
    """A name matches in any of the ways it is written: alphabetic, ideographic, phonetic (PS3.5 section 6.2.1)."""
    forms = (pattern, f"{pattern}=%", f"%={pattern}", f"%={pattern}=%")
    return or_(*(column.like(form, escape="\\") for form in forms))


def _attributes(session: Session, instance_ids: list[str]) -> dict[str, tuple[Json, Json]]:
    """What the header says, and what we know ourselves, of each instance."""
    rows = select(DicomHeader, Instance).join(Instance, Instance.id == DicomHeader.instance_id)
    found = {}
    for start in range(0, len(instance_ids), 500):
        some = rows.where(DicomHeader.instance_id.in_(instance_ids[start : start + 500]))
        for header, instance in session.execute(some):
            own = {"SOPClassUID": instance.sop_class_uid, "AvailableTransferSyntaxUID": header.transfer_syntax_uid}
            found[header.instance_id] = (header.attributes, {OWN[key]: _value("UI", own[key]) for key in own})
    return found


def _modalities(session: Session, seen: list[ColumnElement[bool]], studies: set[str]) -> dict[str, set[str]]:
    rows = _joined(Study.study_instance_uid, DicomHeader.modality).where(*seen).distinct()
    found: dict[str, set[str]] = {}
    for study, modality in session.execute(rows.where(Study.study_instance_uid.in_(studies))):
        found.setdefault(study, set()).add((modality or "ot").upper())
    return found


def _counted(level: Level, counts: tuple[int, int]) -> Json:
    if level == "study":
        return {"00201206": _value("IS", counts[0]), "00201208": _value("IS", counts[1])}
    return {"00201209": _value("IS", counts[1])} if level == "series" else {}


def _result(wanted: Search, place: Place, at: Place, found: Json, own: Json, address: str) -> Json:
    result: Json = {"00080005": _value("CS", "ISO_IR 192")}
    for level in _levels(wanted.level, place):
        shown = {*ALWAYS[level].values(), *(WHEN_ASKED[level].values() if wanted.include_all else ())}
        shown |= {tag for tag in wanted.include if KEYWORDS[tag] in WHEN_ASKED[level]}
        result |= {tag: found[tag] for tag in shown if tag in found}
    retrieve = address
    for part, uid, tag in (
        ("studies", at.study, "0020000D"),
        ("series", at.series, "0020000E"),
        ("instances", at.instance, "00080018"),
    ):
        if uid is not None:
            result[tag] = _value("UI", uid)
            retrieve = f"{retrieve}/{part}/{uid}"
    result["00081190"] = _value("UR", retrieve)
    result["00080056"] = _value("CS", "ONLINE")
    counted = {tag: value for tag, value in own.items() if tag.startswith("0020")}
    return result | (own if wanted.level == "instance" else counted)


def _levels(level: Level, place: Place) -> tuple[Level, ...]:
    """A result says what its address has not said already."""
    if level == "study":
        return ("study",)
    above: tuple[Level, ...] = () if place.study is not None else ("study",)
    if level == "series":
        return (*above, "series")
    return (*above, "instance") if place.series is not None else (*above, "series", "instance")


def _value(vr: str, value: str | int) -> Json:
    return {"vr": vr, "Value": [value]} if value != "" else {"vr": vr}


def video_of(session: Session, instance: Instance) -> Path | None:
    """Where a clip's video lies, once it has been made."""
    named = select(Rendition).where(Rendition.instance_id == instance.id, Rendition.name == "clip_mp4")
    found = session.scalar(named.where(Rendition.retired_at.is_(None)))
    return None if found is None else store.path_of("renditions", found.sha256)
