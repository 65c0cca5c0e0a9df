"""A relay in a process of its own, with a plain door for tests and loads: one JSON request a line, one reply a line.

`python -m tests.video.relay.door PORT [ADDRESS]`: {"do": "open", "ticket": ..., "offer": ...} -> {"answer": ...} or
{"error": code}; {"do": "remove", "room": ..., "participant": ...}; anything else tells what there is.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from aiortc import RTCConfiguration

from app import clock
from video.relay import seams
from video.relay.admission import Full
from video.relay.connection import PLAIN
from video.relay.rooms import TICK_SECONDS, Rooms
from video.tickets import BadTicket

SECRET = "only for tests"


class Door:
    """The door to one process's rooms."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, str]] = []
        self.rooms = Rooms(
            SECRET,
            RTCConfiguration(iceServers=[]),
            clock.now,
            lambda event, ticket: self.events.append((event, ticket.participant, ticket.publisher)),
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it goes."""
        while line := await reader.readline():
            writer.write(json.dumps(await self._do(json.loads(line))).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if request["do"] == "open":
                tracks = request.get("tracks", PLAIN)
                return {"answer": (await self.rooms.open(request["ticket"], request["offer"], tracks))[1].sdp}
        except (BadTicket, Full, ValueError) as error:
            return {"error": str(error) or type(error).__name__}
        if request["do"] == "remove":
            await self.rooms.remove(request["room"], request["participant"])
        return {"events": self.events, "rooms": self._described()}

    def _described(self) -> dict[str, Any]:
        return {
            name: {
                "publishers": {
                    who: {track: [one.packets, one.lost] for track, one in publisher.streams.items()}
                    | {"estimate": publisher.estimate, "limit": publisher.limit}
                    for who, publisher in room.publishers.items()
                },
                "subscribers": {
                    f"{who}<{source}": {track: [one.packets, one.repairs] for track, one in subscriber.streams.items()}
                    | {"estimate": subscriber.estimate, "round_trip": subscriber.round_trip}
                    for (who, source), subscriber in room.subscribers.items()
                },
            }
            for name, room in self.rooms.all.items()
        }

    async def run(self, port: int) -> None:
        """Serve until killed."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", port, limit=1 << 20)
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        async with server:
            while True:
                self.rooms.tick(loop.time())
                await asyncio.sleep(TICK_SECONDS)


if __name__ == "__main__":
    seams.install(sys.argv[2:] or ["127.0.0.1"])
    asyncio.run(Door().run(int(sys.argv[1])))
