"""Where a recording's sealed files lie: `DATA_DIR/recordings/<recording>/`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from app import config, native_threads


def folder_of(recording_id: str) -> Path:
    """The folder of one recording; made if it is not there."""
    folder = config.current().data_dir / "recordings" / recording_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def segment(recording_id: str, segment_id: str) -> Path:
    """One stream as a relay sealed it, whole."""
    return folder_of(recording_id) / f"{segment_id}.sealed"


def coming(recording_id: str, segment_id: str) -> Path:
    """The same, as far as it has come."""
    return folder_of(recording_id) / f"{segment_id}.coming"


def mix(recording_id: str) -> Path:
    """What is listened to."""
    return folder_of(recording_id) / "mix.sealed"


def remove(recording_id: str) -> None:
    """Everything of one recording. Harmless to repeat."""
    shutil.rmtree(config.current().data_dir / "recordings" / recording_id, ignore_errors=True)


def sync_folder(path: Path) -> None:
    """Bring a folder's names to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        native_threads.run(os.fsync, handle)
    finally:
        os.close(handle)
