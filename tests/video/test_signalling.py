"""Who reaches whom: the call's commands in every standing of sender and receiver."""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import Conflict, NotFound
from tests.video.room import CANDIDATE, OFFER, Room, addressed, every_passing_on, member

ASHA, BELA, CHAND = member("asha"), member("bela"), member("chand")
STRANGER = member("stranger", consult_id="consult-two")


def test_the_first_to_join_finds_nobody_and_the_second_finds_the_first(room: Room) -> None:
    assert room.join(ASHA)["members"] == []
    assert [one["participant_id"] for one in room.join(BELA)["members"]] == ["asha"]


def test_the_room_hears_who_joined_but_not_the_one_who_did(room: Room) -> None:
    room.join(ASHA)
    (fact,) = room.facts("call_joined")
    assert fact.to == "consult:consult-one"
    assert fact.skipped == ["sid-asha"]
    assert fact.payload["member"] == {
        "participant_id": "asha",
        "session_id": "session-asha",
        "audio": True,
        "video": True,
        "camera": None,
        "extra": [],
    }


def test_the_reply_says_how_much_may_be_sent_to_each_of_one_two_and_three_others(room: Room) -> None:
    video = [limits["video_bps"] for limits in room.join(ASHA)["limits"]]
    assert len(video) == 3
    assert video == sorted(video, reverse=True)


def test_someone_who_has_not_joined_can_see_who_is_waiting(room: Room) -> None:
    room.join(ASHA)
    assert [one["participant_id"] for one in room.send(BELA, "watch_call")["members"]] == ["asha"]


def test_a_description_reaches_one_socket_and_says_who_sent_it_from_which_session(room: Room) -> None:
    for one in (ASHA, BELA, CHAND):
        room.join(one)
    room.send(ASHA, "send_description", addressed("bela", description=OFFER, attempt=2))
    (fact,) = room.facts("description_sent")
    assert fact.to == "sid-bela"
    assert fact.payload == {"from": "asha", "session_id": "session-asha", "description": OFFER, "attempt": 2}


def test_a_candidate_reaches_one_socket_with_its_names_unchanged(room: Room) -> None:
    for one in (ASHA, BELA, CHAND):
        room.join(one)
    room.send(CHAND, "send_candidate", addressed("asha", candidate=CANDIDATE))
    room.send(CHAND, "send_candidate", addressed("asha", candidate=None))
    first, last = room.facts("candidate_sent")
    assert first.to == last.to == "sid-asha"
    assert first.payload["candidate"] == {**CANDIDATE, "usernameFragment": None}
    assert last.payload["candidate"] is None


@pytest.mark.parametrize(("name", "message"), every_passing_on("bela"))
class TestNobodyElseIsReached:
    def test_by_one_who_is_not_in_the_call(self, room: Room, name: str, message: dict[str, Any]) -> None:
        room.join(BELA)
        with pytest.raises(NotFound):
            room.send(ASHA, name, message)

    def test_by_a_member_of_another_consults_call(self, room: Room, name: str, message: dict[str, Any]) -> None:
        room.join(BELA)
        room.join(STRANGER)
        with pytest.raises(NotFound):
            room.send(STRANGER, name, message)
        assert not room.facts("description_sent") + room.facts("candidate_sent")

    def test_when_they_are_in_the_room_but_not_in_the_call(
        self, room: Room, name: str, message: dict[str, Any]
    ) -> None:
        room.join(ASHA)
        with pytest.raises(NotFound):
            room.send(ASHA, name, message)

    def test_in_a_session_that_is_over(self, room: Room, name: str, message: dict[str, Any]) -> None:
        room.join(ASHA)
        room.join(BELA, "session-of-another-page")
        with pytest.raises(NotFound):
            room.send(ASHA, name, message)

    def test_from_a_socket_that_no_longer_holds_the_place(self, room: Room, name: str, message: dict[str, Any]) -> None:
        room.join(ASHA)
        room.join(BELA)
        with pytest.raises(NotFound):
            room.send(member("asha", sid="sid-of-another-tab"), name, message)

    def test_by_themselves(self, room: Room, name: str, message: dict[str, Any]) -> None:
        room.join(BELA)
        with pytest.raises(NotFound):
            room.send(BELA, name, message)


def test_a_change_of_media_is_not_heard_from_one_who_is_not_in_the_call(room: Room) -> None:
    with pytest.raises(NotFound):
        room.send(ASHA, "change_media", {"audio": True, "video": True})


def test_a_change_of_media_is_told_to_the_room_and_to_those_who_join_later(room: Room) -> None:
    room.join(ASHA)
    media = {"audio": False, "video": True, "camera": "rear", "extra": ["probe"]}
    room.send(ASHA, "change_media", media)
    (fact,) = room.facts("media_changed")
    assert fact.payload == {"participant_id": "asha", **media}
    (seen,) = room.join(BELA)["members"]
    assert (seen["audio"], seen["camera"], seen["extra"]) == (False, "rear", ["probe"])


def test_hanging_up_tells_the_room_and_twice_is_harmless(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.send(BELA, "leave_call")
    room.send(BELA, "leave_call")
    (fact,) = room.facts("call_left")
    assert fact.payload == {"participant_id": "bela", "reason": "left"}
    assert room.send(ASHA, "watch_call")["members"] == []


def test_a_new_session_of_the_same_participant_replaces_the_old_one(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.emitted.clear()
    room.join(member("bela", sid="sid-tablet"), "session-of-the-tablet")
    assert [one.event for one in room.emitted] == ["call_left", "call_joined"]
    left, joined = room.emitted
    assert left.payload == {"participant_id": "bela", "reason": "replaced"}
    assert set(left.skipped) == {"sid-bela", "sid-tablet"}
    assert joined.payload["member"]["session_id"] == "session-of-the-tablet"


def test_the_same_session_on_a_new_socket_stays_the_same_member(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.emitted.clear()
    room.join(member("bela", sid="sid-again"))
    assert [one.event for one in room.emitted] == ["call_joined"]
    room.send(ASHA, "send_description", addressed("bela", description=OFFER))
    assert room.facts("description_sent")[0].to == "sid-again"


def test_a_fifth_member_is_told_that_the_call_is_full(room: Room) -> None:
    for name in ("one", "two", "three", "four"):
        room.join(member(name))
    with pytest.raises(Conflict) as refused:
        room.join(member("five"))
    assert refused.value.code == "call_full"


def test_the_other_consults_call_has_its_own_places(room: Room) -> None:
    for name in ("one", "two", "three", "four"):
        room.join(member(name))
    assert room.join(STRANGER)["members"] == []


class TestALostSocket:
    def test_keeps_its_place_for_fifteen_seconds(self, room: Room) -> None:
        room.join(ASHA)
        room.join(BELA)
        room.whereabouts["sid-bela"] = "gone"
        room.pass_time(15)
        assert not room.facts("call_left")
        room.pass_time(1)
        (fact,) = room.facts("call_left")
        assert fact.payload == {"participant_id": "bela", "reason": "lost"}

    def test_that_comes_back_in_time_stays_and_has_its_whole_grace_again(self, room: Room) -> None:
        room.join(BELA)
        room.whereabouts["sid-bela"] = "gone"
        room.pass_time(14)
        room.join(member("bela", sid="sid-again"))
        room.pass_time(30)
        room.whereabouts["sid-again"] = "gone"
        room.pass_time(15)
        assert not room.facts("call_left")

    def test_whose_participant_opened_another_page_is_out_at_once(self, room: Room) -> None:
        room.join(BELA)
        room.whereabouts["sid-bela"] = "elsewhere"
        room.pass_time(1)
        assert room.facts("call_left")[0].payload["reason"] == "left"

    def test_of_someone_removed_is_out_at_once(self, room: Room) -> None:
        room.join(BELA)
        room.calls.left_room(BELA)
        assert room.facts("call_left")[0].payload["reason"] == "left"


def test_one_watch_runs_however_many_join(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    assert len(room.background) == 1
