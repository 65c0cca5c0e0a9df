"""How much room a case and a facility have for pictures.

Taken is what is stored, what is kept though it cannot be used, and what has been announced and is coming.
"""

from __future__ import annotations

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from app import config
from imaging.models import Instance, Upload

_COMING = ("receiving", "checking")
Reason = tuple[str, dict[str, int]]


def reason_not_to_take(session: Session, case_id: str | None, facility_id: str | None, size: int) -> Reason | None:
    """Why `size` more bytes do not fit (code and values of `reasons.SENTENCES`), or None when they do.

    Asked inside the transaction that adds the upload, so that two at once cannot both take the last room; by doors
    that take many whole files (`arrivals`) before it, so that nobody waits for the sums.
    """
    settings = config.current()
    if settings.max_case_bytes and case_id is not None:
        used = _used(session, Instance.case_id == case_id, Upload.case_id == case_id)
        if used + size > settings.max_case_bytes:
            return "case_full", _values(used, settings.max_case_bytes)
    if settings.max_facility_bytes and facility_id is not None:
        used = used_by_facility(session, facility_id)
        if used + size > settings.max_facility_bytes:
            return "facility_full", _values(used, settings.max_facility_bytes)
    return None


def used_by_facility(session: Session, facility_id: str) -> int:
    """Bytes of a facility's room that are taken."""
    return _used(session, Instance.facility_id == facility_id, Upload.facility_id == facility_id)


def _used(session: Session, stored: ColumnElement[bool], coming: ColumnElement[bool]) -> int:
    here = Instance.sha256.is_not(None)  # what a tablet's preview announces is counted with its upload
    kept = session.scalar(select(func.coalesce(func.sum(Instance.size_bytes), 0)).where(stored, here)) or 0
    unusable = and_(Upload.state == "refused", Upload.acknowledged)  # its sender was told that it is safe here
    counted = or_(Upload.state.in_(_COMING), unusable)
    announced = select(func.coalesce(func.sum(Upload.size), 0)).where(coming, counted)
    return int(kept) + int(session.scalar(announced) or 0)


def _values(used: int, most: int) -> dict[str, int]:
    return {"used": -(-used // 1_048_576), "most": most // 1_048_576}
