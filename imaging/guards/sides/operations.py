"""Say, or say anew, where the patient's right lies in a picture whose file does not tell."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.errors import Conflict, Invalid
from imaging import access
from imaging.announcements import post_instance
from imaging.guards import cases
from imaging.guards.sides.telling import SIDES, has_own_sides, told
from imaging.models import Instance


def tell(session: Session, actor: Actor, instance_id: str, side: object, now: datetime) -> Instance:
    """Say which side is which (one of SIDES); replaces what was said before, by whomever.

    Raises NotFound, NotAllowed, Invalid, and Conflict for a picture whose own file says it.
    """
    instance = _load(session, actor, instance_id)
    if has_own_sides(instance.facts):
        raise Conflict(_("The file says itself which side is which: that is not replaced."))
    if not isinstance(side, str) or side not in SIDES:
        raise Invalid("side", _("Say which side is which."))
    instance.side = told(side, actor.name, now)
    session.flush()
    audit.record(session, actor, "tell_side", "instance", instance.id, side=side)
    post_instance(session, instance)
    return instance


def remove(session: Session, actor: Actor, instance_id: str) -> Instance:
    """Take back what was said. Raises NotFound, NotAllowed."""
    instance = _load(session, actor, instance_id)
    if instance.side is not None:
        instance.side = None
        session.flush()
        audit.record(session, actor, "forget_side", "instance", instance.id)
        post_instance(session, instance)
    return instance


def _load(session: Session, actor: Actor, instance_id: str) -> Instance:
    instance = access.instance(session, actor, instance_id)
    cases.require(session, actor, instance.case_id, "tell_sides")
    access.require_shown(instance)
    return instance
