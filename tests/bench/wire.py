"""A page's socket without a page: Engine.IO 4 and Socket.IO 5 over a web socket, just enough to load a server.

A client library costs more than the server it would measure; thousands of these fit one process. Every byte is counted.
Sources: RFC 6455 section 5; socket.io-protocol 5 (packets 0, 1, 2, 3, 5, 6; binary attachments follow their packet).
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Callable
from typing import Any

Answered = Callable[[dict[str, Any]], None]
_TEXT, _BINARY = 0x1, 0x2


class Socket(asyncio.Protocol):
    """One connection; `heard(name, content)` is told each fact, with None in the place of binary parts."""

    def __init__(self, heard: Callable[[str, Any], None]) -> None:
        self.sent_bytes = self.received_bytes = 0
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False
        self._heard = heard
        self._buffer = bytearray()
        self._upgraded = False
        self._answers: dict[int, Answered] = {}
        self._next_id = 0
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, port: int, cookie: str, heard: Callable[[str, Any], None]) -> Socket:
        """Connect to the default namespace as whoever the cookie says."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(lambda: cls(heard), "127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        protocol._write(
            (
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\n\r\n"
            ).encode()
        )
        await asyncio.wait_for(protocol.open, 60)
        return protocol

    def ask(self, command: str, message: dict[str, Any], answered: Answered) -> None:
        """Send a command; at most one value of the message is bytes."""
        self._next_id += 1
        self._answers[self._next_id] = answered
        binary = next((value for value in message.values() if isinstance(value, bytes)), None)
        placeholder = {"_placeholder": True, "num": 0}
        shown = {name: placeholder if isinstance(value, bytes) else value for name, value in message.items()}
        body = json.dumps([command, shown], separators=(",", ":"))
        self._frame(_TEXT, f"4{'2' if binary is None else '51-'}{self._next_id}{body}".encode())
        if binary is not None:
            self._frame(_BINARY, binary)

    def hang_up(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.open.done():
            self.open.set_exception(ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self.received_bytes += len(data)
        self._buffer += data
        if not self._upgraded:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                self.open.set_exception(ConnectionError(head.decode(errors="replace")[:200]))
                return
            self._upgraded, self._buffer = True, bytearray(rest)
        while self._next_frame():
            pass

    def _next_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, at = buffer[1] & 0x7F, 2
        if length >= 126:
            at = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:at], "big")
        if len(buffer) < at + length or (at > 2 and len(buffer) < at):
            return False
        kind, payload = buffer[0] & 0x0F, bytes(buffer[at : at + length])
        del buffer[: at + length]
        if kind == _TEXT:
            self._packet(payload.decode())
        return True

    def _packet(self, packet: str) -> None:
        if packet[0] == "2":
            self._frame(_TEXT, b"3")
        elif packet[0] == "0":
            self._frame(_TEXT, b"40")
        elif packet.startswith("40"):
            self.open.set_result(None)
        elif packet[:2] in ("42", "43", "45", "46"):
            self._event(packet[1:])

    def _event(self, packet: str) -> None:
        is_answer = packet[0] in "36"
        head, bracket, rest = packet[1:].partition("[")
        number = head.rpartition("-")[2]
        content = json.loads(bracket + rest)
        if is_answer:
            self._answers.pop(int(number))(content[0])
        else:
            self._heard(content[0], content[1] if len(content) > 1 else None)

    def _frame(self, kind: int, payload: bytes) -> None:
        length = len(payload)
        head = bytes([0x80 | kind])
        if length < 126:
            head += bytes([0x80 | length])
        else:
            head += bytes([0x80 | 126]) + length.to_bytes(2, "big") if length < 65536 else b"\xff" + length.to_bytes(8)
        self._write(head + b"\0\0\0\0" + payload)  # a mask of zeros: allowed, and it costs nothing

    def _write(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        assert self._transport is not None
        self._transport.write(data)
