"""The peer that `tests.bench.relay` compares with: aiortc's own MediaRelay, which decodes and encodes everything anew.

`python -m tests.bench.media_relay PORT ADDRESS`: the door of `tests.video.relay.door`, the same requests and replies.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from app import clock
from tests.video.relay.door import SECRET
from video import tickets


class Door:
    """Rooms as aiortc's examples make them."""

    def __init__(self) -> None:
        self._relay = MediaRelay()
        self._tracks: dict[tuple[str, str], dict[str, Any]] = {}
        self._peers: list[RTCPeerConnection] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            request = json.loads(line)
            answer = await self._open(request) if request["do"] == "open" else ""
            writer.write(json.dumps({"answer": answer}).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _open(self, request: dict[str, Any]) -> str:
        ticket = tickets.read(SECRET, request["ticket"], clock.now())
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        if ticket.purpose == "publish":
            tracks = self._tracks[ticket.room, ticket.participant] = {}
            peer.on("track", lambda track: tracks.__setitem__(track.kind, track))
        await peer.setRemoteDescription(RTCSessionDescription(request["offer"], "offer"))
        if ticket.purpose == "subscribe":
            for track in self._tracks[ticket.room, ticket.publisher].values():
                peer.addTrack(self._relay.subscribe(track))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)


async def main(port: int, address: str) -> None:
    """Serve until killed."""
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [address]
    server = await asyncio.start_server(Door().serve, "127.0.0.1", port, limit=1 << 20)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
