"""Bytes of instances: read from the originals as they are, or made in the sandbox, a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.errors import NidaanError
from imaging import sandbox, store
from imaging.dicomweb import drawn
from imaging.models import Instance
from imaging.refusals import Refusal

PIECE = 256 * 1024
MOST_AT_ONCE = 2  # files open in the sandbox for this door: the cores belong to the calls
PATIENCE_SECONDS = 30.0
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


class Busy(NidaanError):
    """Too many pictures are being made at this moment."""

    code = "busy"


def original_of(instance: Instance) -> Path:
    """Where the original lies. Raises Refusal("lost_bytes")."""
    path = store.path_of("originals", instance.sha256 or "")
    if not instance.sha256 or not path.exists():
        raise Refusal("lost_bytes")
    return path


def pieces(path: Path, spans: list[tuple[int, int]] | None = None) -> Iterator[bytes]:
    """A file, or spans of it (offset, length), in pieces."""
    with path.open("rb") as file:
        for offset, length in spans if spans is not None else [(0, path.stat().st_size)]:
            file.seek(offset)
            left = length
            while left > 0 and (piece := file.read(min(PIECE, left))):
                left -= len(piece)
                yield piece


@contextmanager
def place() -> Iterator[None]:
    """One of the few places in the sandbox. Raises Busy when none comes free."""
    if not _places.acquire(timeout=PATIENCE_SECONDS):
        raise Busy("Too many pictures are being made at this moment. Try again shortly.")
    try:
        yield
    finally:
        _places.release()


@contextmanager
def made(instance: Instance, what: str, **request: Any) -> Iterator[dict[int, Path]]:
    """Files that the sandbox makes of an original, by number, until the block ends. Raises Refusal, Busy."""
    path = original_of(instance)
    with store.refusing_when_full(), store.workspace() as workspace:
        with place():
            events = list(sandbox.run("dicomweb", path, workspace, {"do": what, **request}))
        files = {event["number"]: workspace / event["file"] for event in events if event["event"] == "part"}
        if not files:
            raise Refusal("crashed")
        yield files


def made_bytes(instance: Instance, what: str, **request: Any) -> bytes:
    """The one file that the sandbox makes. Raises Refusal, Busy."""
    with made(instance, what, **request) as files:
        return next(iter(files.values())).read_bytes()


def picture(instance: Instance, frame_index: int, looks: dict[str, Any], *, ahead: int = 0) -> bytes:
    """A frame drawn with `looks` (`pictures.read_looks`, and its kind), as it was drawn before or in the sandbox.

    `ahead`: how many of the frames after it are drawn in the same go, for whoever asks for them next.

    Raises Refusal, Busy.
    """
    sha256 = instance.sha256 or ""
    known = drawn.find(sha256, frame_index, looks) if sha256 else None
    if known is not None:
        return known
    frames = list(range(frame_index, frame_index + 1 + ahead))
    with made(instance, "picture", frames=frames, **looks) as files:
        contents = {number: path.read_bytes() for number, path in files.items() if number in frames}
    if frame_index not in contents:
        raise Refusal("crashed")
    for number, content in contents.items():
        drawn.keep(sha256, number, looks, content)
    return contents[frame_index]
