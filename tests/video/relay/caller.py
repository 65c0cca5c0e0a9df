"""One end of the relay without a browser: sends made-up packets, or counts what arrives. Encodes and decodes nothing.

It stands on the relay's own seams (`seams.Wire`), so a process that uses it cannot use aiortc's own media.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Sequence
from typing import Any

from aiortc import RTCConfiguration, RTCSessionDescription, rtp

from video.relay import packets, seams
from video.relay.connection import usable
from video.relay.seams import Wire

STAMP = struct.Struct("!QI")  # nanoseconds when it was sent, and a count: at the end of every payload
KEY, INTER = b"\x10\x00\x00\x00\x9d\x01\x2a\x80\x02\xe0\x01", b"\x10\x01\x00\x00"  # VP8: 640 x 480


class Caller:
    """A connection to an engine. `arrived` holds (kind, seconds under way, count) of each packet that came."""

    def __init__(self, sends: bool, kinds: Sequence[str] = ("audio", "video")) -> None:
        self.peer = seams.new_connection(RTCConfiguration(iceServers=[]))
        self.sends = sends
        self._kinds = kinds
        self.wire: Wire | None = None
        self.arrived: list[tuple[str, float, int]] = []
        self.names: list[Any] = []  # (ssrc, payload type) a media section
        self.feedback = 0
        self.keyframes_asked = 0
        self._counts: list[int] = []

    async def offer(self) -> str:
        for kind in self._kinds:
            self.peer.addTransceiver(kind, direction="sendonly" if self.sends else "recvonly")
        await self.peer.setLocalDescription(await self.peer.createOffer())
        return str(self.peer.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        await self.peer.setRemoteDescription(RTCSessionDescription(usable(sdp), "answer"))
        await self._connected()

    async def answer(self, sdp: str) -> str:
        """For an engine that makes the offer; `finish` once it has the answer."""
        await self.peer.setRemoteDescription(RTCSessionDescription(usable(sdp), "offer"))
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        return str(self.peer.localDescription.sdp)

    async def finish(self) -> None:
        await self._connected()

    async def _connected(self) -> None:
        async with asyncio.timeout(20):
            for transceiver in self.peer.getTransceivers():
                side = transceiver.sender if self.sends else transceiver.receiver
                found = await seams.parameters(side)
                self.names.append((transceiver.sender._ssrc, found.codecs[0].payloadType))
        self._counts = [0] * len(self.names)
        self.wire = Wire(self.peer.getTransceivers()[0].receiver.transport, self)

    def send(self, section: int, timestamp: int, size: int, *, begins: bool = False, marker: bool = True) -> None:
        """One packet of `size` payload bytes; `begins`: the first of a key frame."""
        assert self.wire is not None
        ssrc, payload_type = self.names[section]
        count = self._counts[section]
        self._counts[section] += 1
        head = b"" if self._kinds[section] == "audio" else KEY if begins else INTER
        payload = head.ljust(size - STAMP.size, b"\0") + STAMP.pack(time.monotonic_ns(), count)
        second = payload_type | (0x80 if marker else 0)
        self.wire.send(packets.write(second, count & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc, 0, 0) + payload)

    def rtp(self, data: bytes, now: float) -> None:
        packet = packets.parse(data, 0, 0)
        if packet is not None and len(packet.payload) > STAMP.size:
            sent, count = STAMP.unpack(packet.payload[-STAMP.size :])
            kind = self._kinds[0] if packet.payload_type == self.names[0][1] else self._kinds[-1]
            self.arrived.append((kind, (time.monotonic_ns() - sent) / 1e9, count))

    def rtcp(self, data: bytes, now: float) -> None:
        self.feedback += 1
        self.keyframes_asked += data[0] & 0x1F == 1 and data[1] == 206

    def limit(self, rate: int) -> None:
        """Say that no more than so many bits a second can be received (REMB)."""
        assert self.wire is not None
        fci = rtp.pack_remb_fci(rate, [name for name, _ in self.names])
        self.wire.send_rtcp(bytes(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_APP, self.names[0][0], 0, fci=fci)))

    async def close(self) -> None:
        await self.peer.close()
