"""A relay of the test's own, and browsers that talk through it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app import clock
from tests.video.relay.door import SECRET
from tests.video.relay.process import Relay
from video import tickets
from video.tickets import Purpose

ROOM = "room"


@dataclass
class Peer:
    """A browser page as one participant."""

    name: str
    page: Page
    relay: Relay

    def ticket(self, purpose: Purpose, publisher: str = "", room: str = ROOM, secret: str = SECRET) -> str:
        return tickets.make(
            secret, clock.now(), room=room, participant=self.name, session="s", purpose=purpose, publisher=publisher
        )

    def open(self, ticket: str, name: str, publishes: bool) -> dict[str, Any]:
        """Offer the relay a connection; its reply, an answer being taken."""
        offer = self.page.evaluate("([name, publishes]) => offer(name, publishes)", [name, publishes])
        reply = self.relay.ask(do="open", ticket=ticket, offer=offer)
        if "answer" in reply:
            self.page.evaluate("([name, sdp]) => answer(name, sdp)", [name, reply["answer"]])
        return reply

    def publish(self) -> None:
        assert "answer" in self.open(self.ticket("publish"), "own", True)

    def receive(self, whom: str) -> None:
        assert "answer" in self.open(self.ticket("subscribe", whom), whom, False)

    def received(self, whom: str) -> dict[str, int]:
        found: dict[str, int] = self.page.evaluate("(name) => received(name)", whom)
        return found

    def wait_for(self, whom: str, frames: int = 1, packets: int = 1) -> None:
        """Until that much of `whom` has arrived since now."""
        self.page.evaluate("([name, frames, packets]) => more(name, frames, packets)", [whom, frames, packets])

    def still_receives(self, whom: str) -> int:
        """Packets of `whom` in half a second, once what was under way has come."""
        return int(self.page.evaluate("(name) => still(name)", whom))


@pytest.fixture
def relay() -> Iterator[Relay]:
    made = Relay()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def page_address() -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(Path(__file__).parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/page.html"
    server.shutdown()


@pytest.fixture
def peer(chromium: Browser, relay: Relay, page_address: str) -> Iterator[Callable[[str], Peer]]:
    contexts = []

    def make(name: str) -> Peer:
        context = chromium.new_context()
        contexts.append(context)
        page = context.new_page()
        page.goto(page_address)
        return Peer(name, page, relay)

    yield make
    for context in contexts:
        context.close()
