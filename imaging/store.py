"""Files on disk: originals and renditions by their SHA-256, uploads by their id until they are whole.

A file is written beside its place, synced, then renamed into it: whoever finds a name finds all of its bytes.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from app import config, native_threads
from imaging.refusals import Refusal

Area = Literal["originals", "renditions"]
_PIECE = 1024 * 1024
_SYNCS_AT_ONCE = 8
_SPARE_BYTES = 64 * 1024 * 1024  # left free for the database and its log
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def folder(name: str) -> Path:
    """A folder of the data directory, made when missing."""
    path = config.current().data_dir / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def path_of(area: Area, sha256: str) -> Path:
    """Where the bytes with this hash lie."""
    return config.current().data_dir / area / sha256[:2] / sha256[2:]


def upload_path(upload_id: str) -> Path:
    """Where an upload's bytes gather."""
    return folder("uploads") / f"{upload_id}.part"


def settle_upload(upload_id: str, path: Path) -> None:
    """Make a whole file the bytes of an upload, on the disk for certain once `sync_uploads` has been called with it."""
    target = upload_path(upload_id)
    try:
        os.rename(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        shutil.copyfile(path, target)
        path.unlink()


def sync_uploads(upload_ids: Sequence[str]) -> None:
    """Have settled uploads on the disk, bytes and names; several at once, which a file system writes in one go."""
    with ThreadPoolExecutor(min(_SYNCS_AT_ONCE, max(1, len(upload_ids)))) as pool:
        list(pool.map(sync, map(upload_path, upload_ids)))
    sync(folder("uploads"))  # last: most file systems have written the names with the bytes


@contextmanager
def refusing_when_full() -> Iterator[None]:
    """Turn a full disk or quota into Refusal("storage_full")."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Refusal("storage_full") from error
        raise


def has_room_for(size: int) -> bool:
    """Whether `size` more bytes fit with something to spare."""
    return shutil.disk_usage(folder("uploads")).free > size + _SPARE_BYTES


def keep(area: Area, source: Path) -> str:
    """Keep a file's bytes under their hash and return it; `source` stays. Raises Refusal("storage_full")."""
    sha256 = hash_of(source)
    target = path_of(area, sha256)
    if target.exists():
        return sha256
    with refusing_when_full():
        target.parent.mkdir(parents=True, exist_ok=True)
        # an original's upload is never written to again; what a sandbox made, the sandbox may still hold open
        if area != "originals" or not _link(source, target):
            _copy(source, target)
        sync(target.parent)
    return sha256


def keep_still(area: Area, sha256: str, source: Path) -> None:
    """Keep bytes again that `keep` found here and somebody has dropped since: to be asked in the transaction that
    refers to them, as whoever drops them looks in one whether anything does.
    """
    if not path_of(area, sha256).exists():
        keep(area, source)


def _link(source: Path, target: Path) -> bool:
    """Give a file a second name, which costs no copy; False where the file system has no such thing."""
    sync(source)
    try:
        os.link(source, target)
    except FileExistsError:
        return True
    except OSError as error:
        if error.errno in FULL:
            raise
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file, source.open("rb") as original:
            shutil.copyfileobj(original, file, _PIECE)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def sync(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk: a rename is there only once its folder is."""
    handle = os.open(path, os.O_RDONLY)
    try:
        native_threads.run(os.fsync, handle)
    finally:
        os.close(handle)


def hash_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def drop(area: Area, sha256: str) -> None:
    """Forget bytes that nothing refers to."""
    path_of(area, sha256).unlink(missing_ok=True)


def drop_upload(upload_id: str) -> None:
    """Forget an upload's bytes."""
    upload_path(upload_id).unlink(missing_ok=True)


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder for one piece of work, gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder("workspaces"), prefix="work-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def sweep() -> None:
    """Remove what killed workers left behind and nobody can still be using."""
    oldest = time.time() - 86_400
    for path in [*folder("workspaces").glob("work-*"), *folder("locks").glob("*.lock")]:
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether the caller holds the lock `name`: given up by the kernel when the process dies, however it dies."""
    with (folder("locks") / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
