"""The state table: every event in every state, first alone, then through the operations and the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app import audit, clock, db, outbox
from app.actor import Actor
from app.errors import Conflict, NotAllowed, NotFound
from consult import access, operations
from consult.access import Standing
from consult.lifecycle import ENDED, EVENTS, STATES, allowed_events, next_state
from consult.models import Consult, ConsultEvent
from tests.cast import Cast, consult_in

GRID = [(event, state) for event in EVENTS for state in STATES]


@pytest.mark.parametrize(("event", "state"), GRID)
def test_every_event_in_every_state_has_one_answer(event: str, state: str) -> None:
    after = EVENTS[event].get(state)
    if after is None:
        with pytest.raises(Conflict) as refusal:
            next_state(state, event)
        assert refusal.value.code == "wrong_state"
    else:
        assert next_state(state, event) == after
        assert event in allowed_events(state)


def test_nothing_follows_an_end() -> None:
    assert not any(allowed_events(state) for state in ENDED)


def test_every_state_but_draft_is_reached_and_every_open_state_can_be_left() -> None:
    reached = {after for steps in EVENTS.values() for after in steps.values()}
    assert reached == set(STATES) - {"draft"}
    assert all(allowed_events(state) for state in set(STATES) - ENDED)


@pytest.mark.parametrize("event", EVENTS)
def test_advance_writes_the_step_or_leaves_everything_as_it_was(event: str, cast: Cast) -> None:
    for state in STATES:
        with db.write_transaction() as session:
            consult = consult_in(session, cast, state)
        after = EVENTS[event].get(state)
        assert advanced(consult.id, event, cast) == (after is not None)
        with db.read_session() as session:
            assert session.get_one(Consult, consult.id).state == (after or state)
            steps = list(session.scalars(select(ConsultEvent).where(ConsultEvent.consult_id == consult.id)))
        told = [(one.event, one.state_before, one.state_after) for one in steps]
        assert told == ([(event, state, after)] if after else [])


def advanced(consult_id: str, event: str, cast: Cast) -> bool:
    """Try the step; whether it was taken."""
    extra = {"specialist_id": cast.specialist.id} if event == "accept" else {}
    try:
        with db.write_transaction() as session:
            standing = Standing(session.get_one(Consult, consult_id), "specialist", None)
            operations.advance(session, cast.specialist.actor(), standing, event, "because", clock.now(), **extra)
    except Conflict:
        return False
    return True


def test_a_step_leaves_its_time_an_audit_row_and_notices(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
    now = clock.now()
    with db.write_transaction() as session:
        operations.accept(session, cast.specialist.actor(), consult.id, now)
    with db.read_session() as session:
        assert session.get_one(Consult, consult.id).accepted_at == now
        assert "accept" in set(session.scalars(select(audit.AuditRow.action)))
        topics = {(row.topic, row.event) for row in outbox.read_after(session, 0)}
    assert (f"consult:{consult.id}", "consult_changed") in topics
    assert (f"worklist:{cast.program.id}", "worklist_changed") in topics


def test_of_two_steps_taken_on_one_state_the_second_is_refused(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
    with db.write_transaction() as session:
        stale = Standing(session.get_one(Consult, consult.id), "treating_doctor", None)
        operations.advance(session, cast.doctor.actor(), stale, "cancel", "moved", clock.now())
        set_committed_value(stale.consult, "state", "requested")  # what a process that read before still believes
        with pytest.raises(Conflict):
            operations.advance(session, cast.doctor.actor(), stale, "decline", "late", clock.now())


Step = Callable[[Session, Actor, str, datetime], Consult]
STEPS: dict[str, tuple[str, Step]] = {
    "request": ("doctor", operations.request),
    "accept": ("specialist", operations.accept),
    "release": ("specialist", operations.release),
    "start": ("specialist", operations.start),
    "park": ("specialist", operations.park),
    "decline": ("specialist", lambda session, actor, id, now: operations.decline(session, actor, id, "why", now)),
    "cancel": ("doctor", lambda session, actor, id, now: operations.cancel(session, actor, id, "why", now)),
}
# Taps and arrivals that come twice: what they find is what they wanted.
HARMLESS = {
    ("request", "requested"),
    *(("accept", state) for state in operations.SPECIALIST_HAS_IT),
    ("start", "in_progress"),
    ("start", "opinion_signed"),
    ("park", "awaiting_reply"),
    ("cancel", "cancelled"),
}


@pytest.mark.parametrize("event", STEPS)
def test_the_operations_keep_to_the_table(event: str, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consult.queries.missing", lambda session, consult: [])
    for state in STATES:
        with db.write_transaction() as session:
            consult = consult_in(session, cast, state)
        taken = tried(event, consult.id, cast)
        with db.read_session() as session:
            assert session.get_one(Consult, consult.id).state == EVENTS[event].get(state, state)
        assert taken == (state in EVENTS[event] or (event, state) in HARMLESS), (event, state)


def tried(event: str, consult_id: str, cast: Cast) -> bool:
    """Let the one whose step it is take it; whether that was allowed."""
    who, step = STEPS[event]
    try:
        with db.write_transaction() as session:
            step(session, getattr(cast, who).actor(), consult_id, clock.now())
    except (Conflict, NotAllowed, NotFound):
        return False
    return True


def test_a_specialist_who_gave_it_back_may_take_it_again_and_keeps_one_seat(cast: Cast) -> None:
    specialist = cast.specialist.actor()
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
        for _ in range(2):
            operations.accept(session, specialist, consult.id, clock.now())
            operations.release(session, specialist, consult.id, clock.now())
        operations.accept(session, specialist, consult.id, clock.now())
        standing = access.consult(session, specialist, consult.id, "write_opinion")
        assert standing.participant is not None
        assert standing.participant.removed_at is None
