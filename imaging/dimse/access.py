"""The one gate to units: the administrators of their program."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from imaging.dimse.models import Device


def require_administrator(actor: Actor) -> None:
    """Raises NotFound for everybody but an administrator."""
    if actor.kind != "user" or actor.role != "administrator":
        raise NotFound()


def device(session: Session, actor: Actor, device_id: str) -> Device:
    """A unit of the administrator's own program. Raises NotFound."""
    require_administrator(actor)
    found = session.get(Device, device_id)
    if found is None or found.program_id != actor.program_id:
        raise NotFound()
    return found
