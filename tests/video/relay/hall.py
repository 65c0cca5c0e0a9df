"""Rooms in this process, with callers who send and count: for tests and loads of the relay without browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiortc import RTCConfiguration

from app import clock
from tests.video.relay.caller import Caller
from tests.video.relay.door import SECRET
from tests.video.relay.janus import ADMIN_KEY, API_SECRET
from video import tickets
from video.relay.admission import Admission
from video.relay.connection import PLAIN
from video.relay.engine import MediaEngine
from video.relay.janus import Janus
from video.relay.janus_rooms import JanusRooms
from video.relay.rooms import TICK_SECONDS, Rooms
from video.tickets import Purpose

VOICE_EVERY, PICTURE_EVERY = 0.02, 0.04
PATIENCE = 10.0


def ticket(who: str, purpose: Purpose = "publish", whom: str = "", **changes: Any) -> str:
    """A ticket as the web process makes it; `changes`: another room, route, secret or time."""
    named: dict[str, Any] = {"room": "room", "session": "s", "route": "route", **changes}
    secret, now = named.pop("secret", SECRET), named.pop("now", None) or clock.now()
    return tickets.make(secret, now, participant=who, purpose=purpose, publisher=whom, **named)


class Hall:
    """The rooms, and everybody who was brought in."""

    def __init__(self, janus_url: str = "") -> None:
        self.told: list[tuple[str, str]] = []
        self._janus = Janus(janus_url, API_SECRET, lambda: None) if janus_url else None
        self.rooms = Rooms(SECRET, RTCConfiguration(iceServers=[]), clock.now, self._tell)
        self.engine: MediaEngine = self.rooms
        if self._janus is not None:
            self.engine = JanusRooms(self._janus, Admission(SECRET, clock.now), self._tell, ADMIN_KEY)
        self.callers: list[Caller] = []
        self.talking: list[asyncio.Task[None]] = []

    def _tell(self, event: Any, of: tickets.Ticket) -> None:
        self.told.append((event, of.participant))

    async def enter(self, text: str, sends: bool, tracks: Any = PLAIN) -> Caller:
        """A caller with this ticket, connected."""
        caller = Caller(sends, ["audio" if one == "voice" else "video" for one in tracks])
        self.callers.append(caller)
        if sends or self._janus is None:
            _, found = await self.engine.open(text, await caller.offer(), tracks)
            await caller.take_answer(found.sdp)
        else:
            of, found = await self.engine.open(text, "", tracks)
            await self.engine.answered(of.room, of.participant, of.publisher, await caller.answer(found.sdp))
            await caller.finish()
        return caller

    async def publish(self, who: str, tracks: Any = PLAIN, **changes: Any) -> Caller:
        """Somebody who sends, and goes on sending a voice and key frames."""
        caller = await self.enter(ticket(who, **changes), True, tracks)
        self.talking.append(asyncio.ensure_future(self._talk(caller)))
        return caller

    async def receive(self, who: str, whom: str, tracks: Any = PLAIN, **changes: Any) -> Caller:
        """Somebody who receives."""
        return await self.enter(ticket(who, "subscribe", whom, **changes), False, tracks)

    async def _talk(self, caller: Caller) -> None:
        for turn in range(100_000):
            if caller.peer.connectionState != "connected":
                return
            for section in range(len(caller.names)):
                caller.send(section, turn * 960, 100, begins=section > 0)
            await asyncio.sleep(VOICE_EVERY)

    async def until(self, condition: Callable[[], Any]) -> None:
        """Wait for a condition; TimeoutError when it does not come."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    async def tick(self) -> None:
        while True:
            self.engine.tick(asyncio.get_running_loop().time())
            await asyncio.sleep(TICK_SECONDS)

    async def run(self) -> None:
        """Begin."""
        if self._janus is not None:
            self._client = aiohttp.ClientSession()
            await self._janus.connect(self._client)
        self.talking.append(asyncio.ensure_future(self.tick()))

    async def end(self) -> None:
        for task in self.talking:
            task.cancel()
        await asyncio.gather(*(one.close() for one in self.callers), self.engine.close())
        if self._janus is not None:
            await self._client.close()


@asynccontextmanager
async def hall(janus_url: str = "") -> AsyncIterator[Hall]:
    """Rooms that are ticked, and ended; our own, or those of the Janus at this address."""
    made = Hall(janus_url)
    await made.run()
    try:
        yield made
    finally:
        await made.end()
