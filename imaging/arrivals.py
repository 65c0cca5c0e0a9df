"""Whole files that come through any door but the tus one: kept for certain before the door says so.

A door writes a file anywhere in the data directory and gives it up to `take`. When that returns, the bytes and their
row are on the disk: the sender may be told to forget its own copy. Doors that wait at the same moment share one commit.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import OperationalError as SqliteError

from sqlalchemy.exc import OperationalError

from app import audit, clock, config, db
from app.actor import Actor
from app.errors import NotFound
from imaging import access, jobs, quotas, store
from imaging.announcements import post_upload
from imaging.models import Upload
from imaging.refusals import Refusal
from imaging.uploads import add_upload

log = logging.getLogger(__name__)

NO_ROOM = "refuse_for_want_of_room"


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """A whole file at a door; `path` is given up to the store, `size` is in bytes."""

    path: Path
    file_name: str

    @property
    def size(self) -> int:
        return self.path.stat().st_size


@dataclass(slots=True)
class _Waiting:
    """Files of one sender until their rows are committed."""

    sender: Actor
    case_id: str | None
    files: list[tuple[str, str, int]]  # upload's id, file name, bytes
    uploads: list[Upload] = field(default_factory=list)
    error: BaseException | None = None
    done: bool = False


def take(sender: Actor, case_id: str | None, path: Path, *, file_name: str) -> Upload:
    """Take in one whole file; returns its row in state "checking", its bytes and row safe on the disk.

    `case_id` None: it waits in the inbox of the sender's facility. `path` is moved where it lies on the same disk; it
    is left alone when anything is raised. Raises NotFound, NotAllowed, and Refusal: empty_file, too_big, storage_full,
    case_full, facility_full.
    """
    return take_all(sender, case_id, [ArrivedFile(path, file_name)])[0]


def take_all(sender: Actor, case_id: str | None, files: Sequence[ArrivedFile]) -> list[Upload]:
    """`take` for several files: all of them, or none and an error."""
    require_place(sender, case_id)
    for file in files:
        _require_size(file.size)
    _require_room(sender, case_id, sum(file.size for file in files))
    kept: list[tuple[str, ArrivedFile]] = []
    try:
        with store.refusing_when_full():
            for file in files:
                upload_id = db.new_id()
                kept.append((upload_id, file))
                store.settle_upload(upload_id, file.path)
            store.sync_uploads([upload_id for upload_id, _file in kept])
        waiting = _Waiting(sender, case_id, [(upload_id, one.file_name, _size(upload_id)) for upload_id, one in kept])
        _commit(waiting)
    except BaseException:
        for upload_id, file in kept:
            _give_back(upload_id, file.path)
        raise
    for upload in waiting.uploads:
        _queue(upload.id)
    return waiting.uploads


def require_place(sender: Actor, case_id: str | None) -> None:
    """Whether the sender may give files here at all: to the case or, without one, to the inbox of their facility.

    Raises NotFound, NotAllowed.
    """
    if sender.kind == "device":
        if case_id is not None or sender.facility_id is None:
            raise NotFound()
    elif case_id is None:
        access.require_inbox(sender)
    else:
        with db.read_session() as session:
            access.require_adding(session, sender, case_id)


def _require_size(size: int) -> None:
    most = config.current().max_upload_bytes
    if size == 0:
        raise Refusal("empty_file")
    if size > most:
        raise Refusal("too_big", size=-(-size // 1_048_576), most=most // 1_048_576)
    if not store.has_room_for(0):
        raise Refusal("storage_full")


def _require_room(sender: Actor, case_id: str | None, size: int) -> None:
    with db.read_session() as session:
        reason = quotas.reason_not_to_take(session, case_id, sender.facility_id, size)
    if reason is not None:
        refusal = Refusal(reason[0], **reason[1])
        _tell_no_room(sender, case_id, refusal)
        raise refusal


_told: dict[str, datetime] = {}
_TELL_EVERY = timedelta(minutes=1)  # a unit tries again and again; one line says it


def _tell_no_room(sender: Actor, case_id: str | None, refusal: Refusal) -> None:
    """Write down, for whoever looks after the installation, that somebody's pictures find no room."""
    now = clock.now()
    if sender.id in _told and timedelta() <= now - _told[sender.id] < _TELL_EVERY:
        return
    _told[sender.id] = now
    log.error("what %s %s sends is refused: %s %s", sender.kind, sender.id, refusal.code, refusal.values)
    full = ("case", case_id) if refusal.code == "case_full" else ("facility", sender.facility_id)
    with db.write_transaction() as session:
        audit.record(session, sender, NO_ROOM, full[0], full[1] or "", reason=refusal.code, **refusal.values)


def _size(upload_id: str) -> int:
    return store.upload_path(upload_id).stat().st_size


def _give_back(upload_id: str, path: Path) -> None:
    """Undo the move of a file that was not acknowledged."""
    kept = store.upload_path(upload_id)
    if kept.exists() and not path.exists():
        shutil.move(kept, path)


# One commit for whoever waits: the first to find the turn free writes for all who have come by then.
_gathered: list[_Waiting] = []
_gathering = threading.Lock()
_turn = threading.Lock()


def _commit(waiting: _Waiting) -> None:
    with _gathering:
        _gathered.append(waiting)
    with _turn:
        if not waiting.done:
            with _gathering:
                batch, _gathered[:] = _gathered[:], []
            _commit_batch(batch)
    if waiting.error is not None:
        raise waiting.error


def _commit_batch(batch: list[_Waiting]) -> None:
    """One transaction for all; where it fails, one for each, so that nobody fails for another's reason."""
    try:
        _write(batch)
    except Exception as error:
        if len(batch) == 1:
            batch[0].error = error
        else:
            for one in batch:
                _commit_batch([one])
    except BaseException as error:  # this thread is being stopped: nobody may believe that their files are safe
        for one in batch:
            one.error = error
        raise
    finally:
        for one in batch:
            one.done = True


def _write(batch: list[_Waiting]) -> None:
    try:
        with db.write_transaction(durable=True) as session:
            for one in batch:
                one.uploads = [
                    add_upload(session, one.sender, one.case_id, name, size, upload_id=upload_id)
                    for upload_id, name, size in one.files
                ]
                for upload in one.uploads:
                    upload.state, upload.received, upload.acknowledged = "checking", upload.size, True
                    post_upload(session, upload)
    except (OperationalError, SqliteError) as error:
        if "full" in str(error):
            raise Refusal("storage_full") from error
        raise


def _queue(upload_id: str) -> None:
    """A notice to the worker; one that is lost is found by `jobs.find_forgotten`."""
    try:
        jobs.ingest_upload(upload_id)
    except Exception:
        log.exception("upload %s could not be queued; it will be found within minutes", upload_id)
