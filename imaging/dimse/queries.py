"""Reads of the units of a program, and what each has sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.auth.models import Facility
from imaging.dimse.models import Device
from imaging.models import Upload


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
