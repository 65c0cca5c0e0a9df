"""Coming into a consult's room: the gate, the seat, who else is there, and the start when both doctors are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app import audit, membership
from app.actor import Actor
from app.errors import NidaanError, NotFound
from app.membership import Membership
from consult import access, operations, queries
from consult.models import Consult, Participant
from consult.protocol import ParticipantInfo

STARTS_FROM: Final = frozenset({"accepted", "awaiting_reply"})
BOTH_DOCTORS: Final = frozenset({"treating_doctor", "specialist"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody may come in: the consult as it is now, what they are in it, and everybody with a seat."""

    consult: Consult
    role: str
    participant: Participant
    seats: list[Participant]


def arrive(session: Session, actor: Actor, consult_id: str, now: datetime) -> Arrival:
    """Let somebody into the room. Raises NotFound for outsiders, NotAllowed for those who may only read.

    A doctor without a seat row gets one. When both doctors are here now, an accepted or waiting consult starts.
    """
    standing = access.consult(session, actor, consult_id, "join_room")
    seat = standing.participant
    if actor.kind == "user":
        seat = operations.take_seat(session, standing.consult, actor, standing.role)
    if seat is None:
        raise NotFound()
    seat.joined_at = seat.joined_at or now
    audit.record(session, actor, "join_room", "consult", consult_id, role=standing.role)
    here = {member.role for member in membership.present(consult_id)} | {standing.role}
    if standing.consult.state in STARTS_FROM and here >= BOTH_DOCTORS and standing.role in BOTH_DOCTORS:
        operations.start(session, actor, consult_id, now)
    session.flush()
    return Arrival(standing.consult, standing.role, seat, queries.seats(session, consult_id))


def info(seats: list[Participant]) -> list[ParticipantInfo]:
    """Everybody with a seat, and whether they are in the room at this moment."""
    return [
        ParticipantInfo(
            participant_id=seat.id,
            name=seat.display_name,
            role=seat.role,
            present=membership.of_participant(seat.id) is not None,
        )
        for seat in seats
    ]


def role_now(session: Session, member: Membership) -> str | None:
    """What a seated member is in the consult at this moment; None when they may not be in its room any more."""
    try:
        return access.consult(session, member.actor, member.consult_id, "join_room").role
    except NidaanError:
        return None
