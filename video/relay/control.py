"""The relay's line to the web process: an authenticated Socket.IO client that takes commands and tells what happens."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import socketio
from aiortc import RTCConfiguration

from video import tickets
from video.orders import BadOrder
from video.relay.connection import PLAIN
from video.relay.delivery import Delivery
from video.relay.recording import News, Recorder
from video.relay.rooms import TICK_SECONDS, Event, Full, Rooms
from video.relay.segments import Writer
from video.relay.settings import Settings
from video.tickets import BadTicket, Ticket

NAMESPACE: Final = "/relay"
LOAD_EVERY: Final = 2.0
DRAIN_SECONDS: Final = 15.0

log = logging.getLogger(__name__)


class Control:
    """One relay: its rooms and its line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.rooms = Rooms(settings.secret, RTCConfiguration(iceServers=[]), _now, self._tell)
        self._line: Any = None
        self._stopped = asyncio.Event()
        self._busy_since = (time.monotonic(), time.process_time())
        self._messages: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(maxsize=1000)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = Writer(settings.folder, lambda segment: self._recorded("failed", {"segment": segment}))
        self.rooms.recorder = self._recorder = Recorder(settings.secret, self._writer, _now, self._recorded)
        key = tickets.key_of(settings.secret, settings.name)
        self._delivery = Delivery(settings.folder, settings.web, {"Authorization": f"Relay {settings.name}:{key}"})

    async def run(self) -> None:
        """Serve until `stop`; then carry the calls until they have moved, for `DRAIN_SECONDS` at most."""
        self._loop = asyncio.get_running_loop()
        async with aiohttp.ClientSession(connector=_connector(self._settings)) as session:
            self._line = socketio.AsyncClient(http_session=session, reconnection_delay=0.5, reconnection_delay_max=5)
            self._hear()
            helpers = [asyncio.ensure_future(work()) for work in (self._connect, self._tick, self._say, self._load)]
            helpers.append(asyncio.ensure_future(self._delivery.run(session)))
            await self._stopped.wait()
            await self._drain()
            self._recorder.stop_all(self._loop.time())
            await asyncio.to_thread(self._writer.finish)
            for helper in helpers:
                helper.cancel()
            await self.rooms.close()
            await self._line.disconnect()

    def stop(self) -> None:
        """Take nobody more, and end when everybody has moved."""
        self.rooms.draining = True
        self._stopped.set()

    async def _connect(self) -> None:
        auth = {"name": self._settings.name, "key": tickets.key_of(self._settings.secret, self._settings.name)}
        await self._line.connect(
            self._settings.web, auth=auth, namespaces=[NAMESPACE], transports=["websocket"], retry=True
        )

    def _hear(self) -> None:
        for name, handler in (
            ("open", self._open),
            ("candidate", self._candidate),
            ("remove", self._remove),
            ("hold", self._hold),
            ("record", self._record),
            ("stop_recording", self._stop_recording),
        ):
            self._line.on(name, handler, namespace=NAMESPACE)
        self._line.on("connect", self._send_load, namespace=NAMESPACE)
        self._line.on("disconnect", self._line_lost, namespace=NAMESPACE)

    async def _open(self, message: dict[str, Any]) -> None:
        said = {key: message[key] for key in ("room", "participant", "session", "purpose", "publisher", "attempt")}
        try:
            _, answer = await self.rooms.open(message["ticket"], message["offer"], message.get("tracks", PLAIN))
        except (BadTicket, Full, ValueError) as error:
            self._put({"event": "refused", **said, "code": getattr(error, "code", "full")})
            return
        self._put({"event": "answered", **said, "answer": answer})

    async def _candidate(self, message: dict[str, Any]) -> None:
        publisher = message["publisher"] if message["purpose"] == "subscribe" else None
        connection = self.rooms.connection(message["room"], message["participant"], publisher)
        found = message["candidate"]
        if connection is not None and connection.ticket.session == message["session"] and found:
            await connection.add_candidate(found["candidate"], found.get("sdpMid"), found.get("sdpMLineIndex"))

    async def _remove(self, message: dict[str, Any]) -> None:
        await self.rooms.remove(message["room"], message["participant"])

    async def _hold(self, message: dict[str, Any]) -> None:
        self.rooms.hold(message["room"], message["participant"], message["publisher"], bool(message["held"]))

    async def _record(self, message: dict[str, Any]) -> None:
        try:
            self._recorder.order(str(message["order"]), self.rooms.publishers, asyncio.get_running_loop().time())
        except BadOrder as error:
            log.warning("an order to record was refused: %s", error.code)
            self._put({"news": "refused", "code": error.code}, "recording")

    async def _stop_recording(self, message: dict[str, Any]) -> None:
        # Unsigned: whoever can say it on this line may always have less recorded.
        self._recorder.stop(str(message["room"]), asyncio.get_running_loop().time())

    async def _line_lost(self, *_reason: Any) -> None:
        self._recorder.stop_all(asyncio.get_running_loop().time())

    def _recorded(self, news: News, message: dict[str, Any]) -> None:
        """What becomes of recordings; from whichever thread."""
        if self._loop is None:
            return
        if news == "closed":
            self._loop.call_soon_threadsafe(self._delivery.soon)
        self._loop.call_soon_threadsafe(self._put, {"news": news, **message}, "recording")

    def _tell(self, event: Event, ticket: Ticket) -> None:
        named = {name: getattr(ticket, name) for name in ("room", "participant", "session", "publisher")}
        self._put({"event": event, **named})

    def _put(self, message: dict[str, Any], name: str = "media") -> None:
        try:
            self._messages.put_nowait((name, message))
        except asyncio.QueueFull:  # the line has been gone for long: the web process has moved everybody by now
            log.warning("what happens is not told any more: the line is gone")

    async def _say(self) -> None:
        while True:
            name, message = await self._messages.get()
            await self._emit(name, message)

    async def _emit(self, name: str, message: dict[str, Any]) -> None:
        try:
            await self._line.emit(name, message, namespace=NAMESPACE)
        except socketio.exceptions.SocketIOError:
            log.info("not told, the line is gone: %s", name)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.rooms.tick(loop.time())
            await asyncio.sleep(TICK_SECONDS)

    async def _load(self) -> None:
        while True:
            await asyncio.sleep(LOAD_EVERY)
            await self._send_load()

    async def _send_load(self) -> None:
        if self._line.connected:
            await self._emit("load", {**self._measure(), "draining": self.rooms.draining})

    def _measure(self) -> dict[str, Any]:
        wall, used = time.monotonic(), time.process_time()
        before, used_before = self._busy_since
        self._busy_since = (wall, used)
        rooms = self.rooms.all.values()
        return {
            "rooms": len(rooms),
            "streams": sum(len(room.subscribers) for room in rooms),
            "busy": round((used - used_before) / max(0.001, wall - before), 3),
        }

    async def _drain(self) -> None:
        await self._send_load()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self.rooms.all:
                    await asyncio.sleep(TICK_SECONDS)
        except TimeoutError:
            log.warning("stopping with %d rooms that have not moved", len(self.rooms.all))


def _connector(settings: Settings) -> aiohttp.TCPConnector:
    if settings.verify:
        return aiohttp.TCPConnector()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return aiohttp.TCPConnector(ssl=context)


def _now() -> datetime:
    return datetime.now(UTC)
