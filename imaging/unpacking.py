"""Inside the sandbox: a zip's pictures are written out under numbers, and everything else is only counted.

No name of the archive is ever a path: entry 7 is written to `entry-7`, whatever it calls itself. What comes out is
counted as it comes, not believed from the list. (PKWARE APPNOTE 6.3: section 4.4.4 for locked entries.)
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from imaging import limits
from imaging.detection import detect
from imaging.plain_text import clean_file_name
from imaging.refusals import Refusal, refusing

Say = Callable[[dict[str, Any]], None]
_PIECE = 1024 * 1024
_HEAD = 4096
_LOCKED = 1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_DIRECTORY_CLASS = b"1.2.840.10008.1.3.10"  # a DICOMDIR is an index, not a picture: PS3.4 annex B


def unpack(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Write a zip's pictures into `workspace`; an event for each entry: "picture" (name, file, size) or "left" (why).

    `request` has `most_file_bytes`. Raises Refusal: archive_damaged, archive_too_many, archive_too_much.
    """
    with refusing("archive_damaged"), zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _refuse_bombs(entries)
        left = limits.MAX_ARCHIVE_BYTES
        for number, entry in enumerate(entries):
            target = workspace / f"entry-{number}"
            why = _write(archive, entry, target, min(left, int(request["most_file_bytes"])))
            if why is None:
                size = target.stat().st_size
                left -= size
                say({"event": "picture", "name": clean_file_name(entry.filename), "file": target.name, "size": size})
            else:
                target.unlink(missing_ok=True)
                say({"event": "left", "why": why})


def _refuse_bombs(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > limits.MAX_ARCHIVE_ENTRIES:
        raise Refusal("archive_too_many", most=limits.MAX_ARCHIVE_ENTRIES)
    size, packed = sum(entry.file_size for entry in entries), sum(entry.compress_size for entry in entries)
    if size > max(limits.FREE_ARCHIVE_BYTES, min(limits.MAX_ARCHIVE_BYTES, limits.MAX_ARCHIVE_RATIO * packed)):
        raise Refusal("archive_too_much")


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> str | None:
    """Write one entry; None, or why it is left out: locked, odd, damaged, too_big, other."""
    if entry.flag_bits & _LOCKED:
        return "locked"
    if entry.compress_type not in _METHODS:
        return "odd"
    if _is_of_the_system(entry.filename):
        return "other"
    try:
        with archive.open(entry) as source, target.open("wb") as file:
            if not _begins_as_picture(source, file, target):
                return "other"
            return _copy(source, file, most - _HEAD, entry.file_size)
    except OSError:
        raise  # a full disk is not the archive's fault
    except Exception:  # zipfile raises anything on damage: BadZipFile, zlib.error, EOFError, NotImplementedError
        return "damaged"


def _is_of_the_system(name: str) -> bool:
    return "__MACOSX/" in name or name.rsplit("/", 1)[-1].startswith("._")


def _begins_as_picture(source: IO[bytes], file: IO[bytes], target: Path) -> bool:
    head = source.read(_HEAD)
    file.write(head)
    file.flush()
    if head[128:132] == b"DICM" and _DIRECTORY_CLASS in head:
        return False
    try:
        detect(target)
    except Refusal:
        return False
    return True


def _copy(source: IO[bytes], file: IO[bytes], left: int, told: int) -> str | None:
    count = file.tell()
    while piece := source.read(_PIECE):
        left -= len(piece)
        count += len(piece)
        if left < 0:
            return "too_big"
        if count > told:
            return "damaged"
        file.write(piece)
    return None
