"""Rooms over real connections: who hears whom, whatever the order in which things happen, and who does not get in."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any, get_args

import pytest

from app import clock
from tests.video.relay.caller import Caller
from tests.video.relay.hall import hall, ticket
from video import protocol
from video.relay import incoming, seams
from video.tickets import BadTicket

Scenario = Callable[[], Coroutine[Any, Any, Any]]


def run(scenario: Scenario) -> Any:
    return asyncio.run(scenario())


@pytest.fixture(scope="module")
def apart() -> Iterator[Callable[[Scenario], Any]]:
    """Runs a scenario in a process of its own: the relay's seams change aiortc for good."""
    with multiprocessing.get_context("spawn").Pool(1, seams.install, (["127.0.0.1"],)) as pool:
        yield lambda scenario: pool.apply(run, (scenario,))


async def three_tracks() -> list[str]:
    tracks = ("voice", "picture", "probe")
    async with hall() as made:
        await made.publish("anna", tracks)
        bela = await made.receive("bela", "anna", tracks)
        cleo = await made.receive("cleo", "anna")
        await made.until(lambda: min(len(bela.arrived), len(cleo.arrived)) > 30)
        room = made.rooms.all["room"]
        return [",".join(sorted(t for t, s in one.streams.items() if s.packets)) for one in room.subscribers.values()]


def test_a_further_picture_reaches_whoever_asked_for_it(apart: Callable[[Scenario], Any]) -> None:
    assert apart(three_tracks) == ["picture,probe,voice", "picture,voice"]


def test_both_ends_of_the_line_know_the_same_tracks() -> None:
    assert get_args(protocol.Track) == get_args(incoming.Track)


async def slow_line() -> dict[str, Any]:
    tracks = ("voice", "picture", "low")
    async with hall() as made:
        await made.publish("anna", tracks)
        bela, cleo = [await made.receive(name, "anna") for name in ("bela", "cleo")]
        await made.until(lambda: len(bela.arrived) > 30 and len(cleo.arrived) > 30)
        room = made.rooms.all["room"]
        streams = {who: one.streams["picture"] for (who, _), one in room.subscribers.items()}
        sources = room.publishers["anna"].streams
        asyncio.get_running_loop().call_soon(bela.limit, 110_000)
        await made.until(lambda: streams["bela"].source is sources["low"])
        seen = len(bela.arrived)
        await made.until(lambda: sum(kind == "video" for kind, _, _ in bela.arrived[seen:]) > 10)
        told = [event for event, _ in made.told if event.startswith("small")]
        room.subscribers["bela", "anna"].small_until = 0.0
        await made.until(lambda: streams["bela"].source is sources["picture"])
        return {
            "cleo": streams["cleo"].source is sources["picture"],
            "limit": room.publishers["anna"].limit > 110_000,
            "told": told,
        }


def test_a_slow_line_gets_the_small_picture_and_the_others_keep_the_large_one(apart: Callable[[Scenario], Any]) -> None:
    assert apart(slow_line) == {"cleo": True, "limit": True, "told": ["small_wanted"]}


async def older_route() -> tuple[int, int]:
    async with hall() as made:
        await made.publish("anna", route="first")
        eve = await made.receive("eve", "anna", route="first")
        await made.until(lambda: len(eve.arrived) > 10)
        await made.publish("anna", route="second")
        bela = await made.receive("bela", "anna", route="second")
        late = await made.receive("eve", "anna", route="first")
        before = len(eve.arrived)
        await made.until(lambda: len(bela.arrived) > 50)
        return len(eve.arrived) - before, len(late.arrived)


def test_who_lingers_on_an_older_way_hears_nobody_who_moved_on(apart: Callable[[Scenario], Any]) -> None:
    assert apart(older_route) == (0, 0)


async def put_out_meanwhile() -> tuple[str, list[str]]:
    async with hall() as made:
        await made.publish("anna")
        offer = await Caller(False).offer()
        opening = asyncio.ensure_future(made.rooms.open(ticket("bela", "subscribe", "anna"), offer))
        room = made.rooms.all["room"]
        while not room.opening:
            await asyncio.sleep(0)
        await made.rooms.remove("room", "bela")
        try:
            await opening
        except ValueError as error:
            return str(error), sorted([*room.publishers, *(who for who, _ in room.subscribers)])
        raise AssertionError("let in after being put out")


def test_who_is_put_out_while_their_offer_is_answered_does_not_get_in(apart: Callable[[Scenario], Any]) -> None:
    assert apart(put_out_meanwhile) == ("The offer cannot be used.", ["anna"])


async def bad_tickets() -> tuple[list[str], int]:
    codes = []
    async with hall() as made:
        await made.publish("anna")
        used = ticket("bela", "subscribe", "anna")
        await made.enter(used, False)
        forged = ticket("eve", "subscribe", "anna", secret="a guess")
        late = ticket("eve", "subscribe", "anna", now=clock.now() - timedelta(minutes=2))
        body, _, signature = ticket("eve", "subscribe", "anna").partition(".")
        mixed = ticket("eve", "publish").partition(".")[0] + "." + signature
        for text in (used, forged, late, mixed, body, "", "\u0000.é", "a" * 5000):
            for sends in (True, False):
                try:
                    await made.enter(text, sends)
                except BadTicket as error:
                    codes.append(error.code)
        elsewhere = await made.receive("eve", "anna", room="another")
        injected = await made.publish("anna", room="another")
        bela = await made.receive("bela", "anna")
        await made.until(lambda: len(bela.arrived) > 30 and injected.feedback)
        heard_here = made.rooms.all["room"].publishers["anna"].streams["voice"].packets
        await made.until(lambda: elsewhere.arrived)
        assert heard_here > 0
        return codes, len(made.rooms.all["another"].subscribers)


def test_replayed_forged_expired_and_mixed_tickets_open_nothing(apart: Callable[[Scenario], Any]) -> None:
    codes, others = apart(bad_tickets)
    assert codes == ["used"] * 2 + ["forged"] * 2 + ["expired"] * 2 + ["forged"] * 10
    assert others == 1
