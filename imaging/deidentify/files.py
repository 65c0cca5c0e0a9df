"""Where copies lie on disk: a folder each, so that giving one up leaves nothing of it behind."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

from imaging import store

ARCHIVE = "copy.zip"


def folder_of(copy_id: str) -> Path:
    """A copy's own folder, made when missing."""
    path = store.folder("copies") / copy_id
    path.mkdir(exist_ok=True)
    return path


def teaching_folder(teaching_id: str) -> Path:
    """A teaching copy's own folder, made when missing."""
    path = store.folder("teaching") / teaching_id
    path.mkdir(exist_ok=True)
    return path


def keep(source: Path, folder: Path, name: str) -> None:
    """Copy a file into a folder, whole or not at all. Raises Refusal("storage_full")."""
    with store.refusing_when_full():
        new = folder / f".new-{name}"
        with source.open("rb") as original, new.open("wb") as file:
            shutil.copyfileobj(original, file, 1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, folder / name)


def pack(folder: Path, members: list[tuple[Path, str]], words: str) -> int:
    """Write the archive of these files and a README; returns its size in bytes. The same files give the same bytes."""
    with store.refusing_when_full():
        new = folder / ".new-archive"
        with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("README.txt"), words)  # of 1980: the day of making is nobody's business
            for path, name in members:
                told = zipfile.ZipInfo(name)
                told.compress_type = zipfile.ZIP_DEFLATED
                with path.open("rb") as source, archive.open(told, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, 1024 * 1024)
        store.sync(new)
        os.replace(new, folder / ARCHIVE)
    return (folder / ARCHIVE).stat().st_size


def drop(folder: Path) -> None:
    """Remove a folder and all in it."""
    shutil.rmtree(folder, ignore_errors=True)


def drop_matching(folder: Path, pattern: str) -> None:
    """Remove the files of a folder whose names match."""
    for path in folder.glob(pattern):
        path.unlink(missing_ok=True)


def hand_over(copy_id: str, teaching_id: str) -> None:
    """Give a copy's archive and its small pictures to a teaching copy. Raises Refusal("storage_full").

    By a second name, since nobody writes to them again: somebody waits, and copying takes as long as they are large.
    """
    source, target = folder_of(copy_id), teaching_folder(teaching_id)
    for path in [source / ARCHIVE, *source.glob("*-shown.webp")]:
        try:
            os.link(path, target / path.name)
        except OSError:  # a file system without such names
            keep(path, target, path.name)
