"""The specialist's worklist: in which order, under which heading. The rule is pure; the query feeds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.auth.models import User
from app.errors import NotAllowed, NotFound
from consult.lifecycle import URGENCIES
from consult.models import Consult

MINE: Final = ("accepted", "in_progress", "awaiting_reply", "opinion_signed")
_RANK: Final = {urgency: rank for rank, urgency in enumerate(URGENCIES)}


@dataclass(frozen=True, slots=True)
class Worklist:
    """Mine first, then requests of my specialty, then those of others; each list most pressing first."""

    mine: list[Consult] = field(default_factory=list)
    own_specialty: list[Consult] = field(default_factory=list)
    others: list[Consult] = field(default_factory=list)

    @property
    def everything(self) -> list[Consult]:
        """All rows, in the order of the page."""
        return [*self.mine, *self.own_specialty, *self.others]


def pressing_first(consult: Consult) -> tuple[int, datetime]:
    """The sorting rule: the more urgent first; of equals, who has waited longest."""
    return _RANK[consult.urgency], consult.requested_at or consult.created_at


def arrange(consults: Iterable[Consult], specialist_id: str, specialty: str) -> Worklist:
    """Sort and divide consults for one specialist. A specialist without a specialty sees all requests as their own."""
    found = Worklist()
    for consult in sorted(consults, key=pressing_first):
        if consult.specialist_id == specialist_id and consult.state in MINE:
            # A signed opinion waits for the treating doctor, not for me: it must not stand before who waits for me.
            found.mine.append(consult)
        elif consult.state == "requested":
            fits = not specialty or consult.specialty == specialty
            (found.own_specialty if fits else found.others).append(consult)
    found.mine.sort(key=lambda consult: consult.state == "opinion_signed")
    return found


def require_specialist(actor: Actor) -> None:
    """Raises NotFound for guests, NotAllowed for users who take no requests."""
    if actor.kind != "user":
        raise NotFound()
    if actor.role != "specialist":
        raise NotAllowed("Only specialists have a worklist.")


def worklist_of(session: Session, actor: Actor) -> Worklist:
    """The worklist of a specialist: their own consults and every request of their program."""
    require_specialist(actor)
    user = session.get(User, actor.id)
    rows = session.scalars(
        select(Consult).where(
            Consult.program_id == actor.program_id,
            or_(Consult.state == "requested", and_(Consult.specialist_id == actor.id, Consult.state.in_(MINE))),
        )
    )
    return arrange(rows, actor.id, user.specialty if user else "")
