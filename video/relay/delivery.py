"""Hands closed segments to the web process, piece by piece, and deletes them once they are safe there.

What lies in the folder is delivered, whoever wrote it: also what a killed relay left behind. Nothing in it can be read
here: the keys came with orders and were never on this disk.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any, Final

import aiohttp

from video.relay import segments
from video.relay.segments import CLOSED_ENDING

PIECE: Final = 512 * 1024
EVERY_SECONDS: Final = 2.0
LONGEST_PAUSE: Final = 60.0

log = logging.getLogger(__name__)


class Delivery:
    """One relay's way of handing segments over. `headers` prove who it is."""

    def __init__(self, folder: Path, web: str, headers: dict[str, str]) -> None:
        self._folder = folder
        self._web = web
        self._headers = headers
        self._soon = asyncio.Event()

    def soon(self) -> None:
        """A segment was closed."""
        self._soon.set()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Deliver until cancelled; what the web process does not take now is offered again, ever less often."""
        pause = EVERY_SECONDS
        while True:
            try:
                await self.once(session)
                pause = EVERY_SECONDS
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                pause = min(2 * pause, LONGEST_PAUSE)
                log.info("segments wait for the web process: %s", type(error).__name__)
            self._soon.clear()
            try:
                async with asyncio.timeout(pause):
                    await self._soon.wait()
            except TimeoutError:
                continue

    async def once(self, session: aiohttp.ClientSession) -> None:
        """Deliver everything that is closed; raises what the network raises."""
        await asyncio.to_thread(segments.left_behind, self._folder)
        for path in sorted(self._folder.glob(f"*{CLOSED_ENDING}")):
            await self._deliver(session, path)

    async def _deliver(self, session: aiohttp.ClientSession, path: Path) -> None:
        size = path.stat().st_size
        answer = await self._ask(session, "GET", path)
        reached = -1
        while answer is not None and not answer["safe"]:
            start = int(answer["received"])
            if start <= reached:
                return  # no further than before: tried again later
            reached = start
            piece = await asyncio.to_thread(_piece, path, start)
            answer = await self._ask(session, "PATCH", path, data=piece, params={"from": str(start), "size": str(size)})
        if answer is not None:
            path.unlink()

    async def _ask(self, session: aiohttp.ClientSession, method: str, path: Path, **more: Any) -> dict[str, Any] | None:
        """What the web process has of a segment by now; None where it wants nothing of it at the moment."""
        address = f"{self._web}/relay/segments/{path.stem}"
        async with session.request(method, address, headers=self._headers, **more) as answer:
            if answer.status in (200, 409):
                return dict(await answer.json())
            if answer.status == 410:  # the recording was deleted: so is this
                return {"safe": True}
            log.warning("a segment is not taken: %s", answer.status)
            return None


def _piece(path: Path, start: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(PIECE)
