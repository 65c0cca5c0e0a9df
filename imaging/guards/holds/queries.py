"""Reads of holds: what the treating doctor is shown to decide."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from imaging.guards.holds.models import Hold
from imaging.guards.identity import FIELDS, CaseIdentity, FileIdentity
from imaging.guards.identity_words import case_words, field_words, file_words
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
        "fields": [_row(field, hold, case) for field in FIELDS if file_words(field, FileIdentity.from_json(hold.said))],
        "pictures": count,
        "file_name": hold.instance.file_name,
        "thumbnail": _thumbnail(hold.instance),
    }


def _row(field: str, hold: Hold, case: CaseIdentity) -> Json:
    return {
        "field": field,
        "words": field_words()[field],
        "file": file_words(field, FileIdentity.from_json(hold.said)),
        "case": case_words(field, case) if field != "patient_id" or field in hold.fields else "",
        "differs": field in hold.fields,
    }


def _thumbnail(instance: Instance) -> str | None:
    """The smallest rendition as a data URL: it has no address of its own while it is held."""
    found = next((one for one in instance.renditions if one.name == "thumbnail"), None)
    if found is None or not rendition_path(found).exists():
        return None
    return "data:image/webp;base64," + base64.b64encode(rendition_path(found).read_bytes()).decode("ascii")
