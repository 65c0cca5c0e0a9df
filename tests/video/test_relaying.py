"""Which way a call's media takes, and what a relay is told; nobody but a member of the call gets anything through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from app.errors import Conflict, Invalid, NotFound
from tests.video.room import Emitted, Room, member
from video import tickets

SECRET = "a secret of this test's own"
OFFER = "v=0\r\n"


@dataclass
class Calls:
    """A room with relays, and what they were told."""

    room: Room = field(default_factory=Room)

    def __post_init__(self) -> None:
        self.relaying = self.room.calls.relaying
        self.relays = vars(self.relaying)["_relays"]
        vars(self.relaying)["_secret"] = lambda: SECRET

    def join(self, *names: str) -> dict[str, Any]:
        reply: dict[str, Any] = {}
        for name in names:
            reply = self.room.join(member(name))
        return reply

    def route(self) -> tuple[str, str]:
        route = self.relaying.route("consult-one")
        return route.kind, route.id

    def told(self, event: str) -> list[Emitted]:
        return self.room.facts(event)

    def open(self, who: str, whom: str | None = None, **changes: Any) -> dict[str, Any]:
        message = {
            "route": self.route()[1],
            "session_id": f"session-{who}",
            "purpose": "subscribe" if whom else "publish",
            "publisher": whom,
            "attempt": 3,
            "sdp": OFFER,
        }
        return self.room.send(member(who), "open_media", {**message, **changes})


@pytest.fixture
def calls(database: None) -> Calls:
    return Calls()


def test_two_talk_directly_and_the_third_brings_the_relay(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela")
    assert calls.route()[0] == "direct"
    reply = calls.join("cleo")
    assert calls.route()[0] == "relay"
    assert reply["route"] == {"kind": "relay", "id": calls.route()[1], "receive": "offer"}
    [changed] = calls.told("route_changed")
    assert changed.to == "consult:consult-one"


def test_without_a_relay_three_talk_directly(calls: Calls) -> None:
    calls.join("anna", "bela", "cleo")
    assert calls.route()[0] == "direct"
    assert calls.told("route_changed") == []


def test_when_the_third_leaves_the_call_is_direct_again_and_the_relay_forgets_them(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    calls.room.send(member("cleo"), "leave_call")
    assert calls.route()[0] == "direct"
    [removed] = calls.told("remove")
    assert (removed.payload, removed.to) == ({"room": "consult-one", "participant": "cleo"}, "relay-sid")


def test_two_without_a_direct_path_ask_for_the_relay(calls: Calls) -> None:
    calls.join("anna", "bela")
    with pytest.raises(Conflict) as refused:
        calls.room.send(member("anna"), "ask_for_relay")
    assert refused.value.code == "no_relay"
    calls.relays.add("relay-sid", "relay")
    calls.room.send(member("anna"), "ask_for_relay")
    first = calls.route()
    calls.room.send(member("bela"), "ask_for_relay")
    assert calls.route() == first
    assert first[0] == "relay"


def test_an_offer_reaches_the_relay_with_a_ticket_for_exactly_that(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    calls.open("anna", "bela")
    [opened] = calls.told("open")
    assert opened.to == "relay-sid"
    ticket = tickets.read(SECRET, opened.payload["ticket"], calls.room.now)
    assert (ticket.room, ticket.participant, ticket.session) == ("consult-one", "anna", "session-anna")
    assert (ticket.purpose, ticket.publisher, ticket.route) == ("subscribe", "bela", calls.route()[1])
    assert opened.payload["tracks"] == ["voice", "picture"]


@pytest.mark.parametrize(
    "changes",
    [
        {"session_id": "session-bela"},
        {"publisher": "nobody"},
        {"publisher": "anna"},
        {"purpose": "publish"},
        {"publisher": None},
    ],
    ids=["another's session", "nobody", "oneself", "publishing as another", "receiving nobody"],
)
def test_nobody_gets_a_ticket_for_what_is_not_theirs(calls: Calls, changes: dict[str, Any]) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    with pytest.raises(NotFound):
        calls.open("anna", "bela", **changes)
    assert calls.told("open") == []


def test_somebody_who_is_not_in_the_call_gets_no_ticket(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    with pytest.raises(NotFound):
        calls.open("dora", "anna")
    calls.room.send(member("cleo"), "leave_call")
    with pytest.raises(NotFound):
        calls.open("cleo", "anna")


def test_a_relay_that_makes_the_offers_is_asked_for_one_and_gets_the_answer(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay", "janus")
    reply = calls.join("anna", "bela", "cleo")
    assert reply["route"]["receive"] == "answer"
    with pytest.raises(Invalid):
        calls.open("anna", "bela")
    with pytest.raises(Invalid):
        calls.open("anna", sdp=None)
    calls.open("anna")
    calls.open("anna", "bela", sdp=None)
    assert [(one.payload["purpose"], one.payload["offer"]) for one in calls.told("open")] == [
        ("publish", OFFER),
        ("subscribe", None),
    ]
    answer = {"route": calls.route()[1], "session_id": "session-anna", "publisher": "bela", "sdp": OFFER}
    calls.room.send(member("anna"), "send_media_answer", answer)
    [answered] = calls.told("answered")
    assert (answered.payload["participant"], answered.payload["publisher"]) == ("anna", "bela")
    with pytest.raises(NotFound):
        calls.room.send(member("anna"), "send_media_answer", {**answer, "session_id": "session-bela"})
    link = {"loss": 0.5, "round_trip": 300, "picture": 9_000}
    links = [{"publisher": "bela", **link}, {"publisher": "nobody", **link}]
    calls.room.send(member("anna"), "tell_reception", {"route": calls.route()[1], "links": links})
    [told] = calls.told("received")
    assert told.payload["links"] == [{"publisher": "bela", "loss": 0.5, "round_trip": 0.3, "picture": 9_000}]


def test_an_offer_for_a_route_that_is_gone_is_told_so(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    with pytest.raises(Conflict) as refused:
        calls.open("anna", "bela", route="an-older-route")
    assert refused.value.code == "route_changed"


def test_the_relays_answer_goes_to_whom_it_is_for(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    answer = {"event": "described", "room": "consult-one", "participant": "anna", "session": "session-anna"}
    described = {"type": "answer", "sdp": OFFER}
    calls.relays.happened({**answer, "purpose": "subscribe", "publisher": "bela", "attempt": 3, **described})
    [told] = calls.told("media_answered")
    assert told.to == "sid-anna"
    assert (told.payload["publisher"], told.payload["attempt"], told.payload["sdp"]) == ("bela", 3, OFFER)
    calls.relays.happened({**answer, "session": "an older one", "purpose": "publish", "publisher": "", "attempt": 1})
    assert calls.told("media_answered") == []


def test_who_has_slow_receivers_hears_that_a_small_picture_is_wanted(calls: Calls) -> None:
    calls.relays.add("relay-sid", "relay")
    calls.join("anna", "bela", "cleo")
    said = {"room": "consult-one", "participant": "anna", "session": "session-anna", "publisher": ""}
    calls.relays.happened({"event": "small_wanted", **said})
    calls.relays.happened({"event": "small_unwanted", **said})
    told = calls.told("small_picture_wanted")
    assert [(one.to, one.payload) for one in told] == [("sid-anna", {"wanted": True}), ("sid-anna", {"wanted": False})]


def test_a_dead_relays_calls_move_to_another_and_without_one_go_direct(calls: Calls) -> None:
    calls.relays.add("first", "first")
    calls.relays.add("second", "second")
    calls.join("anna", "bela", "cleo")
    before = calls.route()
    calls.told("route_changed")
    calls.relays.drop("first")
    assert calls.route()[0] == "relay"
    assert calls.route() != before
    calls.open("anna")
    assert [one.to for one in calls.told("open")] == ["second"]
    calls.relays.drop("second")
    assert calls.route()[0] == "direct"
    assert len(calls.told("route_changed")) == 2


def test_three_who_had_to_talk_directly_move_to_the_relay_that_comes(calls: Calls) -> None:
    calls.join("anna", "bela", "cleo")
    calls.room.join(member("dora", "consult-two"))
    calls.relays.add("late", "late")
    assert calls.route()[0] == "relay"
    assert calls.relaying.route("consult-two").kind == "direct"


def test_a_relay_that_is_being_stopped_gives_up_its_calls_and_gets_no_others(calls: Calls) -> None:
    calls.relays.add("first", "first")
    calls.join("anna", "bela", "cleo")
    calls.relays.heard("first", {"streams": 6, "busy": 0.1, "draining": True})
    assert calls.route()[0] == "direct"


def test_calls_are_placed_where_there_is_least_to_do(calls: Calls) -> None:
    calls.relays.add("first", "first")
    calls.relays.add("second", "second")
    calls.relays.heard("first", {"streams": 60, "busy": 0.7})
    assert calls.relays.place("one") == "second"
    for number in range(8):
        calls.relays.place(f"more-{number}")
    assert calls.relays.place("other") in {"first", "second"}
    calls.relays.heard("first", {"streams": 500})
    calls.relays.heard("second", {"streams": 500})
    assert calls.relays.place("none") is None
