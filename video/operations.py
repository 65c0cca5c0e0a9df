"""What joining and leaving a call does to the record: an audit row, and the span of talking time.

Who is in the call is read inside the write transaction (which one greenlet holds at a time), so that the last one to
commit has seen the last change, in whatever order joins and leaves were handled.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit
from app.errors import Conflict
from video.models import CallSpan
from video.policy import MEMBERS_LIMIT
from video.queries import open_span
from video.roster import Place, Roster

HEARTBEAT = timedelta(seconds=15)
ABANDONED = 3 * HEARTBEAT


def join(session: Session, roster: Roster, place: Place, now: datetime) -> Place | None:
    """Take a place in the call; returns the one it replaces. Raises Conflict (`call_full`) when there is no room."""
    seat = place.seat
    previous = roster.find(seat.consult_id, seat.participant_id)
    if previous is None and len(roster.places(seat.consult_id)) >= MEMBERS_LIMIT:
        raise Conflict("The call is full. Someone has to leave it first.", code="call_full")
    if previous is None or previous.session_id != place.session_id:
        audit.record(session, seat.actor, "join_call", "consult", seat.consult_id)
    previous = roster.take(place)
    follow_talking(session, roster, seat.consult_id, now)
    return previous


def leave(session: Session, roster: Roster, place: Place, now: datetime, reason: str) -> bool:
    """Give up a place in the call; False when it was already another's or nobody's."""
    if not roster.give_up(place):
        return False
    audit.record(session, place.seat.actor, "leave_call", "consult", place.seat.consult_id, reason=reason)
    follow_talking(session, roster, place.seat.consult_id, now)
    return True


def follow_talking(session: Session, roster: Roster, consult_id: str, now: datetime) -> None:
    """Open or close the consult's span so that it agrees with who is in the call; harmless to repeat."""
    span = open_span(session, consult_id)
    if roster.is_talking(consult_id) and span is None:
        session.add(CallSpan(consult_id=consult_id, started_at=now, heartbeat_at=now))
    elif not roster.is_talking(consult_id) and span is not None:
        span.heartbeat_at = span.ended_at = max(now, span.started_at)


def beat(session: Session, roster: Roster, now: datetime) -> None:
    """Move the heartbeat of every call that runs here, and close the spans that nobody beats any more."""
    talking = roster.talking()
    if talking:
        mine = update(CallSpan).where(CallSpan.consult_id.in_(talking), CallSpan.ended_at.is_(None))
        session.execute(mine.where(CallSpan.heartbeat_at < now).values(heartbeat_at=now))
        running = set(session.scalars(select(CallSpan.consult_id).where(CallSpan.ended_at.is_(None))))
        for consult_id in set(talking) - running:
            follow_talking(session, roster, consult_id, now)
    close_abandoned(session, now)


def close_abandoned(session: Session, now: datetime) -> None:
    """End spans that a crash left open, where they were last known to run.

    Recent heartbeats are left alone: after a quick restart the browsers, whose media flows without the server, are
    still talking and will be back; and another process may hold that call.
    """
    stale = update(CallSpan).where(CallSpan.ended_at.is_(None), CallSpan.heartbeat_at < now - ABANDONED)
    session.execute(stale.values(ended_at=CallSpan.heartbeat_at))
