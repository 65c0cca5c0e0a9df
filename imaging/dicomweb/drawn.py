"""Pictures that were drawn for a client, kept for a day: viewers ask for the same ones again, and one after the other.

They lie beside the renditions by the SHA-256 of their original, and may be forgotten at any moment.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from app import config
from imaging import store
from imaging.models import RENDITION_VERSION

KEPT_SECONDS = 86_400
MOST_BYTES = 1024**3  # of all; the oldest go first
_LARGEST = 8 * 1024 * 1024


def _folder(sha256: str) -> Path:
    return config.current().data_dir / "drawn" / sha256[:2] / sha256[2:]


def _place(sha256: str, frame_index: int, looks: dict[str, Any]) -> Path:
    said = json.dumps([RENDITION_VERSION, frame_index, looks], sort_keys=True)
    return _folder(sha256) / hashlib.sha256(said.encode()).hexdigest()[:32]


def find(sha256: str, frame_index: int, looks: dict[str, Any]) -> bytes | None:
    """The frame as it was drawn with these looks (`pictures.read_looks`, and the kind), or None."""
    try:
        return _place(sha256, frame_index, looks).read_bytes()
    except FileNotFoundError:
        return None


def keep(sha256: str, frame_index: int, looks: dict[str, Any], content: bytes) -> None:
    """Keep a drawn frame, unless there is no room for what can be made again."""
    if len(content) > _LARGEST or not store.has_room_for(len(content)):
        return
    target = _place(sha256, frame_index, looks)
    with contextlib.suppress(OSError):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, target)


def drop(sha256: str) -> None:
    """Forget what was drawn of an original that is not kept."""
    shutil.rmtree(_folder(sha256), ignore_errors=True)


def sweep() -> None:
    """Forget what is older than a day, and the oldest of more than MOST_BYTES."""
    root = config.current().data_dir / "drawn"
    found: list[tuple[float, int, Path]] = []
    for path in root.glob("*/*/*"):
        with contextlib.suppress(OSError):
            said = path.stat()
            found.append((said.st_mtime, said.st_size, path))
    left = sum(size for _made, size, _path in found)
    oldest = time.time() - KEPT_SECONDS
    for made, size, path in sorted(found):
        if made >= oldest and left <= MOST_BYTES:
            break
        left -= size
        path.unlink(missing_ok=True)
    for folder in [*root.glob("*/*"), *root.glob("*")]:
        with contextlib.suppress(OSError):
            folder.rmdir()  # where it is empty
