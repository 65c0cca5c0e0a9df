"""The one gate to copies: whoever may make them in a case. Teaching copies: whoever has an account in the program."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from imaging.deidentify.models import CopyItem, CopyMask, DeidentifiedCopy, TeachingCopy
from imaging.guards import cases


def require_making(session: Session, actor: Actor, case_id: str | None) -> None:
    """Raises NotFound for an outsider of the case, NotAllowed for a reader of it."""
    cases.require(session, actor, case_id, "make_copies")


def copy(session: Session, actor: Actor, copy_id: str) -> DeidentifiedCopy:
    """A copy of a case in which the actor may make them. Raises NotFound, NotAllowed."""
    found = session.get(DeidentifiedCopy, copy_id)
    if found is None or found.state == "deleted":
        raise NotFound()
    require_making(session, actor, found.case_id)
    return found


def item(session: Session, actor: Actor, item_id: str) -> CopyItem:
    """A picture of such a copy. Raises NotFound, NotAllowed."""
    found = session.get(CopyItem, item_id)
    if found is None:
        raise NotFound()
    copy(session, actor, found.copy_id)
    return found


def mask(session: Session, actor: Actor, mask_id: str) -> CopyMask:
    """A mask of such a picture. Raises NotFound, NotAllowed."""
    found = session.get(CopyMask, mask_id)
    if found is None:
        raise NotFound()
    item(session, actor, found.item_id)
    return found


def teaching(session: Session, actor: Actor, teaching_id: str) -> TeachingCopy:
    """A teaching copy of the actor's program. Raises NotFound."""
    found = session.get(TeachingCopy, teaching_id)
    if found is None or actor.kind != "user" or actor.program_id != found.program_id:
        raise NotFound()
    return found
