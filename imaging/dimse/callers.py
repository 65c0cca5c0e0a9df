"""Who calls: a known unit from a known address, or nobody."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, db
from app.actor import Actor
from imaging.dimse.models import Device

_SEEN_EVERY = timedelta(seconds=30)  # some units open an association for each picture; a page needs no more


def recognise(ae_title: str, address: str) -> Actor | None:
    """The unit that calls, or None; its page says when it was last seen, or last refused and from where."""
    with db.read_session() as session:
        titled = _titled(session, ae_title)
    callers = [device for device in titled if device.may_call_from(address)]
    if callers:
        # the narrowest network: one unit may stand in the network of another
        caller = max(callers, key=lambda device: max(network.prefixlen for network in device.networks))
        if not _is_recent(caller.last_seen_at):
            _note_seen(caller.id)
        return caller.actor()
    if titled and not (titled[0].refused_address == address and _is_recent(titled[0].refused_at)):
        _note_refused(titled[0].id, address)
    return None


def _titled(session: Session, ae_title: str) -> list[Device]:
    active = select(Device).where(Device.ae_title == ae_title, Device.active)
    return list(session.scalars(active.order_by(Device.created_at)))


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and clock.now() - moment < _SEEN_EVERY


def _note_seen(device_id: str) -> None:
    with db.write_transaction() as session:
        session.get_one(Device, device_id).last_seen_at = clock.now()


def _note_refused(device_id: str, address: str) -> None:
    with db.write_transaction() as session:
        device = session.get_one(Device, device_id)
        device.refused_at, device.refused_address = clock.now(), address[:45]
