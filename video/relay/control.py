"""The relay's line to the web process: an authenticated Socket.IO client that takes commands and tells what happens."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import socketio
from aiortc import RTCConfiguration

from video import tickets
from video.orders import BadOrder
from video.relay import metrics
from video.relay.admission import Admission, Full
from video.relay.connection import PLAIN
from video.relay.delivery import Delivery
from video.relay.engine import Event, MediaEngine, Reception
from video.relay.janus import Janus, JanusError
from video.relay.janus_rooms import JanusRooms
from video.relay.recording import News, Recorder
from video.relay.rooms import TICK_SECONDS, Rooms
from video.relay.segments import Writer
from video.relay.settings import Settings
from video.tickets import BadTicket, Ticket

NAMESPACE: Final = "/relay"
LOAD_EVERY: Final = 2.0
DRAIN_SECONDS: Final = 15.0
MOST_ATTEMPTS: Final = 5_000

log = logging.getLogger(__name__)


class Control:
    """One relay: its rooms and its line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._janus: Janus | None = None
        self.engine = self._make_engine()
        self._line: Any = None
        self._stopped = asyncio.Event()
        self._failed = False
        self._clockwork = metrics.Clockwork()
        self._busy_since = (time.monotonic(), time.process_time())
        self._messages: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(maxsize=1000)
        self._attempts: OrderedDict[tuple[str, str, str], int] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = Writer(settings.folder, lambda segment: self._recorded("failed", {"segment": segment}))
        self._recorder = Recorder(settings.secret, self._writer, _now, self._recorded)
        if isinstance(self.engine, Rooms):
            self.engine.recorder = self._recorder
        key = tickets.key_of(settings.secret, settings.name)
        self._delivery = Delivery(settings.folder, settings.web, {"Authorization": f"Relay {settings.name}:{key}"})

    def _make_engine(self) -> MediaEngine:
        settings = self._settings
        if settings.engine == "relay":
            return Rooms(settings.secret, RTCConfiguration(iceServers=[]), _now, self._tell)
        self._janus = Janus(settings.janus_url, settings.janus_secret, self._janus_gone)
        admission = Admission(settings.secret, _now)
        return JanusRooms(self._janus, admission, self._tell, settings.janus_admin_key)

    def _janus_gone(self) -> None:
        # Its calls are over. Without us the web process moves them at once; whoever keeps us running starts us again.
        log.error("Janus is gone")
        self._failed = True
        self._stopped.set()

    async def run(self) -> None:
        """Serve until `stop`; then carry the calls until they have moved, for `DRAIN_SECONDS` at most."""
        self._loop = asyncio.get_running_loop()
        if self._settings.metrics_port:
            metrics.serve(self._settings.metrics_port, metrics.Figures(self.engine, self._clockwork))
        async with aiohttp.ClientSession(connector=_connector(self._settings)) as session:
            self._line = socketio.AsyncClient(http_session=session, reconnection_delay=0.5, reconnection_delay_max=5)
            self._hear()
            await self._reach_janus(session)
            helpers = [asyncio.ensure_future(work()) for work in (self._connect, self._tick, self._say, self._load)]
            helpers.append(asyncio.ensure_future(self._delivery.run(session)))
            await self._stopped.wait()
            if not self._failed:
                await self._drain()
            self._recorder.stop_all(self._loop.time())
            await asyncio.to_thread(self._writer.finish)
            for helper in helpers:
                helper.cancel()
            await self._line.disconnect()
            await self.engine.close()
        if self._failed:
            raise SystemExit(1)

    async def _reach_janus(self, session: aiohttp.ClientSession) -> None:
        while self._janus is not None and not self._stopped.is_set():
            try:
                await self._janus.connect(session)
                return
            except (JanusError, aiohttp.ClientError) as error:
                log.warning("Janus is not there (%s); trying again", type(error).__name__)
                await asyncio.sleep(1)

    def stop(self) -> None:
        """Take nobody more, and end when everybody has moved."""
        self.engine.draining = True
        self._stopped.set()

    async def _connect(self) -> None:
        key = tickets.key_of(self._settings.secret, self._settings.name)
        auth = {"name": self._settings.name, "key": key, "engine": self.engine.name}
        await self._line.connect(
            self._settings.web, auth=auth, namespaces=[NAMESPACE], transports=["websocket"], retry=True
        )

    def _hear(self) -> None:
        for name, handler in (
            ("open", self._open),
            ("answered", self._answered),
            ("received", self._received),
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
        self._attempts[said["room"], said["participant"], said["publisher"]] = said["attempt"]
        if len(self._attempts) > MOST_ATTEMPTS:
            self._attempts.popitem(last=False)
        try:
            _, found = await self.engine.open(message["ticket"], message["offer"] or "", message.get("tracks", PLAIN))
        except (BadTicket, Full, ValueError) as error:
            self._put({"event": "refused", **said, "code": getattr(error, "code", "full")})
            return
        self._put({"event": "described", **said, "type": found.type, "sdp": found.sdp})

    async def _answered(self, message: dict[str, Any]) -> None:
        await self.engine.answered(message["room"], message["participant"], message["publisher"], message["sdp"])

    async def _received(self, message: dict[str, Any]) -> None:
        found = [Reception(**one) for one in message["links"]]
        self.engine.received(message["room"], message["participant"], found)

    async def _candidate(self, message: dict[str, Any]) -> None:
        publisher = message["publisher"] if message["purpose"] == "subscribe" else None
        named = (message["room"], message["participant"], publisher, message["session"])
        if message["candidate"]:
            await self.engine.candidate(*named, message["candidate"])

    async def _remove(self, message: dict[str, Any]) -> None:
        await self.engine.remove(message["room"], message["participant"])

    async def _hold(self, message: dict[str, Any]) -> None:
        self.engine.hold(message["room"], message["participant"], message["publisher"], bool(message["held"]))

    async def _record(self, message: dict[str, Any]) -> None:
        if not isinstance(self.engine, Rooms):
            log.warning("an order to record was refused: Janus carries the call, and records nothing for us")
            self._put({"news": "refused", "code": "engine_records_nothing"}, "recording")
            return
        try:
            self._recorder.order(str(message["order"]), self.engine.publishers, asyncio.get_running_loop().time())
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
        if event == "moved":
            attempt = self._attempts.get((ticket.room, ticket.participant, ticket.publisher), 0)
            refused = {"event": "refused", "purpose": ticket.purpose, "attempt": attempt, "code": "moved"}
            self._put({**refused, **named})
            return
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
            self._clockwork.beat(loop.time(), TICK_SECONDS)
            self.engine.tick(loop.time())
            await asyncio.sleep(TICK_SECONDS)

    async def _load(self) -> None:
        while True:
            await asyncio.sleep(LOAD_EVERY)
            await self._send_load()

    async def _send_load(self) -> None:
        if self._line.connected:
            await self._emit("load", {**self._measure(), "draining": self.engine.draining})

    def _measure(self) -> dict[str, Any]:
        wall, used = time.monotonic(), time.process_time()
        before, used_before = self._busy_since
        self._busy_since = (wall, used)
        return {
            **self.engine.load()._asdict(),
            "busy": round((used - used_before) / max(0.001, wall - before), 3),
        }

    async def _drain(self) -> None:
        await self._send_load()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self.engine.load().rooms:
                    await asyncio.sleep(TICK_SECONDS)
        except TimeoutError:
            log.warning("stopping with %d rooms that have not moved", self.engine.load().rooms)


def _connector(settings: Settings) -> aiohttp.TCPConnector:
    if settings.verify:
        return aiohttp.TCPConnector()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return aiohttp.TCPConnector(ssl=context)


def _now() -> datetime:
    return datetime.now(UTC)
