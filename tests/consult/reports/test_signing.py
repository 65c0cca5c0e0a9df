"""Drafts and signatures: who may, when, over which version; and that signed means frozen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app import audit, db, outbox
from app.auth.models import User
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from consult.lifecycle import STATES
from consult.models import Consult
from consult.reports import content, operations, queries
from consult.reports.models import Opinion
from consult.reports.operations import NewerDraft
from tests.cast import Cast, consult_in, guest_of
from tests.consult.reports import written
from tests.consult.reports.written import NOW, opinion_fields, outcome_fields


def in_state(cast: Cast, state: str) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, state)


def concluded(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        written.sign_opinion(session, cast.specialist.actor(), consult, freeze=written.one_image)
        written.sign_outcome(session, cast.doctor.actor(), consult)
        return consult


@pytest.mark.parametrize("state", STATES)
def test_an_opinion_is_written_and_signed_only_while_the_specialist_has_the_consult(cast: Cast, state: str) -> None:
    consult = in_state(cast, state)
    open_now = state in ("accepted", "in_progress", "awaiting_reply")
    with db.write_transaction() as session:
        if open_now:
            written.sign_opinion(session, cast.specialist.actor(), consult)
            assert session.get_one(Consult, consult.id).state == "opinion_signed"
        else:
            with pytest.raises((Conflict, NotAllowed, NotFound)):
                written.sign_opinion(session, cast.specialist.actor(), consult)


@pytest.mark.parametrize("state", STATES)
def test_an_outcome_is_written_only_after_the_opinion_is_signed(cast: Cast, state: str) -> None:
    consult = in_state(cast, state)
    with db.write_transaction() as session:
        if state == "opinion_signed":
            written.sign_outcome(session, cast.doctor.actor(), consult)
            assert session.get_one(Consult, consult.id).state == "concluded"
        else:
            with pytest.raises(Conflict):
                written.sign_outcome(session, cast.doctor.actor(), consult)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("doctor", NotAllowed),
        ("colleague", NotAllowed),
        ("second_specialist", NotFound),
        ("far_doctor", NotFound),
        ("manager", NotFound),
        ("administrator", NotFound),
        ("outsider", NotFound),
        ("outside_doctor", NotFound),
    ],
)
def test_only_the_specialist_of_the_consult_writes_its_opinion(cast: Cast, who: str, refusal: type[Exception]) -> None:
    consult = in_state(cast, "in_progress")
    actor = getattr(cast, who).actor()
    with db.write_transaction() as session:
        with pytest.raises(refusal):
            operations.save_opinion_draft(session, actor, consult.id, opinion_fields(), version=0, now=NOW)
        with pytest.raises(refusal):
            operations.sign_opinion(session, actor, consult.id, version=0, now=NOW, freeze=written.no_images)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("specialist", NotAllowed), ("colleague", NotAllowed), ("far_doctor", NotFound), ("manager", NotFound)],
)
def test_only_the_treating_doctor_writes_the_outcome(cast: Cast, who: str, refusal: type[Exception]) -> None:
    consult = in_state(cast, "opinion_signed")
    actor = getattr(cast, who).actor()
    with db.write_transaction() as session, pytest.raises(refusal):
        operations.save_outcome_draft(session, actor, consult.id, outcome_fields(), version=0, now=NOW)


def test_a_guest_neither_reads_nor_writes_the_record(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        _, guest = guest_of(session, consult, cast)
        with pytest.raises(NotAllowed):
            queries.read(session, guest, consult.id, "read_record")
        with pytest.raises(NotAllowed):
            operations.save_opinion_draft(session, guest, consult.id, opinion_fields(), version=0, now=NOW)
        with pytest.raises(NotAllowed):
            operations.add_addendum(session, guest, consult.id, "mine", now=NOW)


def test_a_save_over_a_version_that_was_not_seen_is_refused_and_changes_nothing(cast: Cast) -> None:
    consult = in_state(cast, "in_progress")
    actor = cast.specialist.actor()
    with db.write_transaction() as session:
        first = operations.save_opinion_draft(session, actor, consult.id, opinion_fields(), version=0, now=NOW)
        assert first.version == 1
    stale = opinion_fields(findings="from the other window")
    with pytest.raises(NewerDraft), db.write_transaction() as session:
        operations.save_opinion_draft(session, actor, consult.id, stale, version=0, now=NOW)
    with db.read_session() as session:
        kept = queries.opinion_of(session, consult.id)
        assert kept is not None
        assert (kept.findings, kept.version) == (written.FINDINGS, 1)


def test_what_is_signed_is_the_version_that_the_signer_saw(cast: Cast) -> None:
    consult = in_state(cast, "in_progress")
    actor = cast.specialist.actor()
    with db.write_transaction() as session:
        operations.save_opinion_draft(session, actor, consult.id, opinion_fields(), version=0, now=NOW)
        newer = opinion_fields(impression="changed elsewhere")
        operations.save_opinion_draft(session, actor, consult.id, newer, version=1, now=NOW)
    with pytest.raises(NewerDraft), db.write_transaction() as session:
        operations.sign_opinion(session, actor, consult.id, version=1, now=NOW, freeze=written.no_images)
    with db.read_session() as session:
        assert session.get_one(Consult, consult.id).state == "in_progress"


def test_an_opinion_needs_findings_or_an_impression(cast: Cast) -> None:
    consult = in_state(cast, "in_progress")
    with db.write_transaction() as session:
        with pytest.raises(Invalid) as refusal:
            written.sign_opinion(session, cast.specialist.actor(), consult, findings=" ", impression="")
        assert refusal.value.field == "impression"


def test_a_doctor_without_a_registration_number_cannot_sign(cast: Cast) -> None:
    consult = in_state(cast, "in_progress")
    with db.write_transaction() as session:
        session.execute(update(User).where(User.id == cast.specialist.id).values(registration_number=" "))
        with pytest.raises(Conflict) as refusal:
            written.sign_opinion(session, cast.specialist.actor(), consult)
        assert refusal.value.code == "no_registration_number"


TOMORROW = NOW.date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decision": ""}, "decision"),
        ({"decision": "changed", "decision_note": " "}, "decision_note"),
        ({"decision": "declined"}, "decision_note"),
        ({"diagnosis": ""}, "diagnosis"),
        ({"plan": "\n"}, "plan"),
        ({"follow_up_on": date(2026, 12, 4)}, "follow_up_on"),  # NOW is already 5 December in the clinic
        ({"follow_up_on": date(2206, 12, 20)}, "follow_up_on"),
    ],
)
def test_an_outcome_that_lacks_something_names_it(cast: Cast, changes: dict[str, Any], field: str) -> None:
    consult = in_state(cast, "opinion_signed")
    with db.write_transaction() as session:
        with pytest.raises(Invalid) as refusal:
            written.sign_outcome(session, cast.doctor.actor(), consult, **changes)
        assert refusal.value.field == field


def test_the_clinics_own_today_is_not_in_the_past(cast: Cast) -> None:
    consult = in_state(cast, "opinion_signed")
    with db.write_transaction() as session:
        signed = written.sign_outcome(session, cast.doctor.actor(), consult, follow_up_on=TOMORROW)
        assert signed.follow_up_on == TOMORROW


def test_signed_documents_carry_name_number_images_and_a_hash_that_fits(cast: Cast) -> None:
    consult = concluded(cast)
    with db.read_session() as session:
        documents = queries.documents_of(session, consult.id)
        assert documents.opinion is not None
        assert documents.opinion.signed_name == "Specialist Delta"
        assert documents.opinion.signed_registration == "REG-specialist"
        assert documents.opinion.key_images == [written.key_image()]
        assert [content.is_whole(one) for one in documents.signed] == [True, True]


def test_a_change_made_in_the_database_itself_is_noticed(cast: Cast) -> None:
    consult = concluded(cast)
    with db.write_transaction() as session:
        session.execute(update(Opinion).where(Opinion.consult_id == consult.id).values(impression="nothing wrong"))
    with db.read_session() as session:
        changed = queries.opinion_of(session, consult.id)
        assert changed is not None
        assert not content.is_whole(changed)


def test_no_operation_changes_a_signed_document(cast: Cast) -> None:
    consult = concluded(cast)
    specialist, doctor = cast.specialist.actor(), cast.doctor.actor()
    with db.write_transaction() as session:
        for version in (0, 1, 2):
            for attempt in (
                lambda v: operations.save_opinion_draft(
                    session, specialist, consult.id, opinion_fields(), version=v, now=NOW
                ),
                lambda v: operations.sign_opinion(session, specialist, consult.id, version=v, now=NOW),
                lambda v: operations.save_outcome_draft(
                    session, doctor, consult.id, outcome_fields(), version=v, now=NOW
                ),
                lambda v: operations.sign_outcome(session, doctor, consult.id, version=v, now=NOW),
            ):
                with pytest.raises(Conflict) as refusal:
                    attempt(version)
                assert refusal.value.code == "signed"


def test_no_session_can_write_or_remove_a_signed_document_directly(cast: Cast) -> None:
    consult = concluded(cast)
    for name, value in (("impression", "other"), ("key_images", []), ("signed_at", None), ("signed_name", "X")):
        with db.read_session() as session:
            setattr(queries.opinion_of(session, consult.id), name, value)
            with pytest.raises(Conflict):
                session.flush()
    with db.read_session() as session:
        session.delete(queries.opinion_of(session, consult.id))
        with pytest.raises(Conflict):
            session.flush()


def test_an_addendum_follows_ones_own_signature_and_never_changes(cast: Cast) -> None:
    consult = in_state(cast, "in_progress")
    specialist, doctor = cast.specialist.actor(), cast.doctor.actor()
    with db.write_transaction() as session:
        with pytest.raises(Conflict):
            operations.add_addendum(session, specialist, consult.id, "too early", now=NOW)
        written.sign_opinion(session, specialist, consult)
        added = operations.add_addendum(session, specialist, consult.id, "Culture: sensitive.", now=NOW)
        assert content.is_whole(added)
        with pytest.raises(Conflict):
            operations.add_addendum(session, doctor, consult.id, "my outcome is not signed yet", now=NOW)
    with pytest.raises(Conflict), db.write_transaction() as session:
        queries.addenda_of(session, consult.id)[0].text = "Culture: resistant."


def test_a_new_specialist_starts_over_a_draft_that_another_left(cast: Cast) -> None:
    consult = in_state(cast, "accepted")
    with db.write_transaction() as session:
        operations.save_opinion_draft(
            session, cast.specialist.actor(), consult.id, opinion_fields(), version=0, now=NOW
        )
        session.get_one(Consult, consult.id).specialist_id = cast.second_specialist.id
    with db.write_transaction() as session:
        second = cast.second_specialist.actor()
        with pytest.raises(Invalid):
            operations.sign_opinion(session, second, consult.id, version=1, now=NOW, freeze=written.no_images)
        own = opinion_fields(findings="mine")
        saved = operations.save_opinion_draft(session, second, consult.id, own, version=1, now=NOW)
        assert (saved.author_id, saved.findings, saved.version) == (second.id, "mine", 2)


def test_every_write_is_audited_without_a_word_of_the_text_and_told_to_the_room(cast: Cast) -> None:
    consult = concluded(cast)
    with db.read_session() as session:
        rows = list(session.scalars(select(audit.AuditRow)))
        actions = {row.action for row in rows}
        assert {"save_opinion_draft", "sign_opinion", "save_outcome_draft", "sign_outcome", "conclude"} <= actions
        assert not any(written.FINDINGS in row.detail or written.HINDI in row.detail for row in rows)
        facts = [row for row in outbox.read_after(session, 0) if row.topic == f"consult:{consult.id}"]
        assert {"opinion_changed", "outcome_changed", "report_changed", "consult_changed"} <= {
            row.event for row in facts
        }
        assert not any(written.FINDINGS in row.payload for row in facts)
