"""A call's own page and server, and people in it: each in a browser context of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from tests.browser.call.person import Person
from tests.browser.call.room_server import RoomServer
from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path

ROOT = Path(__file__).resolve().parents[3]
THREE_CAMERAS = "--use-fake-device-for-media-stream=device-count=3"
# The second of Chromium's fake cameras gives depth pictures, which no encoder takes; a tablet has none like it.
WITHOUT_DEPTH_CAMERA = """
  const all = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  navigator.mediaDevices.enumerateDevices = async () => (await all()).filter((one) => one.label !== 'fake_device_1');
"""


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of this folder, built from the product's own sources."""
    out = tmp_path_factory.mktemp("call-client")
    vite = ROOT / "static/node_modules/vite/bin/vite.js"
    config = Path(__file__).with_name("vite.config.mjs")
    command = ["node", str(vite), "build", "--config", str(config), "--outDir", str(out), "--logLevel", "warn"]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "NODE_NO_WARNINGS": "1"})
    return out


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """A browser with two cameras, so that there is one to change to."""
    arguments = [one for one in CHROMIUM_ARGUMENTS if not one.startswith("--use-fake-device")]
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*arguments, THREE_CAMERAS])
    yield browser
    browser.close()


@pytest.fixture
def server(client: Path, tmp_path: Path) -> Iterator[RoomServer]:
    made = RoomServer(sys.executable, client, tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def enter(chromium: Browser, server: RoomServer) -> Iterator[Callable[..., Person]]:
    """Brings someone into the room; whatever their page complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def bring(name: str, **options: Any) -> Person:
        permissions = options.pop("permissions", ["camera", "microphone"])
        asked = options.pop("asked", {})
        context = chromium.new_context(permissions=permissions, **options)
        contexts.append(context)
        context.add_init_script(WITHOUT_DEPTH_CAMERA)
        page: Page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(f"{name}: {error}"))
        return Person(name, page, server.url, **asked)

    yield bring
    for context in contexts:
        context.close()
    assert complaints == []
