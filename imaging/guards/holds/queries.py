"""Reads of holds: what the treating doctor is shown to decide."""

from __future__ import annotations

import base64
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from imaging.guards.holds.models import Hold
from imaging.guards.identity import FIELDS, CaseIdentity, FileIdentity
from imaging.models import Instance
from imaging.queries import rendition_path

Json = dict[str, Any]


def open_hold(session: Session, instance_id: str) -> Hold | None:
    """The instance's open hold, if it has one."""
    return session.scalar(select(Hold).where(Hold.instance_id == instance_id, Hold.state == "open"))


def alike(session: Session, hold: Hold) -> list[Hold]:
    """Every open hold of the same case whose file says the same of its patient: one decision is enough for them."""
    rows = select(Hold).where(Hold.case_id == hold.case_id, Hold.state == "open").order_by(Hold.opened_at, Hold.id)
    return [one for one in session.scalars(rows) if one.said == hold.said]


def question(hold: Hold, case: CaseIdentity, count: int) -> Json:
    """What the dialog shows: each field as the file and as the case has it, a thumbnail, for how many pictures."""
    return {
        "fields": [_row(field, hold, case) for field in FIELDS if _file_words(field, hold.said)],
        "pictures": count,
        "file_name": hold.instance.file_name,
        "thumbnail": _thumbnail(hold.instance),
    }


def _row(field: str, hold: Hold, case: CaseIdentity) -> Json:
    return {
        "field": field,
        "words": _field_words()[field],
        "file": _file_words(field, hold.said),
        "case": _case_words(field, case) if field != "patient_id" or field in hold.fields else "",
        "differs": field in hold.fields,
    }


def _field_words() -> dict[str, str]:
    return {"name": _("Name"), "birth_date": _("Born"), "sex": _("Sex"), "patient_id": _("Patient number")}


def _file_words(field: str, said: Json) -> str:
    told = FileIdentity.from_json(said)
    match field:
        case "name":
            return " ".join(told.name.replace("^", " ").split())
        case "birth_date":
            return _date_words(told.birth_date) or told.age
        case "sex":
            return _sex_words({"F": "female", "M": "male", "O": "other"}.get(told.sex.strip().upper()[:1], ""))
        case _:
            return told.patient_id


def _case_words(field: str, case: CaseIdentity) -> str:
    match field:
        case "name":
            return case.name
        case "birth_date":
            return case.birth_date.isoformat() if case.birth_date else _("about %(year)s", year=case.birth_year)
        case "sex":
            return _sex_words(case.sex)
        case _:
            return ", ".join(sorted(case.patient_ids))


def _date_words(told: str) -> str:
    return f"{told[:4]}-{told[4:6]}-{told[6:]}" if len(told) == 8 and told.isdigit() else told


def _sex_words(sex: str) -> str:
    return {"female": _("female"), "male": _("male"), "other": _("other")}.get(sex, "")


def _thumbnail(instance: Instance) -> str | None:
    """The smallest rendition as a data URL: it has no address of its own while it is held."""
    found = next((one for one in instance.renditions if one.name == "thumbnail"), None)
    if found is None or not rendition_path(found).exists():
        return None
    return "data:image/webp;base64," + base64.b64encode(rendition_path(found).read_bytes()).decode("ascii")
