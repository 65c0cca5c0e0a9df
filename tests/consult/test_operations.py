"""Decisions about a consult: drafts, requests, and two specialists who want the same one."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from app import clock, db, outbox
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from consult import operations, queries
from consult.models import Consult, Participant
from consult.patients import consent_texts
from consult.patients import operations as patient_operations
from consult.patients.queries import standing_consent
from consult.versions import version_of
from tests.cast import Cast, consult_in

ANSWERS = {"specialty": "radiology", "urgency": "urgent", "question": "Is this effusion or collapse?"}


def prepared(cast: Cast, *, without: str = "") -> Consult:
    """A draft that has everything a request needs, but for `without`."""
    doctor, now = cast.doctor.actor(), clock.now()
    with db.write_transaction() as session:
        consult = operations.create_draft(session, doctor, cast.case.id, now)
        for field, text in ANSWERS.items():
            if field != without:
                old = version_of(getattr(consult, field))
                operations.edit_request(session, doctor, consult.id, field, text, old, now)
        if without == "complaint":
            consult.case.complaint = ""
        if without != "consent":
            patient_operations.record_consent(
                session,
                doctor,
                cast.case.id,
                version=consent_texts.CURRENT,
                language="en",
                given_by="patient",
                now=now,
            )
    return consult


def test_a_draft_seats_its_doctor_and_is_told_to_nobody(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = operations.create_draft(session, cast.doctor.actor(), cast.case.id, clock.now())
    with db.read_session() as session:
        seats = list(session.scalars(select(Participant).where(Participant.consult_id == consult.id)))
        assert [(seat.user_id, seat.role) for seat in seats] == [(cast.doctor.id, "treating_doctor")]
        assert outbox.newest_id(session) == 0


def test_a_second_tap_on_new_consult_finds_the_first_draft(cast: Cast) -> None:
    with db.write_transaction() as session:
        first = operations.begin(session, cast.doctor.actor(), cast.patient.id, clock.now())
        second = operations.begin(session, cast.doctor.actor(), cast.patient.id, clock.now())
        assert first.id == second.id


def test_asking_again_keeps_the_question(cast: Cast) -> None:
    with db.write_transaction() as session:
        old = consult_in(session, cast, "declined")
        new = operations.create_draft(session, cast.doctor.actor(), cast.case.id, clock.now(), like_id=old.id)
        assert (new.question, new.specialty, new.urgency) == (old.question, old.specialty, old.urgency)


def test_a_specialist_cannot_start_a_consult(cast: Cast) -> None:
    with db.write_transaction() as session, pytest.raises(NotAllowed):
        operations.create_draft(session, cast.specialist.actor(), cast.case.id, clock.now())


@pytest.mark.parametrize("lack", ["complaint", "consent", "specialty", "question"])
def test_a_request_names_the_first_thing_it_lacks(cast: Cast, lack: str) -> None:
    consult = prepared(cast, without=lack)
    with db.write_transaction() as session, pytest.raises(Invalid) as refusal:
        operations.request(session, cast.doctor.actor(), consult.id, clock.now())
    assert refusal.value.field == lack


def test_a_request_may_leave_without_any_picture_and_twice_is_once(cast: Cast) -> None:
    consult = prepared(cast)
    with db.write_transaction() as session:
        assert queries.missing(session, session.get_one(Consult, consult.id)) == []
        for _ in range(2):
            operations.request(session, cast.doctor.actor(), consult.id, clock.now())
        assert len(queries.timeline(session, consult.id)) == 1


def test_a_withdrawn_consent_does_not_carry_a_request(cast: Cast) -> None:
    consult = prepared(cast)
    with db.write_transaction() as session:
        consent = standing_consent(session, cast.case.id)
        assert consent is not None
        patient_operations.withdraw_consent(session, cast.doctor.actor(), consent.id, clock.now())
        with pytest.raises(Invalid) as refusal:
            operations.request(session, cast.doctor.actor(), consult.id, clock.now())
    assert refusal.value.field == "consent"


def test_a_request_that_was_sent_does_not_change_any_more(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
        version = version_of(consult.question)
        with pytest.raises(Conflict):
            operations.edit_request(
                session, cast.doctor.actor(), consult.id, "question", "Other?", version, clock.now()
            )


@pytest.mark.parametrize(
    ("field", "text"),
    [("specialty", "astrology"), ("urgency", "soon"), ("question", "x" * 2001), ("state", "accepted")],
)
def test_a_wrong_value_of_a_request_is_refused(cast: Cast, field: str, text: str) -> None:
    with db.write_transaction() as session:
        consult = operations.create_draft(session, cast.doctor.actor(), cast.case.id, clock.now())
        with pytest.raises(Invalid) as refusal:
            operations.edit_request(session, cast.doctor.actor(), consult.id, field, text, "", clock.now())
    assert refusal.value.field == ("field" if field == "state" else field)


def test_of_two_specialists_who_take_one_request_at_once_one_has_it_and_one_is_told_who(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
    together, outcomes = threading.Barrier(2), dict[str, str]()

    def take(name: str) -> None:
        actor = getattr(cast, name).actor()
        together.wait(timeout=10)
        try:
            with db.write_transaction() as session:
                operations.accept(session, actor, consult.id, clock.now())
            outcomes[name] = "has it"
        except Conflict as refusal:
            outcomes[name] = f"{refusal.code}: {refusal.message}"

    threads = [threading.Thread(target=take, args=(name,)) for name in ("specialist", "second_specialist")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    winner = next(name for name, outcome in outcomes.items() if outcome == "has it")
    loser = next(name for name in outcomes if name != winner)
    assert outcomes[loser] == f"taken: {getattr(cast, winner).full_name} took it a moment ago."
    with db.read_session() as session:
        assert session.get_one(Consult, consult.id).specialist_id == getattr(cast, winner).id
        specialists = select(func.count()).where(Participant.consult_id == consult.id, Participant.role == "specialist")
        assert session.scalar(specialists) == 1


def test_a_second_tap_on_take_is_harmless(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
        operations.accept(session, cast.specialist.actor(), consult.id, clock.now())
        operations.accept(session, cast.specialist.actor(), consult.id, clock.now())
        assert len(queries.timeline(session, consult.id)) == 1


def test_another_programs_specialist_is_not_told_that_somebody_took_it(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "accepted")
        with pytest.raises(NotFound):
            operations.accept(session, cast.outsider.actor(), consult.id, clock.now())


def test_a_consult_that_starts_twice_keeps_its_first_time(cast: Cast) -> None:
    first = clock.now()
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "accepted")
        specialist = cast.specialist.actor()
        operations.start(session, specialist, consult.id, first)
        operations.park(session, specialist, consult.id, clock.now())
        operations.start(session, specialist, consult.id, clock.now())
        assert session.get_one(Consult, consult.id).started_at == first


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_declining_and_cancelling_need_a_reason_of_some_words(cast: Cast, reason: str) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "accepted")
        with pytest.raises(Invalid):
            operations.decline(session, cast.specialist.actor(), consult.id, reason, clock.now())
        with pytest.raises(Invalid):
            operations.cancel(session, cast.doctor.actor(), consult.id, reason, clock.now())


def test_a_draft_is_thrown_away_without_a_reason_and_without_a_word_to_the_specialists(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = operations.create_draft(session, cast.doctor.actor(), cast.case.id, clock.now())
        operations.cancel(session, cast.doctor.actor(), consult.id, "", clock.now())
        session.flush()
        assert not [row for row in outbox.read_after(session, 0) if row.topic.startswith("worklist:")]
