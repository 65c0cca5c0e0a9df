"""Changes to the stage are stored before they are answered, and what is stored can be read again whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import clock, db
from app.actor import Actor
from app.errors import Conflict, NotAllowed, NotFound
from app.membership import Membership
from consult.models import Consult, Participant
from consult.stage import operations, queries
from consult.stage.document import StageDocument
from consult.stage.models import StageSnapshot, StageUpdate
from consult.stage.operations import Registry, registry
from tests.cast import Cast, consult_in, guest_of
from tests.consult.stage.drawing import INSTANCE, Copy, annotation, key_image, view


@pytest.fixture(autouse=True)
def _nothing_in_memory() -> Iterator[None]:
    registry.clear()
    yield
    registry.clear()


@pytest.fixture
def consult(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, "in_progress")


def member_of(consult: Consult, actor: Actor, role: str) -> Membership:
    with db.read_session() as session:
        mine = select(Participant.id).where(Participant.consult_id == consult.id)
        mine = (
            mine.where(Participant.user_id == actor.id)
            if actor.kind == "user"
            else mine.where(Participant.id == actor.id)
        )
        participant_id = session.scalars(mine).one()
    return Membership(f"sid-{role}", consult.id, participant_id, role, actor.name, "page-0001", actor)


@pytest.fixture
def doctor(cast: Cast, consult: Consult) -> Membership:
    return member_of(consult, cast.doctor.actor(), "treating_doctor")


@pytest.fixture
def specialist(cast: Cast, consult: Consult) -> Membership:
    return member_of(consult, cast.specialist.actor(), "specialist")


def accept(member: Membership, update: bytes) -> bytes | None:
    with operations.in_step(member.consult_id), db.write_transaction() as session:
        return operations.accept_update(session, member, update, clock.now())


def log_rows() -> int:
    with db.read_session() as session:
        return session.scalar(select(func.count()).select_from(StageUpdate)) or 0


def stored(consult: Consult) -> dict[str, dict[str, object]]:
    with db.read_session() as session:
        return queries.content(session, consult.id)["annotations"]


def test_an_accepted_update_is_in_the_log_and_read_back_by_another_process(
    consult: Consult, doctor: Membership
) -> None:
    assert accept(doctor, Copy().put("annotations", "e" * 32, annotation(doctor.participant_id))) is not None
    registry.clear()
    assert list(stored(consult)) == ["e" * 32]


def test_what_changes_nothing_is_not_stored(doctor: Membership) -> None:
    update = Copy().put("views", doctor.participant_id, view())
    assert accept(doctor, update) is not None
    assert accept(doctor, update) is None
    assert log_rows() == 1


def test_the_content_for_a_report_is_plain_json(consult: Consult, doctor: Membership) -> None:
    copy = Copy()
    accept(doctor, copy.put("annotations", "e" * 32, annotation(doctor.participant_id)))
    accept(doctor, copy.put("key_images", f"{INSTANCE}/1", key_image(doctor.participant_id)))
    with db.read_session() as session:
        content = queries.content(session, consult.id)
    assert content["annotations"]["e" * 32]["points"][:2] == [10.5, 20.25]
    assert content["key_images"][f"{INSTANCE}/1"]["frame"] == 1


def test_a_report_names_authors_by_their_seat_whatever_a_browser_wrote(consult: Consult, doctor: Membership) -> None:
    copy = Copy()
    forged = annotation(doctor.participant_id, author_name="Specialist Delta")
    accept(doctor, copy.put("annotations", "e" * 32, forged))
    accept(doctor, copy.put("key_images", f"{INSTANCE}/1", key_image(doctor.participant_id, by_name="Nobody")))
    with db.read_session() as session:
        content = queries.content(session, consult.id)
    assert content["annotations"]["e" * 32]["author_name"] == "Doctor Alpha"
    assert content["key_images"][f"{INSTANCE}/1"]["by_name"] == "Doctor Alpha"


@pytest.mark.parametrize("state", ["concluded", "cancelled"])
def test_nobody_writes_once_the_consult_has_ended(cast: Cast, state: str) -> None:
    with db.write_transaction() as session:
        ended = consult_in(session, cast, state)
    member = member_of(ended, cast.doctor.actor(), "treating_doctor")
    with pytest.raises(Conflict) as error:
        accept(member, Copy().put("views", member.participant_id, view()))
    assert error.value.code == "consult_ended"
    assert log_rows() == 0


def test_a_seat_taken_as_specialist_does_not_outlive_being_the_specialist(
    consult: Consult, specialist: Membership
) -> None:
    with db.write_transaction() as session:
        found = session.get(Consult, consult.id)
        assert found is not None
        found.state, found.specialist_id = "requested", None
    # Whoever could take the request again only reads; the seat's old role counts for nothing.
    with pytest.raises(NotAllowed):
        accept(specialist, Copy().put("annotations", "e" * 32, annotation(specialist.participant_id)))
    with db.write_transaction() as session:
        found = session.get(Consult, consult.id)
        assert found is not None
        found.state = "cancelled"
    with pytest.raises(NotFound):
        accept(specialist, Copy().put("annotations", "e" * 32, annotation(specialist.participant_id)))
    with db.read_session() as session, pytest.raises(NotFound):
        operations.sync(session, specialist, b"\0")


def test_a_guest_whose_link_was_withdrawn_neither_writes_nor_reads(cast: Cast, consult: Consult) -> None:
    with db.write_transaction() as session:
        seat, actor = guest_of(session, consult, cast)
    guest = member_of(consult, actor, "patient")
    assert accept(guest, Copy().put("views", seat.id, view())) is not None
    with db.write_transaction() as session:
        found = session.get(Participant, seat.id)
        assert found is not None
        found.removed_at = clock.now()
    with pytest.raises(NotFound):
        accept(guest, Copy().put("views", seat.id, view()))
    with db.read_session() as session, pytest.raises(NotFound):
        operations.sync(session, guest, b"\0")


class Broken(Exception):
    """The disk is full, say."""


def test_a_change_whose_commit_fails_is_neither_stored_nor_kept_in_memory(consult: Consult, doctor: Membership) -> None:
    copy = Copy()
    accept(doctor, copy.put("annotations", "a" * 32, annotation(doctor.participant_id)))
    lost = copy.put("annotations", "b" * 32, annotation(doctor.participant_id))

    def fail_to_commit() -> None:
        with operations.in_step(consult.id), db.write_transaction() as session:
            operations.accept_update(session, doctor, lost, clock.now())
            raise Broken

    with pytest.raises(Broken):
        fail_to_commit()
    assert len(registry) == 0
    with db.read_session() as session:
        update, _ = operations.sync(session, doctor, b"\0")
    cold = Copy()
    cold.take_in(update)
    assert list(cold.content()["annotations"]) == ["a" * 32]
    assert accept(doctor, lost) is not None
    assert set(stored(consult)) == {"a" * 32, "b" * 32}


def test_a_refused_change_does_not_cost_the_document_its_place_in_memory(doctor: Membership) -> None:
    accept(doctor, Copy().put("views", doctor.participant_id, view()))
    with pytest.raises(NotAllowed):
        accept(doctor, Copy().put("annotations", "e" * 32, annotation("f" * 32)))
    assert len(registry) == 1


def test_what_another_process_stored_is_seen_before_the_next_change_is_judged(
    consult: Consult, doctor: Membership, specialist: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(doctor, Copy().put("annotations", "a" * 32, annotation(doctor.participant_id)))
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(operations, "registry", Registry())
        accept(doctor, Copy().put("annotations", "b" * 32, annotation(doctor.participant_id)))
    forged = annotation(specialist.participant_id)
    late = Copy()
    with db.read_session() as session:
        late.take_in(queries.load(session, consult.id)[0].snapshot())
    with pytest.raises(NotAllowed):
        accept(specialist, late.put("annotations", "b" * 32, forged))


def test_compaction_keeps_everything_and_what_comes_after_it_counts(consult: Consult, doctor: Membership) -> None:
    copy = Copy()
    for index in range(20):
        accept(doctor, copy.put("annotations", f"{index:032x}", annotation(doctor.participant_id)))
    with db.write_transaction() as session:
        assert operations.compact(session, consult.id, clock.now()) == 20
        assert operations.compact(session, consult.id, clock.now()) == 0
    assert log_rows() == 1  # the newest stays, so that its id is never given out again
    assert len(stored(consult)) == 20
    registry.clear()
    for index in range(20, 25):
        accept(doctor, copy.put("annotations", f"{index:032x}", annotation(doctor.participant_id)))
    registry.clear()
    assert len(stored(consult)) == 25
    with db.write_transaction() as session:
        operations.compact(session, consult.id, clock.now())
    with db.read_session() as session:
        snapshot = session.get(StageSnapshot, consult.id)
        assert snapshot is not None
        assert snapshot.up_to_id == queries.head_of(session, consult.id)
    assert len(stored(consult)) == 25


def test_every_change_can_be_looked_at_again_after_compactions(consult: Consult, doctor: Membership) -> None:
    copy = Copy()
    for index in range(9):
        accept(doctor, copy.put("annotations", f"{index:032x}", annotation(doctor.participant_id)))
        if index in (3, 6):
            with db.write_transaction() as session:
                operations.compact(session, consult.id, clock.now())
    with db.read_session() as session:
        whole = queries.history(session, consult.id, clock.now())
        assert queries.history(session, consult.id, whole[0][0] - timedelta(seconds=1)) == []
    again = StageDocument()
    counts = []
    for _, update in whole:
        again.load(update, doctor.participant_id)
        counts.append(len(again.annotations()))
    assert counts == list(range(1, 10))


def test_a_compaction_between_two_changes_does_not_reload_the_document(consult: Consult, doctor: Membership) -> None:
    copy = Copy()
    accept(doctor, copy.put("views", doctor.participant_id, view()))
    with db.write_transaction() as session:
        held = registry.get(session, consult.id, queries.head_of(session, consult.id))
        operations.compact(session, consult.id, clock.now())
        assert registry.get(session, consult.id, queries.head_of(session, consult.id)) is held
    accept(doctor, copy.put("views", doctor.participant_id, view(zoom=2.0)))
    assert registry.waiting(consult.id) == 1


def test_compaction_is_due_when_the_log_is_long(
    consult: Consult, doctor: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "COMPACT_ABOVE", 3)
    copy = Copy()
    for index in range(4):
        assert not operations.is_due(consult.id)
        accept(doctor, copy.put("views", doctor.participant_id, view(zoom=1.0 + index)))
    assert operations.is_due(consult.id)
    with db.write_transaction() as session:
        operations.compact(session, consult.id, clock.now())
    assert not operations.is_due(consult.id)


def test_memory_holds_a_bounded_number_of_documents(cast: Cast) -> None:
    small = Registry(limit=2)
    with db.write_transaction() as session:
        consults = [consult_in(session, cast, "in_progress") for _ in range(3)]
        first = small.get(session, consults[0].id, 0)
        for one in consults[1:]:
            small.get(session, one.id, 0)
        assert len(small) == 2
        assert small.get(session, consults[0].id, 0) is not first
