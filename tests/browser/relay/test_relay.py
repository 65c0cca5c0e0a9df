"""Real browsers through the relay: who may, sees and hears; who may not, gets nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from app import clock
from tests.browser.relay.conftest import Peer
from tests.video.relay.process import Relay

MakePeer = Callable[[str], Peer]
GONE_SECONDS = 2.0


def test_three_people_see_and_hear_each_other(peer: MakePeer, relay: Relay) -> None:
    people = [peer(name) for name in ("anna", "bela", "cleo")]
    for one in people:
        one.publish()
        for other in people:
            if other is not one:
                one.receive(other.name)
    for one in people:
        for other in people:
            if other is not one:
                one.wait_for(other.name, frames=20, packets=50)
                assert one.received(other.name)["lost"] == 0
    room = relay.ask(do="look")["rooms"]["room"]
    assert len(room["publishers"]) == 3
    assert len(room["subscribers"]) == 6


def test_who_comes_late_sees_at_once_and_a_publisher_who_comes_again_is_followed(peer: MakePeer) -> None:
    anna, bela = peer("anna"), peer("bela")
    bela.receive("anna")
    anna.publish()
    bela.wait_for("anna", frames=10)
    anna.publish()  # another network: a new connection, and the receivers keep theirs
    bela.wait_for("anna", frames=30, packets=60)


def test_nobody_enters_on_a_ticket_that_is_not_theirs_to_use(peer: MakePeer, relay: Relay) -> None:
    anna, stranger = peer("anna"), peer("stranger")
    anna.publish()
    used = anna.ticket("subscribe", "anna")
    assert "answer" in anna.open(used, "first", False)
    assert stranger.open(used, "again", False) == {"error": "used"}
    forged = stranger.ticket("subscribe", "anna", secret="a guess")
    assert stranger.open(forged, "forged", False) == {"error": "forged"}
    now = clock.now()
    clock.set_source(lambda: now - timedelta(minutes=2))
    try:
        late = stranger.ticket("subscribe", "anna")
    finally:
        clock.set_source(None)
    assert stranger.open(late, "late", False) == {"error": "expired"}
    assert "answer" in stranger.open(stranger.ticket("subscribe", "anna", room="another"), "elsewhere", False)
    anna.receive("anna")
    anna.wait_for("anna", frames=10, packets=50)
    assert stranger.received("elsewhere") == {"frames": 0, "packets": 0, "lost": 0}


def test_who_is_put_out_neither_hears_nor_is_heard_from_then_on(peer: MakePeer, relay: Relay) -> None:
    anna, bela = peer("anna"), peer("bela")
    for one, other in ((anna, "bela"), (bela, "anna")):
        one.publish()
        one.receive(other)
    anna.wait_for("bela", frames=5, packets=20)
    bela.wait_for("anna", frames=5, packets=20)
    began = time.monotonic()
    relay.ask(do="remove", room="room", participant="bela")
    after = relay.ask(do="look")["rooms"]["room"]
    assert time.monotonic() - began < GONE_SECONDS
    assert list(after["publishers"]) == ["anna"]
    assert after["subscribers"] == {}
    assert bela.still_receives("anna") == 0
    assert anna.still_receives("bela") == 0
    assert bela.open(bela.ticket("publish")[:-1] + "x", "own", True) == {"error": "forged"}
