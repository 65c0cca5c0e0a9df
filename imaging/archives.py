"""A whole zip that came through a door: each picture in it becomes an upload of its own, with its own result."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, config, db
from imaging import quotas, sandbox, store
from imaging.announcements import actor_of, post_upload
from imaging.models import Upload
from imaging.refusals import Refusal
from imaging.uploads import add_upload

OPENED = "opened"  # the reason code of an archive whose pictures are on their way
_MARKS = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture that was in the archive, written out in the workspace; `size` in bytes."""

    name: str
    path: Path
    size: int


def is_archive(path: Path) -> bool:
    """Whether a file begins as a zip does (APPNOTE sections 4.3.7 and 4.3.16)."""
    with path.open("rb") as file:
        return file.read(4) in _MARKS


def open_up(upload_id: str, path: Path) -> None:
    """Take an archive's pictures out of it: rows in state "checking", their bytes in the store; the archive is done.

    Safe to repeat: an entry's id follows from the archive's, so a worker that died half-way leaves nothing behind.
    Raises Refusal: archive_damaged, archive_too_many, archive_too_much, archive_locked, archive_empty, storage_full,
    case_full, facility_full.
    """
    with store.refusing_when_full(), store.workspace() as workspace:
        entries, left = _unpacked(path, workspace)
        if not entries:
            raise Refusal("archive_locked" if left["locked"] else "archive_empty", left_out=left.total())
        for number, entry in enumerate(entries):
            store.settle_upload(_id_of(upload_id, number), entry.path)
        store.sync_uploads([_id_of(upload_id, number) for number in range(len(entries))])
        try:
            _write_rows(upload_id, entries, left.total())
        except BaseException:
            for number in range(len(entries)):
                store.drop_upload(_id_of(upload_id, number))
            raise
    store.drop_upload(upload_id)


def waiting_entries(upload_id: str) -> list[str]:
    """The uploads that came in this archive and are still to be checked."""
    with db.read_session() as session:
        mine = select(Upload.id).where(Upload.parent_id == upload_id, Upload.state == "checking")
        return list(session.scalars(mine.order_by(Upload.id)))


def _unpacked(path: Path, workspace: Path) -> tuple[list[Entry], Counter[str]]:
    entries: list[Entry] = []
    left: Counter[str] = Counter()
    request = {"most_file_bytes": config.current().max_upload_bytes}
    if not store.has_room_for(path.stat().st_size):
        raise Refusal("storage_full")
    for event in sandbox.run("unpack", path, workspace, request):
        if event["event"] == "picture":
            entries.append(Entry(event["name"], workspace / Path(event["file"]).name, int(event["size"])))
        elif event["event"] == "left":
            left[event["why"]] += 1
    return entries, left


def _id_of(upload_id: str, number: int) -> str:
    return hashlib.sha256(f"{upload_id}:{number}".encode()).hexdigest()[:32]


def _write_rows(upload_id: str, entries: list[Entry], left_out: int) -> None:
    """On the disk when it returns: the archive's own bytes go next."""
    with db.write_transaction(durable=True) as session:
        archive = session.get_one(Upload, upload_id)
        _require_room(session, archive, sum(entry.size for entry in entries))
        for number, entry in enumerate(entries):
            sender = actor_of(archive)
            child = add_upload(
                session, sender, archive.case_id, entry.name, entry.size, upload_id=_id_of(upload_id, number)
            )
            child.state, child.received, child.parent_id = "checking", entry.size, upload_id
            post_upload(session, child)
        archive.state, archive.reason_code = "stored", OPENED
        archive.reason_values = {"taken": len(entries), "left_out": left_out}
        archive.updated_at = clock.now()
        detail = {"taken": len(entries), "left_out": left_out}
        audit.record(session, actor_of(archive), "open_archive", "upload", upload_id, **detail)
        post_upload(session, archive)


def _require_room(session: Session, archive: Upload, size: int) -> None:
    """The archive's own bytes are counted already and go when it is done. Raises Refusal."""
    more = size - archive.size
    reason = quotas.reason_not_to_take(session, archive.case_id, archive.facility_id, more)
    if reason is not None:
        raise Refusal(reason[0], **reason[1])
