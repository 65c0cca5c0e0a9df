"""A case that pictures are sent to, and what stands for the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app import db
from app.actor import Actor
from imaging import reading, sandbox, uploads
from imaging.models import Instance, Upload
from imaging.refusals import Refusal
from tests.cast import Cast
from tests.imaging import files


@pytest.fixture(autouse=True)
def fresh_looks() -> None:
    """Looks counted in one test are not counted in the next."""
    reading.forget_looks()


@pytest.fixture
def no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the sandbox's work in this process: a child for each of our own small files takes longer than the test."""

    def run(task: str, path: Path, workspace: Path, request: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        try:
            sandbox._work(task, path, workspace, request or {}, events.append)
        except Refusal as refusal:
            yield from events
            raise refusal
        yield from [*events, {"event": "done"}]

    monkeypatch.setattr(sandbox, "run", run)


@pytest.fixture
def doctor(cast: Cast) -> Actor:
    """The treating doctor of the case."""
    return cast.doctor.actor()


@pytest.fixture
def chest(tmp_path: Path) -> bytes:
    """A small radiograph."""
    pixels = np.random.default_rng(7).integers(0, 4096, (90, 80), dtype=np.uint16)
    data = files.dicom(pixels, BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096)
    return files.save(data, tmp_path / "chest.dcm").read_bytes()


@pytest.fixture
def send(cast: Cast, doctor: Actor) -> Callable[..., str]:
    """Send whole bytes into the case, up to where the worker takes over; gives the upload's id."""

    def sent(content: bytes, file_name: str = "file", actor: Actor | None = None, case_id: str | None = None) -> str:
        who = actor or doctor
        upload = uploads.create(who, case_id or cast.case.id, file_name, len(content))
        pieces = [content, b""]
        uploads.receive(who, upload.id, 0, len(content), lambda _most: pieces.pop(0))
        return upload.id

    return sent


def upload_row(upload_id: str) -> Upload:
    """The upload as it is written."""
    with db.read_session() as session:
        return session.get_one(Upload, upload_id)


def instance_row(instance_id: str | None) -> Instance:
    """The instance as it is written, its renditions loaded."""
    with db.read_session() as session:
        found = session.get_one(Instance, instance_id)
        assert found.renditions is not None
        assert found.study is not None
        assert found.frame_tiles is not None
        return found


def levels_of_commits(monkeypatch: pytest.MonkeyPatch, module: Any) -> list[int]:
    """How safe each transaction is in which `module` tells of an upload: SQLite's `synchronous`, 2 being FULL."""
    found: list[int] = []
    told = module.post_upload

    def post(session: Any, upload: Upload) -> None:
        found.append(session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one())
        told(session, upload)

    monkeypatch.setattr(module, "post_upload", post)
    return found
