"""What somebody does who wants to break the relay, from inside a call or from outside: the others talk on."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import socket
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
from aiortc import rtp

from app import clock
from tests.video.relay.caller import Caller
from tests.video.relay.door import SECRET
from tests.video.relay.hall import Hall, hall, ticket
from video.relay import connection, seams
from video.relay.admission import Admission, Full
from video.relay.publisher import MOST_BYTES
from video.relay.rooms import MOST_ASKED
from video.tickets import BadTicket

Scenario = Callable[[], Coroutine[Any, Any, Any]]


def run(scenario: Scenario) -> Any:
    return asyncio.run(scenario())


@pytest.fixture(scope="module")
def apart() -> Iterator[Callable[[Scenario], Any]]:
    """Runs a scenario in a process of its own: the relay's seams change aiortc for good."""
    with multiprocessing.get_context("spawn").Pool(1, seams.install, (["127.0.0.1"],)) as pool:
        yield lambda scenario: pool.apply(run, (scenario,))


async def talks_on(made: Hall, listener: Caller) -> bool:
    """Whether voices and pictures go on arriving."""
    seen = len(listener.arrived)
    await made.until(lambda: len({kind for kind, _, _ in listener.arrived[seen:]}) == 2)
    return True


async def garbage() -> bool:
    async with hall() as made:
        anna = await made.publish("anna")
        bela = await made.receive("bela", "anna")
        chance = random.Random(1)
        ports = [int(one) for one in re.findall(r"127\.0\.0\.1 (\d+) typ", anna.peer.remoteDescription.sdp)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outsider:
            for number in range(3000):
                first = chance.choice([0x00, 0x01, 0x14, 0x16, 0x3F, 0x80, 0x81, 0xBF, 0xFF])
                data = bytes([first]) + chance.randbytes(chance.choice([0, 1, 11, 19, 60, 1400]))
                outsider.sendto(data, ("127.0.0.1", ports[0]))
                if number % 100 == 0:
                    await asyncio.sleep(0)
        return await talks_on(made, bela)


def test_garbage_from_outside_disturbs_nobody(apart: Callable[[Scenario], Any]) -> None:
    assert apart(garbage)


async def floods() -> tuple[bool, int, int]:
    async with hall() as made:
        anna = await made.publish("anna")
        bela, cleo = await made.receive("bela", "anna"), await made.receive("cleo", "anna")
        await made.until(lambda: len(bela.arrived) > 50)
        stream = made.rooms.all["room"].subscribers["bela", "anna"].streams["picture"]
        asked = anna.keyframes_asked
        assert bela.wire is not None
        for _ in range(300):
            every = [(stream.packets - back) & 0xFFFF for back in range(60)]
            lost = rtp.RtcpRtpfbPacket(rtp.RTCP_RTPFB_NACK, 1, stream.names.ssrc, lost=sorted(every))
            bela.wire.send_rtcp(bytes(lost))
            bela.wire.send_rtcp(bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_PLI, 1, stream.names.ssrc)))
            await asyncio.sleep(0)
        on = await talks_on(made, cleo)
        return on, stream.repairs, anna.keyframes_asked - asked


def test_floods_of_requests_are_answered_within_limits(apart: Callable[[Scenario], Any]) -> None:
    on, repairs, keyframes = apart(floods)
    assert on
    assert repairs < 150
    assert keyframes <= 3


async def too_much() -> tuple[bool, int, int]:
    async with hall() as made:
        anna, _ = await made.publish("anna"), await made.publish("cleo")
        to_bela, from_cleo = await made.receive("bela", "anna"), await made.receive("bela", "cleo")
        await made.until(lambda: to_bela.arrived and from_cleo.arrived)
        publisher = made.rooms.all["room"].publishers["anna"]

        def flood() -> bool:
            for number in range(60):
                anna.send(1, number * 3600, 1100, begins=True)
            return publisher.refused > 0

        await made.until(flood)
        return await talks_on(made, from_cleo), publisher.refused, publisher.streams["picture"].octets


def test_a_publisher_who_sends_far_too_much_is_cut_and_the_others_are_heard(apart: Callable[[Scenario], Any]) -> None:
    on, refused, taken = apart(too_much)
    assert on
    assert refused > 0
    assert taken < 10 * MOST_BYTES


async def never_answers() -> tuple[bool, int]:
    connection.CONNECT_SECONDS = 0.3
    async with hall() as made:
        await made.publish("anna")
        bela = await made.receive("bela", "anna")
        await made.rooms.open(ticket("eve", "subscribe", "anna"), await Caller(False).offer())
        assert made.engine.load().streams == 2
        await made.until(lambda: made.engine.load().streams == 1)
        return await talks_on(made, bela), made.engine.load().streams


def test_a_receiver_that_never_answers_keeps_nothing(apart: Callable[[Scenario], Any]) -> None:
    assert apart(never_answers) == (True, 1)


async def crowd() -> tuple[bool, int, int]:
    connection.CONNECT_SECONDS = 5.0
    async with hall() as made:
        await made.publish("anna")
        bela = await made.receive("bela", "anna")
        offer = await Caller(False).offer()
        texts = [ticket(f"eve{number}", "subscribe", "anna") for number in range(MOST_ASKED + 20)]
        found = await asyncio.gather(*(made.rooms.open(text, offer) for text in texts), return_exceptions=True)
        full = sum(isinstance(one, Full) for one in found)
        return await talks_on(made, bela), full, len(found) - full - sum(isinstance(one, tuple) for one in found)


def test_a_crowd_at_the_door_waits_its_turn_or_is_sent_away(apart: Callable[[Scenario], Any]) -> None:
    on, full, broken = apart(crowd)
    assert on
    assert full >= 20
    assert broken == 0


def test_a_ticket_is_not_used_twice_however_the_clock_jumps() -> None:
    now = clock.now()
    times = iter([now, now + timedelta(hours=1), now, now - timedelta(minutes=5)])
    admission = Admission(SECRET, lambda: next(times))
    text = ticket("anna", now=now)
    assert admission.admit(text).participant == "anna"
    codes = []
    for _ in range(3):
        with pytest.raises(BadTicket) as refused:
            admission.admit(text)
        codes.append(refused.value.code)
    assert codes == ["expired", "used", "used"]
