"""Janus' own API over its WebSocket (https://janus.conf.meetecho.com/docs/rest.html): sessions, handles, messages.

Janus is asked by this process only. What it lets in is decided here, so its WebSocket belongs on the loopback, or
behind its `api_secret`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any, Final

import aiohttp

PLUGIN: Final = "janus.plugin.videoroom"
KEEP_ALIVE: Final = 20.0  # Janus forgets a session after 60 s
PATIENCE: Final = 10.0

log = logging.getLogger(__name__)

Message = dict[str, Any]


class JanusError(Exception):
    """Janus refused, or is gone; `code` is its own number (426: no such room)."""

    def __init__(self, reason: str, code: int = 0) -> None:
        super().__init__(reason)
        self.code = code


class Handle:
    """One connection of one participant, as Janus sees it. `happened` hears of events that nobody asked for."""

    def __init__(self, janus: Janus, number: int, happened: Callable[[Message], None]) -> None:
        self._janus = janus
        self.number = number
        self.happened = happened

    async def ask(self, body: Message, jsep: Message | None = None) -> Message:
        """The plugin's answer to a request, with its `jsep` if there is one. Raises JanusError."""
        described = {"jsep": jsep} if jsep is not None else {}
        reply = await self._janus.ask({"janus": "message", "handle_id": self.number, "body": body, **described})
        data: Message = reply.get("plugindata", {}).get("data", {})
        if "error_code" in data:
            raise JanusError(str(data.get("error")), int(data["error_code"]))
        return {**data, "jsep": reply.get("jsep")}

    async def trickle(self, candidate: Message) -> None:
        """A candidate of the browser's."""
        await self._janus.ask({"janus": "trickle", "handle_id": self.number, "candidate": candidate})

    async def detach(self) -> None:
        """End it, media and all; harmless to repeat."""
        self._janus.forget(self.number)
        try:
            await self._janus.ask({"janus": "detach", "handle_id": self.number})
        except JanusError:
            log.debug("a handle was gone already")


class Janus:
    """One session. `gone` hears when the line to Janus breaks: everything in it is over then."""

    def __init__(self, url: str, secret: str, gone: Callable[[], None]) -> None:
        self._url = url
        self._secret = secret
        self._gone = gone
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._session: int | None = None
        self._waiting: dict[str, tuple[asyncio.Future[Message], bool]] = {}  # and whether an `ack` is the answer
        self._handles: dict[int, Handle] = {}
        self._work: list[asyncio.Task[None]] = []

    async def connect(self, client: aiohttp.ClientSession) -> None:
        """Open the session. Raises JanusError, and aiohttp.ClientError while Janus is not there."""
        self._socket = await client.ws_connect(self._url, protocols=["janus-protocol"], max_msg_size=1 << 20)
        self._work = [asyncio.ensure_future(self._listen(self._socket)), asyncio.ensure_future(self._keep_alive())]
        self._session = (await self.ask({"janus": "create"}))["data"]["id"]

    async def attach(self, happened: Callable[[Message], None]) -> Handle:
        """A new handle of the VideoRoom plugin."""
        number = int((await self.ask({"janus": "attach", "plugin": PLUGIN}))["data"]["id"])
        handle = self._handles[number] = Handle(self, number, happened)
        return handle

    async def ask(self, message: Message) -> Message:
        """Janus' final answer to a request. Raises JanusError: refused, too slow, or gone."""
        socket = self._socket
        if socket is None or socket.closed:
            raise JanusError("There is no line to Janus.")
        transaction = secrets.token_hex(8)
        named = {"session_id": self._session} if self._session is not None else {}
        key = {"apisecret": self._secret} if self._secret else {}
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[transaction] = (answer, message["janus"] != "message")
        try:
            await socket.send_json({**message, **named, **key, "transaction": transaction})
            async with asyncio.timeout(PATIENCE):
                return await answer
        except (TimeoutError, ConnectionError) as error:
            raise JanusError("Janus does not answer.") from error
        finally:
            self._waiting.pop(transaction, None)

    def forget(self, number: int) -> None:
        """Nothing that happens to this handle matters any more."""
        self._handles.pop(number, None)

    async def close(self) -> None:
        """End the session; Janus ends whatever it carried."""
        for task in self._work:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type == aiohttp.WSMsgType.TEXT:
                self._heard(frame.json())
        for answer, _ in self._waiting.values():
            if not answer.done():
                answer.set_exception(JanusError("The line to Janus broke."))
        self._gone()

    def _heard(self, message: Message) -> None:
        kind = message.get("janus")
        answer, ack_is_all = self._waiting.get(str(message.get("transaction", "")), (None, False))
        if answer is None or answer.done():
            handle = self._handles.get(int(message.get("sender", 0)))
            if handle is not None:
                handle.happened(message)
        elif kind == "error":
            error = message.get("error", {})
            answer.set_exception(JanusError(str(error.get("reason")), int(error.get("code", 0))))
        elif kind != "ack" or ack_is_all:
            answer.set_result(message)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            try:
                await self.ask({"janus": "keepalive"})
            except JanusError:
                log.warning("Janus does not answer")
