"""What a relay has recorded reaches the web process whole, and is deleted here only when it is safe there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from video.relay import delivery
from video.relay.delivery import Delivery

NAME = "5" * 32
DATA = bytes(range(256)) * 20


@dataclass
class WebProcess:
    """As much of the web process as a relay sees; it may lose a piece, forget, or say that the recording is gone."""

    received: bytes = b""
    cut: int = 0  # so many bytes of the next piece are kept, and the answer is lost
    status: int = 200
    asked: list[str] = field(default_factory=list)

    async def get(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["Authorization"])
        return self._told(len(DATA))

    async def patch(self, request: web.Request) -> web.Response:
        piece, start = await request.read(), int(request.query["from"])
        if self.cut:
            self.received, self.cut = self.received + piece[: self.cut], 0
            raise web.HTTPInternalServerError()
        if start != len(self.received):
            return web.json_response({"received": len(self.received), "safe": False}, status=409)
        self.received += piece
        return self._told(int(request.query["size"]))

    def _told(self, size: int) -> web.Response:
        said = {"received": len(self.received), "safe": len(self.received) == size}
        return web.json_response(said, status=self.status)


def deliver(folder: Path, there: WebProcess, times: int = 1) -> None:
    async def run(once: Callable[[Delivery, aiohttp.ClientSession], Awaitable[None]]) -> None:
        app = web.Application()
        app.router.add_get("/relay/segments/{name}", there.get)
        app.router.add_patch("/relay/segments/{name}", there.patch)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            for _ in range(times):
                await once(Delivery(folder, address, {"Authorization": "Relay one:key"}), session)
        await runner.cleanup()

    asyncio.run(run(lambda one, session: one.once(session)))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(delivery, "PIECE", 1000)
    (tmp_path / f"{NAME}.sealed").write_bytes(DATA)
    return tmp_path


def test_a_segment_is_handed_over_in_pieces_and_deleted_when_it_is_safe(folder: Path) -> None:
    there = WebProcess()
    deliver(folder, there)
    assert there.received == DATA
    assert list(folder.iterdir()) == []
    assert there.asked == ["Relay one:key"]


def test_after_a_lost_answer_it_goes_on_where_the_web_process_is(folder: Path) -> None:
    there = WebProcess(cut=300)
    deliver(folder, there)
    assert list(folder.iterdir()) != []
    deliver(folder, there)
    assert there.received == DATA
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("status", [404, 500, 503])
def test_what_is_not_taken_stays_here(folder: Path, status: int) -> None:
    deliver(folder, WebProcess(status=status), times=2)
    assert (folder / f"{NAME}.sealed").read_bytes() == DATA


def test_what_was_deleted_there_goes_here_too(folder: Path) -> None:
    deliver(folder, WebProcess(status=410))
    assert list(folder.iterdir()) == []
