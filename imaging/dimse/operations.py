"""Decisions about units: an administrator adds, changes and switches them off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_network

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.auth.models import Facility
from app.errors import Conflict, Invalid, NotFound
from imaging.dimse import access, queries
from imaging.dimse.models import Device, Network

MOST_ADDRESSES = 16
LONGEST_TITLE = 16  # PS3.5 section 6.2, AE


@dataclass(frozen=True, slots=True)
class NewDevice:
    """What an administrator says about a unit; `addresses` as typed."""

    name: str
    facility_id: str
    ae_title: str
    addresses: str


def save(session: Session, actor: Actor, device_id: str | None, wanted: NewDevice, now: datetime) -> Device:
    """Add a unit, or change one. Raises NotFound, and Invalid (name, facility_id, ae_title, addresses)."""
    access.require_administrator(actor)
    found = access.device(session, actor, device_id) if device_id else None
    facility = session.get(Facility, wanted.facility_id)
    if facility is None or facility.program_id != actor.program_id:
        raise NotFound()
    if not wanted.name.strip():
        raise Invalid("name", _("Give the unit a name by which people know it."))
    title, networks = _title(wanted.ae_title), _networks(wanted.addresses)
    device = found or Device(program_id=actor.program_id, active=True, created_at=now)
    _require_told_apart(session, device, title, networks)
    device.name, device.facility_id, device.ae_title = wanted.name.strip()[:120], facility.id, title
    device.addresses = ", ".join(str(network) for network in networks)
    session.add(device)
    session.flush()
    audit.record(session, actor, "device_edited" if found else "device_added", "device", device.id)
    return device


def set_active(session: Session, actor: Actor, device_id: str, active: bool) -> Device:
    """Let a unit send again, or refuse it from its next association on. Raises NotFound, Conflict."""
    device = access.device(session, actor, device_id)
    if active and not device.active:
        try:
            _require_told_apart(session, device, device.ae_title, device.networks)
        except Invalid as error:
            raise Conflict(error.message) from error
    device.active = active
    audit.record(session, actor, "device_activated" if active else "device_deactivated", "device", device.id)
    return device


def _title(typed: str) -> str:
    title = typed.strip()
    if not title or len(title) > LONGEST_TITLE or "\\" in title or not (title.isascii() and title.isprintable()):
        raise Invalid("ae_title", _("An AE title has 1 to 16 plain letters, digits or signs. It is set in the unit."))
    return title


def _networks(typed: str) -> list[Network]:
    parts = typed.replace(",", " ").replace(";", " ").split()
    if not parts:
        raise Invalid("addresses", _("Write the unit's address in the network, such as 192.168.1.20."))
    if len(parts) > MOST_ADDRESSES:
        raise Invalid("addresses", _("At most %(most)s addresses. Write a network instead.", most=MOST_ADDRESSES))
    found: list[Network] = []
    for part in parts:
        try:
            network = ip_network(part, strict=False)
        except ValueError as error:
            wrong = _("%(part)s is no address. Write one such as 192.168.1.20, or a network such as 192.168.1.0/24.")
            raise Invalid("addresses", wrong % {"part": part[:50]}) from error
        if network not in found:
            found.append(network)
    return found


def _require_told_apart(session: Session, device: Device, title: str, networks: list[Network]) -> None:
    """Two units that call with one title from one address could not be told apart: whose picture would it be?

    Inside a program one unit may stand in the network of another, and is the one that is meant (`callers`). Nobody may
    put one into another program's network: they would be given its pictures.
    """
    for other in queries.with_title(session, title):
        own = other.program_id == device.program_id
        same = any(one == another if own else one.overlaps(another) for one in networks for another in other.networks)
        if other is not device and same:
            raise Invalid(
                "ae_title", _("Another unit sends with this AE title from this address. Give each a title of its own.")
            )
