"""Nobody is recorded who did not say yes to the words that were asked, and whoever takes it back ends it at once."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import select

from app import db
from app.audit import AuditRow
from app.errors import Conflict, Invalid, NidaanError, NotAllowed, NotFound
from tests.video.recordings.studio import Studio
from tests.video.room import member
from video import orders
from video.recordings import live, queries
from video.recordings.lifecycle import EVENTS, OPEN, STATES, after
from video.recordings.models import Recording, RecordingTake


@pytest.fixture
def studio(database: None) -> Studio:
    return Studio()


def test_every_event_in_every_state_leads_somewhere_or_nowhere() -> None:
    reached = {(state, event): after(state, event) for state, event in product(STATES, EVENTS)}
    assert {found for found in reached.values() if found is not None} <= set(STATES)
    for event in ("declined", "withdrawn", "stopped", "left"):
        assert all(after(state, event) not in OPEN for state in OPEN), f"{event} must end it"
    assert after("deleted", "agreed") is after("ended", "agreed") is after("declined", "agreed") is None
    assert [state for state in STATES if after(state, "agreed") == "recording"] == ["asking", "paused"]


def test_it_begins_only_when_everybody_in_the_call_has_said_yes(studio: Studio) -> None:
    studio.join("asha", "bela", "chand")
    found = studio.ask("asha", beside=("patient", "attendant"))
    studio.answer("bela", found)
    assert studio.ordered() == []
    assert studio.state(found) == "asking"
    studio.answer("chand", found)
    [order] = studio.ordered()
    assert order.people == {"asha": ["voice"], "bela": ["voice"], "chand": ["voice"]}
    assert studio.state(found) == "recording"
    assert studio.consents(found) == [
        ("asha", "attendant", "yes"),
        ("asha", "patient", "yes"),
        ("asha", "self", "yes"),
        ("bela", "self", "yes"),
        ("chand", "self", "yes"),
    ]


def test_two_who_agree_go_through_the_relay_while_they_are_recorded(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    assert studio.room.calls.relaying.route("consult-one").kind == "relay"
    studio.stop("bela", found)
    assert studio.room.calls.relaying.route("consult-one").kind == "direct"


def test_only_voices_unless_pictures_were_asked_for(studio: Studio) -> None:
    studio.join("asha", "bela")
    found = studio.ask("asha", pictures=True)
    studio.answer("bela", found)
    assert studio.ordered()[0].people == {"asha": ["voice", "picture"], "bela": ["voice", "picture"]}


def test_one_no_and_nothing_is_recorded(studio: Studio) -> None:
    studio.join("asha", "bela", "chand")
    found = studio.ask()
    studio.answer("chand", found, agree=False)
    with pytest.raises(Conflict):
        studio.answer("bela", found)
    assert studio.ordered() == []
    assert studio.state(found) == "declined"


@pytest.mark.parametrize(
    ("who", "person"), [("asha", "self"), ("asha", "patient"), ("bela", "self"), ("chand", "self")]
)
def test_whoever_takes_it_back_stops_it_at_once_and_for_good(studio: Studio, who: str, person: str) -> None:
    studio.join("asha", "bela", "chand")
    found = studio.ask("asha", beside=("patient",))
    studio.answer("bela", found)
    studio.answer("chand", found)
    studio.ordered()
    studio.withdraw(who, found, person)
    assert studio.stopped() == 1
    assert (studio.state(found), studio.row(found).reason) == ("ended", "withdrawn")
    assert (who, person, "withdrawn") in studio.consents(found)
    with db.read_session() as session:
        [take] = session.scalars(select(RecordingTake))
    assert take.ended_at == studio.room.now
    studio.room.pass_time(30)
    assert studio.ordered() == []


def test_the_relay_is_told_to_stop_before_anything_is_written_down(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = studio.recorded("asha", "bela")

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(live, "write_transaction", broken)
    with pytest.raises(RuntimeError):
        studio.withdraw("bela", found)
    assert studio.stopped() == 1
    studio.ordered()
    studio.room.pass_time(20)
    assert studio.ordered() == []
    monkeypatch.undo()
    studio.room.pass_time(20)
    assert studio.ordered() == []
    assert studio.state(found) == "ended"


def test_a_newcomer_is_not_heard_before_they_said_yes(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.room.pass_time(1)
    studio.ordered()
    studio.join("chand")
    assert studio.stopped() == 1
    assert studio.ordered() == []
    assert studio.state(found) == "paused"
    studio.answer("chand", found)
    assert set(studio.ordered()[0].people) == {"asha", "bela", "chand"}
    with db.read_session() as session:
        first, second = queries.takes(session, found)
    assert first.ended_at is not None
    assert second.ended_at is None


def test_a_newcomers_no_ends_it(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.join("chand")
    studio.answer("chand", found, agree=False)
    assert studio.state(found) == "ended"


def test_a_newcomer_who_goes_again_without_an_answer_leaves_the_others_recorded(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.join("chand")
    studio.ordered()
    studio.leave("chand")
    assert studio.state(found) == "recording"
    assert set(studio.ordered()[0].people) == {"asha", "bela"}


def test_somebody_alone_is_not_recorded_and_who_comes_back_need_not_answer_again(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.leave("bela")
    assert studio.state(found) == "paused"
    studio.ordered()
    studio.join("bela")
    assert studio.state(found) == "recording"
    assert len(studio.ordered()) >= 1


def test_when_everybody_has_left_it_is_over(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.leave("asha")
    studio.leave("bela")
    assert (studio.state(found), studio.row(found).reason) == ("ended", "left")


def test_orders_are_renewed_while_it_goes_on_each_with_a_name_of_its_own(studio: Studio) -> None:
    studio.recorded("asha", "bela")
    first = studio.ordered()
    studio.room.pass_time(10)
    again = studio.ordered()
    assert len(again) == 10 // orders.RENEW_SECONDS
    assert len({one.nonce for one in [*first, *again]}) == len(first) + len(again)
    assert len({one.take for one in [*first, *again]}) == 1


def test_after_the_relay_is_gone_it_pauses_and_goes_on_with_the_next_one(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.relays.drop("relay-sid")
    assert studio.state(found) == "paused"
    studio.ordered()
    studio.relays.add("second-sid", "second")
    assert studio.state(found) == "recording"
    assert studio.ordered()


def test_a_server_that_starts_again_ends_what_nobody_comes_back_to(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    second = Studio()
    second.room.now = studio.room.now
    second.room.pass_time(live.ABANDONED.total_seconds() + 60)
    assert second.state(found) == "ended"


def test_a_server_that_starts_again_goes_on_for_those_who_come_back(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    second = Studio()
    second.join("asha")
    assert second.state(found) == "paused"
    second.join("bela")
    assert second.state(found) == "recording"


def test_without_a_relay_that_can_record_nobody_is_asked(studio: Studio) -> None:
    studio.join("asha", "bela")
    studio.relays.drop("relay-sid")
    with pytest.raises(Conflict) as refused:
        studio.ask()
    assert refused.value.code == "no_relay"
    studio.relays.add("janus-sid", "janus", "janus")
    with pytest.raises(Conflict) as refused:
        studio.ask()
    assert refused.value.code == "cannot_record"
    assert "cannot record" in refused.value.message


def test_patients_do_not_ask_nor_does_anybody_outside_the_call_nor_twice(studio: Studio) -> None:
    studio.join("asha", "chand")
    with pytest.raises(NotAllowed):
        studio.ask("chand")
    with pytest.raises(Conflict) as refused:
        studio.ask("bela")
    assert refused.value.code == "not_in_call"
    studio.ask("asha")
    with pytest.raises(Conflict) as again:
        studio.ask("asha")
    assert again.value.code == "recording_runs"


def test_another_consults_people_can_neither_answer_nor_stop_it(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    stranger = member("dora", "consult-two")
    with pytest.raises(NotFound):
        studio.withdraw("", found, seat=stranger)
    with pytest.raises(NotFound):
        studio.answer("chand", found)
    studio.seats["dora"] = stranger
    with pytest.raises(NotFound):
        studio.stop("dora", found)
    assert studio.state(found) == "recording"


def test_a_no_or_an_end_by_somebody_who_may_not_interrupts_nothing(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    with pytest.raises(NidaanError):
        studio.stop("chand", found)
    with pytest.raises(NotFound):
        studio.withdraw("chand", found)
    assert studio.stopped() == 0


@pytest.mark.parametrize(
    ("words", "field"), [({"text_version": "2020-01-01"}, "text_version"), ({"language": "xx"}, "language")]
)
def test_a_yes_to_other_words_is_none(studio: Studio, words: dict[str, str], field: str) -> None:
    studio.join("asha", "bela")
    found = studio.ask()
    with pytest.raises(Invalid) as refused:
        studio.answer("bela", found, words=words)
    assert refused.value.field == field
    assert studio.state(found) == "asking"


def test_only_the_treating_doctor_answers_for_those_beside_them(studio: Studio) -> None:
    studio.join("asha", "bela")
    found = studio.ask()
    with pytest.raises(Invalid):
        studio.answer("bela", found, beside=("patient",))


def test_everything_is_told_to_the_room_and_written_down(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.withdraw("bela", found)
    states = studio.told()
    assert [state for number, state in enumerate(states) if number == 0 or states[number - 1] != state] == [
        "asking",
        "recording",
        "ended",
    ]
    with db.read_session() as session:
        actions = [row.action for row in session.scalars(select(AuditRow)) if "record" in row.action]
    assert actions == [
        "ask_to_record",
        "agree_to_recording",
        "agree_to_recording",
        "begin_recording",
        "withdraw_from_recording",
    ]


def test_a_relay_whose_disk_is_full_ends_it_and_says_why(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    [order] = studio.ordered()[-1:]
    label = {"recording": found, "take": order.take, "participant": "asha", "track": "voice", "began": 1}
    studio.live.heard({"news": "opened", "segment": "5" * 32, **label})
    studio.live.heard({"news": "failed", "segment": "unknown"})
    assert studio.state(found) == "recording"
    studio.live.heard({"news": "failed", "segment": "5" * 32})
    assert studio.stopped() == 1
    assert (studio.state(found), studio.row(found).reason) == ("ended", "failed")


def test_what_a_relay_says_that_means_nothing_changes_nothing(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    for news in ({}, {"news": "opened"}, {"news": "opened", "recording": found, "segment": "../x"}, {"news": "failed"}):
        studio.live.heard(news)
    assert studio.state(found) == "recording"


def test_a_stop_that_comes_while_the_beginning_is_still_being_told_has_the_last_word(studio: Studio) -> None:
    studio.join("asha", "bela")
    found = studio.ask()
    change = studio.room.calls.relaying.record

    def interrupted(consult_id: str, recorded: bool) -> None:
        """Another greenlet's turn, between the commit and the order."""
        vars(studio.room.calls.relaying)["record"] = change
        studio.withdraw("asha", found)
        change(consult_id, recorded)

    vars(studio.room.calls.relaying)["record"] = interrupted
    studio.answer("bela", found)
    assert studio.state(found) == "ended"
    assert studio.ordered() == []
    studio.room.pass_time(10)
    assert studio.ordered() == []


def test_an_order_is_renewed_only_while_the_database_says_so(studio: Studio) -> None:
    found = studio.recorded("asha", "bela")
    studio.ordered()
    with db.write_transaction() as session:
        [take] = queries.takes(session, found)
        take.ended_at = studio.room.now
        row = session.get_one(Recording, found)
        row.state, row.ended_at, row.reason = "ended", studio.room.now, "stopped"
    studio.room.pass_time(10)
    assert studio.ordered() == []
    assert studio.stopped() == 1
