"""Our own engine and Janus keep the same rules: one set of scenarios, run on both."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

import pytest

from tests.video.relay.hall import Hall, hall, ticket
from tests.video.relay.janus import JanusServer
from video.relay import janus_rooms, seams
from video.relay.engine import Reception
from video.relay.janus_rates import FASTEST, SLOWEST, Rates
from video.tickets import BadTicket

Scenario = Callable[[str], Coroutine[Any, Any, Any]]


def run(scenario: Scenario, url: str) -> Any:
    return asyncio.run(scenario(url))


@pytest.fixture(scope="module", params=["relay", "janus"])
def on(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Scenario], Any]]:
    """Runs a scenario on an engine, in a process of its own: the relay's seams change aiortc for good."""
    janus = JanusServer(tmp_path_factory.mktemp("janus")) if request.param == "janus" else None
    with multiprocessing.get_context("spawn").Pool(1, seams.install) as pool:
        yield lambda scenario: pool.apply(run, (scenario, janus.url if janus is not None else ""))
    if janus is not None:
        janus.stop()


async def three(url: str) -> tuple[int, list[set[str]]]:
    async with hall(url) as made:
        names = ("anna", "bela", "cleo")
        for name in names:
            await made.publish(name)
        pairs = [(one, other) for one in names for other in names if one != other]
        callers = [await made.receive(one, other) for one, other in pairs]
        await made.until(lambda: all(len(one.arrived) > 40 for one in callers))
        streams = made.engine.load().streams
        return streams, [{kind for kind, _, _ in one.arrived} for one in callers]


def test_three_people_receive_each_others_voice_and_picture(on: Callable[[Scenario], Any]) -> None:
    assert on(three) == (6, [{"audio", "video"}] * 6)


async def put_out(url: str) -> tuple[int, int]:
    async with hall(url) as made:
        await made.publish("anna")
        await made.publish("bela")
        to_anna, to_bela = await made.receive("anna", "bela"), await made.receive("bela", "anna")
        cleo = await made.receive("cleo", "anna")
        await made.until(lambda: to_anna.arrived and to_bela.arrived and cleo.arrived)
        await made.engine.remove("room", "bela")
        seen = [len(to_anna.arrived), len(to_bela.arrived), len(cleo.arrived)]
        await made.until(lambda: len(cleo.arrived) > seen[2] + 50)
        return len(to_anna.arrived) - seen[0], len(to_bela.arrived) - seen[1]


def test_who_is_put_out_neither_sends_nor_receives_from_then_on(on: Callable[[Scenario], Any]) -> None:
    to_anna, to_bela = on(put_out)
    assert to_anna <= 2  # what was under way
    assert to_bela <= 2


async def outsiders(url: str) -> tuple[list[str], int]:
    async with hall(url) as made:
        await made.publish("anna")
        text = ticket("bela", "subscribe", "anna")
        await made.enter(text, False)
        codes = []
        for bad in (text, ticket("eve", "subscribe", "anna", secret="a guess"), "nothing"):
            codes.append(await refusal(made, bad))
        await made.publish("anna", room="another")
        eve = await made.receive("eve", "anna", room="another")
        await made.until(lambda: eve.arrived)
        return codes, made.engine.load().rooms


async def refusal(made: Hall, text: str) -> str:
    try:
        await made.enter(text, False)
    except BadTicket as error:
        return error.code
    return "let in"


def test_nobody_comes_in_without_a_ticket_of_ours(on: Callable[[Scenario], Any]) -> None:
    assert on(outsiders) == (["used", "forged", "forged"], 2)


async def older_route(url: str) -> str:
    janus_rooms.PUBLISHER_SECONDS = 0.2
    async with hall(url) as made:
        await made.publish("anna", route="second")
        try:
            eve = await made.receive("eve", "anna", route="first")
        except ValueError:
            return "refused"
        bela = await made.receive("bela", "anna", route="second")
        await made.until(lambda: len(bela.arrived) > 30)
        return f"{len(eve.arrived)} packets"


def test_an_older_way_leads_to_nobody_who_moved_on(on: Callable[[Scenario], Any]) -> None:
    assert on(older_route) in ("refused", "0 packets")


async def held(url: str) -> tuple[bool, int]:
    async with hall(url) as made:
        await made.publish("anna")
        bela = await made.receive("bela", "anna")
        await made.until(lambda: {kind for kind, _, _ in bela.arrived} == {"audio", "video"})
        made.engine.hold("room", "bela", "anna", True)
        await made.until(partial(_only_voices, bela.arrived))
        made.engine.hold("room", "bela", "anna", False)
        seen = len(bela.arrived)
        await made.until(lambda: any(kind == "video" for kind, _, _ in bela.arrived[seen:]))
        return True, made.engine.load().streams


def _only_voices(arrived: list[tuple[str, float, int]]) -> bool:
    return len(arrived) > 20 and all(kind == "audio" for kind, _, _ in arrived[-20:])


def test_a_picture_that_is_not_wanted_is_held_back_and_comes_again(on: Callable[[Scenario], Any]) -> None:
    assert on(held) == (True, 1)


async def comes_again(url: str) -> list[str]:
    async with hall(url) as made:
        await made.publish("anna")
        bela = await made.receive("bela", "anna")
        await made.until(lambda: bela.arrived)
        await made.publish("anna")
        seen = len(bela.arrived)
        if ("moved", "bela") in made.told:
            bela, seen = await made.receive("bela", "anna"), 0
        await made.until(lambda: len(bela.arrived) > seen + 10)
        return sorted(made.engine.load()._asdict())


def test_a_publisher_who_comes_again_is_received_again(on: Callable[[Scenario], Any]) -> None:
    assert on(comes_again) == ["rooms", "streams"]


def test_the_slowest_viewer_decides_what_a_publisher_on_janus_may_send() -> None:
    rates = Rates()
    fine = Reception("anna", 0.0, 0.1, 400_000)
    rates.received("bela", fine)
    assert rates.due("anna") is None
    rates.received("cleo", Reception("anna", 0.3, 1.4, 200_000))
    assert rates.due("anna") == 120_000
    assert rates.due("anna") is None
    for _ in range(10):
        rates.received("cleo", Reception("anna", 0.5, 2.0, 0))
    assert rates.due("anna") == SLOWEST
    for _ in range(30):
        rates.received("cleo", fine)
    assert rates.due("anna") == FASTEST
    rates.received("cleo", Reception("anna", 0.3, 1.4, 200_000))
    rates.forget("cleo")
    assert rates.due("anna") is None
