"""What a consult's calls cost in data: kept by participant and month, and counted against their site's allowance."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.auth.models import Facility
from app.membership import Membership
from video.models import CallData
from video.protocol import DataUse, ReportData

MEGABYTE = 1_000_000


def keep(session: Session, seat: Membership, spent: ReportData, now: datetime) -> DataUse:
    """Add what a participant's device spent since it last told; what stands to their account now."""
    row = _row(session, seat, now)
    row.voice += spent.voice
    row.video += spent.video
    row.images += spent.images
    session.flush()
    facility = session.get(Facility, row.facility_id) if row.facility_id else None
    limit = facility.monthly_data_mb if facility else None
    voice, video, images = _of(session, CallData.consult_id == seat.consult_id, participant=seat.participant_id)
    return DataUse(
        voice=voice,
        video=video,
        images=images,
        month=month_of(session, row.facility_id, now) if row.facility_id else 0,
        month_limit=None if limit is None else limit * MEGABYTE,
        saver=facility is not None and facility.data_saver,
    )


def month_of(session: Session, facility_id: str, now: datetime) -> int:
    """Bytes that a facility's people spent in the month of `now`."""
    return sum(_of(session, CallData.facility_id == facility_id, CallData.month == _month(now)))


def consult_bytes(session: Session, consult_id: str) -> tuple[int, int, int]:
    """Bytes of a consult's voice, video and images, of everybody in it."""
    return _of(session, CallData.consult_id == consult_id)


def _row(session: Session, seat: Membership, now: datetime) -> CallData:
    mine = (
        CallData.consult_id == seat.consult_id,
        CallData.participant_id == seat.participant_id,
        CallData.month == _month(now),
    )
    row = session.scalar(select(CallData).where(*mine))
    if row is None:
        row = CallData(
            consult_id=seat.consult_id,
            participant_id=seat.participant_id,
            facility_id=seat.actor.facility_id,
            month=_month(now),
            voice=0,
            video=0,
            images=0,
        )
        session.add(row)
    return row


def _of(session: Session, *where: object, participant: str | None = None) -> tuple[int, int, int]:
    wanted = [*where, *([CallData.participant_id == participant] if participant else [])]
    sums = (func.sum(CallData.voice), func.sum(CallData.video), func.sum(CallData.images))
    voice, video, images = session.execute(select(*sums).where(*wanted)).one()  # type: ignore[arg-type]
    return int(voice or 0), int(video or 0), int(images or 0)


def _month(now: datetime) -> str:
    return f"{now:%Y-%m}"
