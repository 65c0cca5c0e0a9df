"""The built client's files: their addresses in pages, and how they are served."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.assets import AssetError, Assets, install

ROOM = "src/pages/room.ts"
MANIFEST = {
    ROOM: {
        "file": "assets/room-1a.js",
        "isEntry": True,
        "imports": ["_stage.js", "_call.js"],
        "css": ["assets/room-2b.css"],
    },
    "_stage.js": {"file": "assets/stage-3c.js", "imports": ["_text.js"], "css": ["assets/stage-4d.css"]},
    "_call.js": {"file": "assets/call-5e.js", "imports": ["_text.js", "_stage.js"]},
    "_text.js": {"file": "assets/text-6f.js", "imports": [ROOM]},  # a circle, as bundlers make them
    "src/styles/site.css": {"file": "assets/site-7a.css", "isEntry": True},
}
SCRIPT = "console.log('the stage');\n" * 20


def write_manifest(folder: Path, manifest: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(manifest))
    os.utime(path, ns=(0, len(json.dumps(manifest))))  # another time for another build, whatever the clock says


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    write_manifest(folder, MANIFEST)
    (folder / "icons.json").write_text(json.dumps({"file": "assets/icons-8b.svg", "names": ["mic"]}))
    (folder / "assets/room-1a.js").write_text(SCRIPT)
    (folder / "assets/room-1a.js.br").write_bytes(b"as brotli")
    (folder / "assets/room-1a.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (folder / "assets/icons-8b.svg").write_text("<svg></svg>")
    (tmp_path / "secret.txt").write_text("not to be served")
    return folder


@pytest.fixture
def client(built: Path) -> FlaskClient:
    app = Flask(__name__, static_folder=None)
    install(app, built)
    return app.test_client()


def test_an_entry_has_its_file_its_sheets_and_what_it_imports_in_the_order_of_need(built: Path) -> None:
    assets = Assets(built)
    assert assets.url(ROOM) == "/static/assets/room-1a.js"
    assert assets.url("src/styles/site.css") == "/static/assets/site-7a.css"
    assert assets.styles(ROOM) == ["/static/assets/stage-4d.css", "/static/assets/room-2b.css"]
    assert assets.preloads(ROOM) == [
        "/static/assets/text-6f.js",
        "/static/assets/stage-3c.js",
        "/static/assets/call-5e.js",
    ]


def test_a_page_head_gets_sheets_preloads_and_the_script(built: Path) -> None:
    lines = str(Assets(built).tags(ROOM)).splitlines()
    assert lines[0] == '<link rel="stylesheet" href="/static/assets/stage-4d.css">'
    assert lines[2] == '<link rel="modulepreload" href="/static/assets/text-6f.js">'
    assert lines[-1] == '<script type="module" src="/static/assets/room-1a.js"></script>'


def test_an_icon_refers_to_the_sprite_and_an_unknown_one_is_named(built: Path) -> None:
    assets = Assets(built)
    assert assets.icon("mic") == (
        '<svg class="icon" aria-hidden="true"><use href="/static/assets/icons-8b.svg#mic"></use></svg>'
    )
    with pytest.raises(AssetError, match="There is no icon 'rocket'"):
        assets.icon("rocket")


def test_a_client_that_is_not_built_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(AssetError, match="The client is not built: run `make client`"):
        Assets(tmp_path).url(ROOM)


def test_an_entry_that_the_build_lacks_is_named(built: Path) -> None:
    with pytest.raises(AssetError, match=r"has no src/pages/moon\.ts: run `make client`"):
        Assets(built).url("src/pages/moon.ts")


def test_a_new_build_is_noticed_without_a_restart(built: Path) -> None:
    assets = Assets(built)
    assets.url(ROOM)
    write_manifest(built, {ROOM: {"file": "assets/room-new.js"}})
    assert assets.url(ROOM) == "/static/assets/room-new.js"


def test_hashed_files_are_kept_by_browsers_for_ever_and_others_asked_for_again(client: FlaskClient) -> None:
    assert client.get("/static/assets/room-1a.js").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/static/icons.json").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"as brotli"),
        ("gzip", "gzip", None),
        ("br;q=0, gzip", "gzip", None),
        ("", None, SCRIPT.encode()),
    ],
)
def test_the_smallest_form_that_the_browser_takes_is_sent(
    client: FlaskClient, accepted: str, encoding: str | None, body: bytes | None
) -> None:
    answer = client.get("/static/assets/room-1a.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Vary"] == "Accept-Encoding"
    if body is not None:
        assert answer.data == body
    else:
        assert gzip.decompress(answer.data) == SCRIPT.encode()


def test_an_unchanged_file_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/static/icons.json")
    again = client.get("/static/icons.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_the_sprite_is_an_svg(client: FlaskClient) -> None:
    assert client.get("/static/assets/icons-8b.svg").headers["Content-Type"].startswith("image/svg+xml")


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/assets",
        "/static/assets/",
        "/static/assets/none.js",
        "/static/assets/room-1a.js.br",
    ],
)
def test_nothing_but_the_built_files_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
