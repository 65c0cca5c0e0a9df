"""The stage's own page: built from the product's sources, with pictures that the product's own code made."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.browser.viewport.gallery_server import GalleryServer
from tests.browser.viewport.pictures import Gallery, make_all

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Every picture, made once."""
    return make_all(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="session")
def stage_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of this folder, built as the product's pages are."""
    out = tmp_path_factory.mktemp("stage-client")
    vite = ROOT / "static/node_modules/vite/bin/vite.js"
    config = HERE / "vite.config.mjs"
    command = ["node", str(vite), "build", "--config", str(config), "--outDir", str(out), "--logLevel", "warn"]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "NODE_NO_WARNINGS": "1"})
    shutil.copy(HERE / "page.html", out / "page.html")
    return out


@pytest.fixture
def pictures(stage_client: Path, gallery: Gallery) -> Iterator[GalleryServer]:
    server = GalleryServer({"/app/": stage_client, "/pictures/": gallery.folder})
    yield server
    server.stop()


@pytest.fixture(scope="session")
def webgl_chromium(chromium: Browser) -> Iterator[Browser]:
    """A browser that draws WebGL by its own software, wherever it runs: what it draws is what graphics cards must."""
    arguments = [one for one in CHROMIUM_ARGUMENTS if one != "--disable-gpu"]
    software = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    browser = chromium.browser_type.launch(executable_path=chromium_path(), args=[*arguments, *software])
    yield browser
    browser.close()


@pytest.fixture
def stage(request: pytest.FixtureRequest, chromium: Browser, pictures: GalleryServer) -> Iterator[Callable[..., Page]]:
    """Opens the page for people (0 treating doctor, 1 specialist, 2 patient); what it complains of fails the test.

    A query that asks for WebGL is opened in the browser that has it.
    """
    contexts = []
    complaints: list[str] = []

    def open_page(people: str = "0", query: str = "", width: int = 800, height: int = 900, **options: object) -> Page:
        browser = request.getfixturevalue("webgl_chromium") if "renderer=webgl" in query else chromium
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{pictures.address}/app/page.html?people={people}{query}")
        page.wait_for_function("window.people?.every((one) => one.handle.debug().synced)")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
