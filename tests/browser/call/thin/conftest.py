"""A call between Chromiums at both ends of a shaped link: asha in the village, bela and the server in the city."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from tests.browser.call.person import Person
from tests.browser.call.room_server import RoomServer
from tests.browser.call.thin.ears import VOICE
from tests.browser.thin_link import CITY_ADDRESS, ThinLink, launch_in, thin_link, why_not


@dataclass
class Ends:
    """The link, the server in the city, and a browser at each end."""

    link: ThinLink
    server: RoomServer
    village: Browser
    city: Browser


@pytest.fixture(scope="module")
def ends(playwright: Playwright, client: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    missing = why_not()
    if missing:
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("thin")
    with thin_link(folder) as link:
        server = RoomServer(sys.executable, client, folder, CITY_ADDRESS, link.city)
        server.start()
        village, city = (launch_in(playwright, name, server.url, folder) for name in (link.village, link.city))
        yield Ends(link, server, village, city)
        village.close()
        city.close()
        server.stop()


@pytest.fixture
def link(ends: Ends) -> Iterator[ThinLink]:
    """The link, open at the beginning."""
    ends.link.shape()
    yield ends.link
    ends.link.shape()


@pytest.fixture
def enter(ends: Ends, link: ThinLink) -> Iterator[Callable[..., Person]]:
    """Brings somebody into the room, at one end of the link; whatever their page complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def bring(name: str, **asked: Any) -> Person:
        browser = ends.village if name == "asha" else ends.city
        context = browser.new_context(permissions=["camera", "microphone"])
        contexts.append(context)
        context.add_init_script(VOICE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{name}: {error}"))
        return Person(name, page, ends.server.url, **asked)

    yield bring
    for context in contexts:
        context.close()
    assert complaints == []
