"""Reads of the units of a program, what each has sent, and what room is left for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app import config
from app.audit import AuditRow
from app.auth.models import Facility
from imaging import quotas
from imaging.arrivals import NO_ROOM
from imaging.dimse.models import Device
from imaging.models import Upload

LATELY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit with its facility, how many files it has sent, how many could not be used, and when the last one came."""

    device: Device
    facility: str
    files: int = 0
    refused: int = 0
    last_file_at: datetime | None = None


def devices(session: Session, program_id: str) -> list[Seen]:
    """The program's units: active first, then by facility and name."""
    rows = (
        select(Device, Facility.name)
        .join(Facility, Facility.id == Device.facility_id)
        .where(Device.program_id == program_id)
        .order_by(Device.active.desc(), Facility.name, Device.name)
    )
    found = session.execute(rows).all()
    counts = _counts(session, [device.id for device, _name in found])
    return [Seen(device, name, *counts.get(device.id, ())) for device, name in found]


def _counts(session: Session, ids: list[str]) -> dict[str, tuple[int, int, datetime]]:
    refused = func.sum(case((Upload.state == "refused", 1), else_=0))
    rows = (
        select(Upload.owner_id, func.count(), refused, func.max(Upload.created_at))
        .where(Upload.owner_kind == "device", Upload.owner_id.in_(ids))
        .group_by(Upload.owner_id)
    )
    return {row[0]: (row[1], int(row[2] or 0), row[3]) for row in session.execute(rows)}


def with_title(session: Session, ae_title: str) -> list[Device]:
    """Every active unit of this AE title, of any program: an installation has one listener."""
    return list(session.scalars(select(Device).where(Device.ae_title == ae_title, Device.active)))


@dataclass(frozen=True, slots=True)
class Room:
    """A facility's room for pictures (bytes), and when something was last refused because there was none."""

    facility: str
    used: int
    most: int
    refused_at: datetime | None

    @property
    def is_short(self) -> bool:
        """Whether it is time to do something about it."""
        return self.refused_at is not None or self.used > self.most * 9 // 10


def rooms(session: Session, program_id: str, now: datetime) -> list[Room]:
    """Every facility of a program by name; an empty list where nothing limits them."""
    most = config.current().max_facility_bytes
    if not most:
        return []
    refused = (
        select(func.max(AuditRow.at))
        .where(
            AuditRow.object_type == "facility",
            AuditRow.object_id == Facility.id,
            AuditRow.action == NO_ROOM,
            AuditRow.at > now - LATELY,
        )
        .scalar_subquery()
    )
    rows = select(Facility.id, Facility.name, refused).where(Facility.program_id == program_id).order_by(Facility.name)
    return [
        Room(name, quotas.used_by_facility(session, facility_id), most, at)
        for facility_id, name, at in session.execute(rows)
    ]
