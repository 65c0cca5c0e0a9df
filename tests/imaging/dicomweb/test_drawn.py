"""Pictures drawn for other programs: once for the same looks, the next frames of a clip with the one asked for."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import config, db
from imaging import sandbox
from imaging.dicomweb import drawn
from imaging.models import Instance
from tests.imaging import files
from tests.imaging.dicomweb.conftest import Headers, made

pytestmark = pytest.mark.usefixtures("no_children", "jobs_run_at_once")

STILL = "/dicomweb/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"
OTHER = "/dicomweb/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.2"
CLIP = "/dicomweb/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.9"
Get = Callable[..., TestResponse]


@pytest.fixture
def get(door: FlaskClient, doctor_headers: Headers, store_with: Callable[..., TestResponse]) -> Get:
    """Asks for pictures of two radiographs and a clip of twelve frames."""
    clip = files.jpeg_clip(files.numbered_frames(12), SOPInstanceUID="1.2.3.1.9", SeriesInstanceUID="1.2.3.1")
    clip.file_meta.MediaStorageSOPInstanceUID = clip.SOPInstanceUID
    target = io.BytesIO()
    clip.save_as(target, enforce_file_format=True)
    assert store_with(doctor_headers, [made(1), made(2), target.getvalue()]).status_code == 200

    def asked(path: str, accept: str | None = None) -> TestResponse:
        return door.get(path, headers={**doctor_headers, **({"Accept": accept} if accept else {})})

    return asked


@pytest.fixture
def drawings(get: Get, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Which frames the sandbox was asked to draw."""
    asked: list[list[int]] = []
    inner: Any = sandbox.run

    def run(task: str, path: Path, workspace: Path, request: Any = None) -> Iterator[dict[str, Any]]:
        if (request or {}).get("do") == "picture":
            asked.append(request["frames"])
        return iter(inner(task, path, workspace, request))

    monkeypatch.setattr(sandbox, "run", run)
    return asked


def original_of(uid: str) -> str:
    with db.read_session() as session:
        return session.query(Instance).where(Instance.sop_instance_uid == uid).one().sha256 or ""


def kept() -> list[Path]:
    return sorted(path for path in (config.current().data_dir / "drawn").rglob("*") if path.is_file())


def test_a_picture_is_drawn_once_for_the_same_looks(get: Get, drawings: list[list[int]]) -> None:
    first = get(f"{STILL}/rendered").data
    assert get(f"{STILL}/rendered").data == first
    assert get(f"{STILL}/frames/1/rendered").data == first
    assert drawings == [[0]]
    assert get(f"{STILL}/rendered?window=1000,10").data != first
    assert get(f"{STILL}/rendered", "image/png").data != first
    assert get(f"{OTHER}/rendered").status_code == 200
    assert drawings == [[0]] * 4


def test_who_goes_through_a_clip_finds_the_next_frames_drawn(get: Get, drawings: list[list[int]]) -> None:
    found = [get(f"{CLIP}/frames/{number}/rendered").data for number in range(1, 13)]
    assert drawings == [[0], list(range(1, 9)), [9, 10, 11]]
    assert len(set(found)) == 12
    drawn.drop(original_of("1.2.3.1.9"))
    assert get(f"{CLIP}/frames/6/rendered").data == found[5]
    assert get(f"{CLIP}/frames/13/rendered").status_code == 400


def test_a_picture_held_later_is_not_given_out_of_what_was_drawn_before(get: Get) -> None:
    assert get(f"{STILL}/rendered").status_code == 200
    with db.write_transaction() as session:
        for instance in session.query(Instance).where(Instance.sop_instance_uid == "1.2.3.1.1"):
            instance.hold = {"state": "open", "fields": []}
    assert get(f"{STILL}/rendered").status_code == 404


def test_what_was_drawn_is_forgotten_after_a_day_for_want_of_room_and_with_its_original(
    get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(f"{STILL}/rendered")
    get(f"{OTHER}/rendered")
    drawn.sweep()
    old, young = kept()
    os.utime(old, (0, 0))
    drawn.sweep()
    assert kept() == [young]
    monkeypatch.setattr(drawn, "MOST_BYTES", 0)
    drawn.sweep()
    assert kept() == []
    get(f"{STILL}/rendered")
    drawn.drop(original_of("1.2.3.1.1"))
    assert kept() == []
