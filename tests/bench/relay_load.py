"""The load of `tests.bench.relay`: rooms of three, each sending VP8 and Opus to an engine and receiving the two others.

`python -m tests.bench.relay_load MODE DOOR ADDRESS ROOMS SECONDS PID` prints one JSON line. What is sent was encoded
beforehand, so that this process only encrypts, sends and counts; one frame's timestamp is odd, and by it what arrives
is matched with what was sent, whatever an engine does to timestamps.
"""

from __future__ import annotations

import asyncio
import fractions
import gc
import json
import os
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import aiohttp
import numpy as np
from aiortc.codecs.opus import OpusEncoder
from aiortc.codecs.vpx import Vp8Encoder
from av import AudioFrame, VideoFrame

from app import clock
from tests.video.relay.caller import Caller
from tests.video.relay.door import SECRET
from tests.video.relay.hall import ticket
from tests.video.relay.janus import ADMIN_KEY, API_SECRET
from video.relay import packets, seams
from video.relay.admission import Admission
from video.relay.janus import Janus
from video.relay.janus_rooms import JanusRooms

PICTURE_BPS, VOICE_BPS, FRAMES, RATE = 500_000, 28_000, 50, 25
ODD_STEP: Final = 1200
GRAIN: Final = 60  # timestamps are compared in these: one that is decoded and made anew may be off by one
NAMES = ("anna", "bela", "cleo")
WARM_SECONDS: Final = 4.0
LATE: Final = 0.02


def pictures() -> list[list[bytes]]:
    """Two seconds of a moving pattern, the first a key frame, as payloads of VP8."""
    encoder = Vp8Encoder()
    encoder.target_bitrate = PICTURE_BPS
    noise = np.random.default_rng(1).integers(0, 60, (480, 1280), dtype=np.uint8)
    made = []
    for number in range(FRAMES):
        plane = np.tile(np.linspace(0, 190, 640, dtype=np.uint8), (480, 1)) + noise[:, number * 4 : number * 4 + 640]
        frame = VideoFrame.from_ndarray(np.stack([plane] * 3, axis=2), format="rgb24")
        frame.pts, frame.time_base = number * 3600, fractions.Fraction(1, 90_000)
        made.append(encoder.encode(frame, force_keyframe=number == 0)[0])
    return made


def voices() -> list[bytes]:
    """A second of a sound, as payloads of Opus."""
    encoder = OpusEncoder()
    encoder.codec.bit_rate = VOICE_BPS
    made: list[bytes] = []
    for number in range(50):
        tone = (8000 * np.sin(np.arange(960) * (0.03 + number % 7 * 0.01))).astype(np.int16)
        frame = AudioFrame.from_ndarray(np.repeat(tone, 2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 960, fractions.Fraction(1, 48_000)
        made += encoder.encode(frame)[0]
    return made


@dataclass(eq=False)
class Sender:
    """One participant's streams. Times are of the event loop; `sent` is when each frame left, by its number."""

    caller: Caller
    begins: float
    sent: list[float] = field(default_factory=list)
    voice_count: int = 0
    _sequence: list[int] = field(default_factory=lambda: [0, 0])

    def picture(self, now: float, frames: list[list[bytes]], odd: int) -> None:
        number = len(self.sent)
        self.sent.append(now)
        payloads = frames[number % FRAMES]
        for at, payload in enumerate(payloads):
            self._write(1, timestamp_of(number, odd), payload, at == len(payloads) - 1)

    def voice(self, payloads: list[bytes]) -> None:
        self._write(0, self.voice_count * 960, payloads[self.voice_count % len(payloads)], True)
        self.voice_count += 1

    def _write(self, section: int, timestamp: int, payload: bytes, marker: bool) -> None:
        ssrc, payload_type = self.caller.names[section]
        self._sequence[section] += 1
        header = packets.write(
            payload_type | (0x80 if marker else 0), self._sequence[section] & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, 0, 0
        )
        assert self.caller.wire is not None
        self.caller.wire.send(header + payload)


def timestamp_of(number: int, odd: int) -> int:
    return 10_000 + number * 3600 + (ODD_STEP if number >= odd else 0)


def grains(timestamp: int) -> int:
    return ((timestamp & 0xFFFFFFFF) + GRAIN // 2) // GRAIN


class Counter(Caller):
    """A receiver that notes when each frame was complete, and counts the voice."""

    def __init__(self, source: Sender) -> None:
        super().__init__(False)
        self.source = source
        self.frames: list[tuple[int, float]] = []
        self.voice = 0

    def rtp(self, data: bytes, now: float) -> None:
        if data[1] & 0x7F == self.names[0][1]:
            self.voice += 1
        elif data[1] & 0x80:
            self.frames.append((int.from_bytes(data[4:8], "big"), now))

    def delays(self, odd: int, since: float, until: float) -> tuple[list[float], int]:
        """Delays of the frames sent in a span, and how many were sent in it. Empty when the odd one is missing."""
        sent = self.source.sent
        in_span = [number for number, at in enumerate(sent) if since <= at < until]
        steps = [grains(after[0] - before[0]) for before, after in zip(self.frames, self.frames[1:], strict=False)]
        found = [at for at, step in enumerate(steps) if step % (3600 // GRAIN) == ODD_STEP // GRAIN]
        if not found:
            return [], len(in_span)
        shift = self.frames[found[0] + 1][0] - timestamp_of(odd, odd)
        arrived = {grains(stamp - shift): at for stamp, at in reversed(self.frames)}
        got = [(number, arrived.get(grains(timestamp_of(number, odd)))) for number in in_span]
        return [at - sent[number] for number, at in got if at is not None], len(in_span)


class DoorEngine:
    """An engine behind the door of a process: ours, or MediaRelay."""

    def __init__(self, port: int) -> None:
        self._line = socket.create_connection(("127.0.0.1", port)).makefile("rw")

    async def begin(self) -> None:
        return None

    async def open(self, text: str, caller: Caller) -> None:
        self._line.write(json.dumps({"do": "open", "ticket": text, "offer": await caller.offer()}) + "\n")
        self._line.flush()
        reply = json.loads(await asyncio.to_thread(self._line.readline))
        await caller.take_answer(reply["answer"])


class JanusEngine:
    """Janus, driven as the product drives it. The driving is this process's, and is not counted as the engine's CPU."""

    def __init__(self, url: str) -> None:
        self._janus = Janus(url, API_SECRET, lambda: None)
        self._rooms = JanusRooms(self._janus, Admission(SECRET, clock.now), lambda event, of: None, ADMIN_KEY)

    async def begin(self) -> None:
        self._client = aiohttp.ClientSession()
        await self._janus.connect(self._client)

    async def open(self, text: str, caller: Caller) -> None:
        if caller.sends:
            _, found = await self._rooms.open(text, await caller.offer(), ("voice", "picture"))
            await caller.take_answer(found.sdp)
            return
        of, found = await self._rooms.open(text, "", ("voice", "picture"))
        await self._rooms.answered(of.room, of.participant, of.publisher, await caller.answer(found.sdp))
        await caller.finish()


class Load:
    """Rooms of three on an engine."""

    def __init__(self, engine: Any, pid: int) -> None:
        self._engine = engine
        self._pid = pid
        self.senders: list[Sender] = []
        self.counters: list[Counter] = []
        self.late: list[float] = []

    async def enter(self, rooms: int) -> None:
        """Everybody is in."""
        await self._engine.begin()
        total = rooms * len(NAMES)
        for room in (f"room{number}" for number in range(rooms)):
            own: dict[str, Sender] = {}
            for name in NAMES:
                caller = Caller(True)
                await self._engine.open(ticket(name, room=room), caller)
                own[name] = Sender(caller, len(self.senders) / total)
                self.senders.append(own[name])
            for name, other in ((one, two) for one in NAMES for two in NAMES if one != two):
                counter = Counter(own[other])
                await self._engine.open(ticket(name, "subscribe", other, room=room), counter)
                self.counters.append(counter)

    async def run(self, seconds: float) -> dict[str, Any]:
        """Send for a while; what was measured after it warmed up."""
        frames, sounds = pictures(), voices()
        loop = asyncio.get_running_loop()
        odd = int(WARM_SECONDS * RATE) - RATE
        gc.collect()
        gc.freeze()
        began = loop.time() + 0.1
        sending = [asyncio.ensure_future(self._send(one, began, frames, sounds, odd)) for one in self.senders]
        await asyncio.sleep(began + WARM_SECONDS - loop.time())
        before, voices_before = self._cpu(), self._voices()
        since = loop.time()
        self.late.clear()
        await asyncio.sleep(seconds)
        until, after, voices_after = loop.time(), self._cpu(), self._voices()
        await asyncio.sleep(1.0)  # what is still under way
        for task in sending:
            task.cancel()
        return self._figures(since, until, after - before, voices_after - voices_before, odd)

    async def _send(self, one: Sender, began: float, frames: list[list[bytes]], sounds: list[bytes], odd: int) -> None:
        loop = asyncio.get_running_loop()
        at = began + one.begins / RATE
        turn = 0
        while True:
            await asyncio.sleep(max(0.0, at - loop.time()))
            now = loop.time()
            self.late.append(now - at)
            one.voice(sounds)
            if turn % 2 == 0:
                one.picture(now, frames, odd)
            turn += 1
            at += 0.02

    def _voices(self) -> int:
        return sum(one.voice for one in self.counters)

    def _cpu(self) -> float:
        """Seconds of CPU the engine has used, all its threads."""
        fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _figures(self, since: float, until: float, cpu: float, heard: int, odd: int) -> dict[str, Any]:
        found = [one.delays(odd, since, until) for one in self.counters]
        delays = sorted(delay for own, _ in found for delay in own)
        sent = sum(count for _, count in found)
        streams, seconds = len(self.counters), until - since
        carried = max(heard / 50, 0.1)  # stream-seconds that came out: a load that was kept waiting asked for less
        return {
            "streams": streams,
            "cpu": cpu / seconds,
            "cpu_ms_per_stream": 1000 * cpu / carried,
            "pictures": len(delays) / sent if sent else 0.0,
            "voices": min(1.0, heard / (streams * seconds * 50)),
            "p50": 1000 * median(delays) if delays else None,
            "p95": 1000 * quantiles(delays, n=20)[-1] if len(delays) > 20 else None,
            "late": sum(one > LATE for one in self.late) / max(1, len(self.late)),
        }


async def measure(mode: str, door: str, rooms: int, seconds: float, pid: int) -> dict[str, Any]:
    """One run on a running engine."""
    load = Load(JanusEngine(door) if mode == "janus" else DoorEngine(int(door)), pid)
    began = time.monotonic()
    await load.enter(rooms)
    joined = time.monotonic() - began
    return {"mode": mode, "rooms": rooms, "joining": joined, **await load.run(seconds)}


def main() -> None:
    mode, door, address, rooms, seconds, pid = sys.argv[1:]
    seams.install([address])
    print(json.dumps(asyncio.run(measure(mode, door, int(rooms), float(seconds), int(pid)))), flush=True)
    os._exit(0)  # hundreds of connections need no goodbye


if __name__ == "__main__":
    main()
