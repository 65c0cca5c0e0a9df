"""The one gate to recordings. Who may do what in a consult is the consult's to say; it is asked without knowing it."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from video.recordings.models import Recording


class ConsultPolicy(Protocol):
    """The consult's gate (`app/policies.py` installs it)."""

    def require(self, session: Session, actor: Actor, consult_id: str, right: str) -> None:
        """Raises NotFound for an outsider, NotAllowed for a mere reader."""
        ...


_policy: ConsultPolicy | None = None


def install(policy: ConsultPolicy) -> None:
    """Use this policy in this process."""
    global _policy
    _policy = policy


def require(session: Session, actor: Actor, consult_id: str, right: str) -> None:
    """Whether the actor has a right of `consult.roles` in a consult. Raises NotFound, NotAllowed."""
    if _policy is None:
        raise NotFound()
    _policy.require(session, actor, consult_id, right)


def recording(session: Session, actor: Actor, recording_id: str, right: str = "hear_recordings") -> Recording:
    """A recording, for an actor who has `right` in its consult. Deleted ones are nobody's."""
    found = session.get(Recording, recording_id)
    if found is None or found.state == "deleted":
        raise NotFound()
    require(session, actor, found.consult_id, right)
    return found


def administered(session: Session, actor: Actor, recording_id: str) -> Recording:
    """A recording of the administrator's own program, to be deleted: they cannot listen. Raises NotFound."""
    found = session.get(Recording, recording_id)
    own = found is not None and actor.role == "administrator" and actor.program_id == found.program_id
    if found is None or not own:
        raise NotFound()
    return found
