"""The one gate to the inbox: the treating doctors of its facility; for everybody else there is none."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from imaging.access import require_adding, require_inbox
from imaging.models import Study, Upload

__all__ = ["attached", "kept_file", "require_inbox", "waiting"]


def waiting(session: Session, actor: Actor, waiting_id: str) -> Study:
    """A study that waits in the actor's inbox, or was discarded from it. Raises NotFound."""
    facility_id = require_inbox(actor)
    found = session.get(Study, waiting_id)
    if found is None or found.case_id is not None or found.facility_id != facility_id:
        raise NotFound()
    return found


def attached(session: Session, actor: Actor, waiting_id: str) -> Study:
    """A study that was attached from the actor's inbox, in a case that they may add to. Raises NotFound, NotAllowed."""
    facility_id = require_inbox(actor)
    found = session.get(Study, waiting_id)
    if found is None or found.attached_at is None or found.facility_id != facility_id:
        raise NotFound()
    require_adding(session, actor, found.case_id)
    return found


def kept_file(session: Session, actor: Actor, kept_id: str) -> Upload:
    """A file that was acknowledged to its sender and could not be used, sent to the inbox or to a case that the actor
    may add to. Raises NotFound, NotAllowed.
    """
    facility_id = require_inbox(actor)
    found = session.get(Upload, kept_id)
    own = found is not None and found.facility_id == facility_id and found.acknowledged
    if found is None or not own or found.state not in ("refused", "cancelled"):
        raise NotFound()
    if found.case_id is not None:
        require_adding(session, actor, found.case_id)
    return found
