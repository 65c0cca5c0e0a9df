"""Which socket sits in which consult: filled when a consult is joined, read by every realtime subject.

Kept in the process: one consult's sockets live in one process (nginx hashes on the consult's id).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.actor import Actor
from app.errors import NotFound


@dataclass(frozen=True, slots=True)
class Membership:
    """A socket's seat in a consult. `session_id` is random per page load, chosen by the browser."""

    sid: str
    consult_id: str
    participant_id: str
    role: str
    name: str
    session_id: str
    actor: Actor


_by_sid: dict[str, Membership] = {}
_by_participant: dict[str, str] = {}


def room_of(consult_id: str) -> str:
    """The socket room (and outbox topic) of a consult."""
    return f"consult:{consult_id}"


def seat(member: Membership) -> Membership | None:
    """Seat a socket; returns the seat that this participant held before on another socket, now given up."""
    previous = _by_sid.pop(_by_participant.get(member.participant_id, ""), None)
    leave(member.sid)
    _by_sid[member.sid] = member
    _by_participant[member.participant_id] = member.sid
    return previous if previous is not None and previous.sid != member.sid else None


def leave(sid: str) -> Membership | None:
    """Give up a socket's seat."""
    member = _by_sid.pop(sid, None)
    if member is not None and _by_participant.get(member.participant_id) == sid:
        del _by_participant[member.participant_id]
    return member


def find(sid: str) -> Membership | None:
    """The seat of a socket, if it has one."""
    return _by_sid.get(sid)


def of(sid: str) -> Membership:
    """The seat of a socket. Raises NotFound for a socket that sits nowhere."""
    member = _by_sid.get(sid)
    if member is None:
        raise NotFound()
    return member


def of_participant(participant_id: str) -> Membership | None:
    """Where a participant sits now, if anywhere."""
    return _by_sid.get(_by_participant.get(participant_id, ""))


def present(consult_id: str) -> list[Membership]:
    """Everyone who sits in the consult's room in this process."""
    return [member for member in _by_sid.values() if member.consult_id == consult_id]


def everyone() -> list[Membership]:
    """Every seat of this process."""
    return list(_by_sid.values())
