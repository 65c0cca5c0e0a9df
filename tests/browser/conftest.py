"""Real Chromium (the system's own) and the whole product for the tests in this folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.service import Service

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
]


def chromium_path() -> str:
    """The system's Chromium; `make test` installs it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("Chromium is not installed: `make test` installs it (Debian: apt-get install chromium)")
    return path


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives every browser: there can be only one of it in a process."""
    with sync_playwright() as one:
        yield one


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """One browser process; tests open contexts of their own in it."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def prepared_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the database and the demo program in it, made once: for copying, not for use."""
    made = Service(data_dir=tmp_path_factory.mktemp("prepared"))
    made.prepare()
    return made.data_dir


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, prepared_data: Path) -> Iterator[Service]:
    """The whole product with the demo program, started as `make run` does."""
    made = Service(data_dir=tmp_path_factory.mktemp("service"))
    shutil.copytree(prepared_data, made.data_dir, dirs_exist_ok=True)
    made.start()
    yield made
    made.stop()
