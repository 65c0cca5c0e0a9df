"""Offers that lead nowhere: whatever a browser sends, the relay keeps nothing of it."""

from __future__ import annotations

import asyncio

from aiortc import RTCConfiguration

from app import clock
from video import tickets
from video.relay.rooms import Rooms


def test_an_offer_without_media_leaves_no_room_behind() -> None:
    async def offered() -> set[str]:
        ended = asyncio.Event()
        rooms = Rooms("secret", RTCConfiguration(iceServers=[]), clock.now, lambda *_: ended.set())
        who = {"room": "room", "participant": "one", "session": "a"}
        await rooms.open(tickets.make("secret", clock.now(), purpose="publish", **who), "v=0\r\n")
        await asyncio.wait_for(ended.wait(), 20)
        return set(rooms.all)

    assert asyncio.run(offered()) == set()
