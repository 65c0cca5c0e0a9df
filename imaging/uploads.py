"""Uploads: made, received piece by piece, given up. Bytes that arrived are kept whatever happens to the connection.

What is promised when. A piece that was answered survives the death of this process, and so does the part of a piece
that a cut line brought: bytes go to the file unbuffered, and the file's length is the truth. Nothing is synced to the
disk here: that would stop every consult of the process for as long as the disk takes. After a power cut the sender is
told the length that is left and goes on from there; a hole that a file system leaves is found by the SHA-256. Only
"stored" promises the disk (`store.keep` syncs before it is said), so a sender keeps its own bytes until then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit, clock, config, db
from app.actor import Actor
from app.errors import Conflict, Invalid, NidaanError
from imaging import access, provisional, quotas, senders, store
from imaging.announcements import actor_of, post_upload
from imaging.models import Instance, Upload
from imaging.plain_text import clean_file_name
from imaging.reasons import sentence
from imaging.refusals import Refusal

MAX_OPEN_UPLOADS = 2000  # of one person at a time: a folder of slices is announced at once, so that previews go first
KEPT_UNFINISHED = timedelta(days=7)
KEPT_UNNEEDED = timedelta(days=1)
_PIECE = 16384  # the most that a killed process loses of what arrived: a second at 100 kbit/s
_TOLD_STEPS = 20  # the room hears of every twentieth of an upload, not of every piece


class UploadRefused(NidaanError):
    """The file itself cannot be taken; `upload` is its row, which stays listed with the reason."""

    def __init__(self, code: str, message: str, upload: Upload | None = None) -> None:
        super().__init__(message, code=code)
        self.upload = upload


class WrongOffset(Conflict):
    """The piece does not begin where the last one ended; `offset` is where it should."""

    def __init__(self, offset: int) -> None:
        super().__init__(_("The upload must continue where it stopped."), code="wrong_offset")
        self.offset = offset


class Busy(Conflict):
    """Another request is sending the same upload."""

    def __init__(self) -> None:
        super().__init__(_("This file is already being sent from another place."), code="locked")


def create(actor: Actor, case_id: str, file_name: str, size: int, sha256: str | None = None, side: str = "") -> Upload:
    """Open an upload of `size` bytes into a case; one whose bytes the case has already is "stored" at once.

    `side`: of a photographed film, where the patient's right lies (guards.sides.telling.SIDES).

    Whoever announces a file again that they have begun to send gives the same `sha256` and goes on with that upload.

    Raises NotFound, NotAllowed, Conflict("too_many_uploads"), and UploadRefused: too_big, empty_file, case_full,
    facility_full, which stay listed, and storage_full, which does not: it may be tried again later.
    """
    with db.write_transaction() as session:
        access.require_adding(session, actor, case_id)
        begun = _begun(session, actor, case_id, size, sha256)
        if begun is not None:
            return begun
        _require_few_open(session, actor)
        present = _already_here(session, case_id, sha256)
        reason = None if present else _reason_not_to_take(session, actor, case_id, size)
        upload = add_upload(session, actor, case_id, file_name, size, sha256=sha256)
        upload.side = side
        if reason is not None:
            upload.state, (upload.reason_code, upload.reason_values) = "refused", reason
        if present is not None:
            upload.state, upload.received, upload.note, upload.instance_id = "stored", size, "again", present.id
            audit.record(session, actor, "store_instance_again", "instance", present.id, upload_id=upload.id)
        post_upload(session, upload)
        session.flush()
    if reason is not None:
        raise UploadRefused(reason[0], str(sentence(*reason)), upload)
    if present is None:
        store.upload_path(upload.id).touch()
    return upload


def _begun(session: Session, actor: Actor, case_id: str, size: int, sha256: str | None) -> Upload | None:
    """The actor's own upload of the same file that is under way: a second tap, another tab, a tablet wiped clean."""
    if sha256 is None:
        return None
    own = (Upload.owner_kind == actor.kind, Upload.owner_id == actor.id, Upload.case_id == case_id)
    same = (Upload.sha256 == sha256, Upload.size == size, Upload.state.in_(("receiving", "checking")))
    return session.scalar(select(Upload).where(*own, *same).order_by(Upload.created_at).limit(1))


def _already_here(session: Session, case_id: str | None, sha256: str | None) -> Instance | None:
    """The instance in this case that was made of these very bytes."""
    if sha256 is None:
        return None
    return session.scalar(select(Instance).where(Instance.case_id == case_id, Instance.sha256 == sha256).limit(1))


def _reason_not_to_take(session: Session, actor: Actor, case_id: str, size: int) -> quotas.Reason | None:
    most = config.current().max_upload_bytes
    if size == 0:
        return "empty_file", {}
    if size > most:
        return "too_big", {"size": -(-size // 1_048_576), "most": most // 1_048_576}
    if not store.has_room_for(size):
        raise UploadRefused("storage_full", str(sentence("storage_full")))
    return quotas.reason_not_to_take(session, case_id, actor.facility_id, size)


def _require_few_open(session: Session, actor: Actor) -> None:
    mine = select(func.count()).where(Upload.owner_id == actor.id, Upload.state == "receiving")
    if (session.scalar(mine) or 0) >= MAX_OPEN_UPLOADS:
        raise Conflict(_("Too many files are being sent at once. Let some of them finish."), code="too_many_uploads")


def add_upload(
    session: Session,
    actor: Actor,
    case_id: str | None,
    file_name: str,
    size: int,
    *,
    upload_id: str = "",
    sha256: str | None = None,
) -> Upload:
    """A new row in the caller's transaction, with its audit row; whether the actor may is the caller's to ask."""
    upload = Upload(
        id=upload_id or db.new_id(),
        case_id=case_id,
        owner_kind=actor.kind,
        owner_id=actor.id,
        owner_name=actor.name,
        owner_role=actor.role,
        program_id=actor.program_id,
        facility_id=actor.facility_id,
        consult_id=actor.consult_id,
        file_name=clean_file_name(file_name),
        size=size,
        sha256=sha256,
        received=0,
        state="receiving",
        reason_values={},
        created_at=clock.now(),
        updated_at=clock.now(),
    )
    session.add(upload)
    session.flush()
    audit.record(session, actor, "start_upload", "upload", upload.id, case_id=case_id, size=size)
    return upload


def expires_at(upload: Upload) -> datetime | None:
    """When an unfinished upload is forgotten unless it goes on; None for one that is not being received."""
    return upload.updated_at + KEPT_UNFINISHED if upload.state == "receiving" else None


def status_for_sender(actor: Actor, upload_id: str) -> tuple[Upload, int]:
    """The actor's own upload and how many of its bytes are here; whoever was sending it is hung up on.

    Raises NotFound, NotAllowed.
    """
    with db.read_session() as session:
        upload = access.own_upload(session, actor, upload_id)
    senders.take_over(upload_id)
    return upload, upload.size if upload.state in {"checking", "stored"} else _bytes_here(upload_id)


def _bytes_here(upload_id: str) -> int:
    path = store.upload_path(upload_id)
    return path.stat().st_size if path.exists() else 0


def receive(
    actor: Actor,
    upload_id: str,
    offset: int,
    length: int | None,
    read: Callable[[int], bytes],
    *,
    sha256: str | None = None,
    hang_up: senders.HangUp | None = None,
) -> Upload:
    """Append a piece of `length` bytes (None: unknown) that `read(n)` gives, until it gives nothing.

    `sha256` is the whole file's, where the sender knows it only now. `hang_up` ends this request's connection.

    The upload's state is "checking" once it is whole: whoever called must then queue `jobs.ingest_upload`.
    Raises NotFound, NotAllowed, WrongOffset, Busy, Conflict (no longer receiving), Invalid (too many bytes),
    UploadRefused("storage_full", which may be tried again later).
    """
    upload, _here = status_for_sender(actor, upload_id)
    if upload.state != "receiving":
        raise Conflict(_("This upload has already ended."), code="upload_ended")
    with store.only_one(senders.lock_name(upload_id)) as mine:
        if not mine:
            raise Busy()
        here = _bytes_here(upload_id)
        if offset != here:
            raise WrongOffset(here)
        if length is not None and offset + length > upload.size:
            raise Invalid("file", _("More bytes came than the file has."))
        try:
            with senders.sending(upload_id, hang_up):
                _append(upload_id, upload.size - offset, read)
        finally:
            upload = _note_received(upload_id, sha256)
    if upload.state == "stored":
        store.drop_upload(upload_id)
    return upload


def open_to_append(path: Path) -> BinaryIO:
    """An upload's bytes, to be continued; unbuffered, so that what was written is what a restart finds."""
    return cast(BinaryIO, path.open("ab", buffering=0))


def _append(upload_id: str, left: int, read: Callable[[int], bytes]) -> None:
    try:
        with store.refusing_when_full(), open_to_append(store.upload_path(upload_id)) as file:
            while left > 0:
                piece = read(min(left, _PIECE))
                if not piece:
                    return
                left -= len(piece)
                rest = memoryview(piece)
                while rest:  # an unbuffered file may take less than it is given
                    rest = rest[file.write(rest) :]
    except Refusal as refusal:
        raise UploadRefused(refusal.code, str(sentence(refusal.code))) from refusal


def _note_received(upload_id: str, sha256: str | None) -> Upload:
    """Write down what is here; bytes on disk are the truth, the row follows them."""
    with db.write_transaction() as session:
        upload = session.get_one(Upload, upload_id)
        if upload.sha256 is None and sha256 is not None and _known_by_now(session, upload, sha256):
            return upload
        before = upload.received
        upload.received = min(upload.size, _bytes_here(upload_id))
        upload.updated_at = clock.now()
        if upload.state == "receiving" and upload.received == upload.size:
            upload.state = "checking"
        steps = (before * _TOLD_STEPS // upload.size, upload.received * _TOLD_STEPS // upload.size)
        if steps[0] != steps[1] or upload.state == "checking":
            post_upload(session, upload)
    return upload


def _known_by_now(session: Session, upload: Upload, sha256: str) -> bool:
    """Note a checksum that came after the opening; whether it says that the case has these very bytes already."""
    upload.sha256 = sha256
    present = _already_here(session, upload.case_id, sha256) if upload.state == "receiving" else None
    if present is None:
        return False
    provisional.leave_without_original(session, upload, "original_elsewhere")
    upload.state, upload.received, upload.updated_at = "stored", upload.size, clock.now()
    upload.note, upload.instance_id = "again", present.id
    audit.record(session, actor_of(upload), "store_instance_again", "instance", present.id, upload_id=upload.id)
    post_upload(session, upload)
    return True


def give_up(actor: Actor, upload_id: str) -> None:
    """Cancel an upload, or take a refused one off the list. Raises NotFound, NotAllowed, Conflict (it was stored)."""
    with db.write_transaction() as session:
        upload = access.own_upload(session, actor, upload_id)
        opened = upload.state == "stored" and upload.instance_id is None  # an archive: its pictures stand by themselves
        if upload.state in {"checking", "stored"} and not opened:
            raise Conflict(_("This file has arrived and can no longer be cancelled."), code="upload_ended")
        upload.state, upload.updated_at = "cancelled", clock.now()
        audit.record(session, actor, "cancel_upload", "upload", upload.id)
        provisional.leave_without_original(session, upload, "original_given_up")
        post_upload(session, upload)
    store.drop_upload(upload_id)


def sweep() -> int:
    """Remove bytes that no upload needs: somebody was killed before they wrote its row, or after they ended it."""
    oldest = clock.now().timestamp() - KEPT_UNNEEDED.total_seconds()
    old = [path for path in store.folder("uploads").glob("*.part") if path.stat().st_mtime < oldest]
    with db.read_session() as session:
        unneeded = [path for path in old if not _needs_bytes(session.get(Upload, path.stem))]
    for path in unneeded:
        path.unlink(missing_ok=True)
    return len(unneeded)


def _needs_bytes(upload: Upload | None) -> bool:
    if upload is None or upload.state == "stored":
        return False
    return upload.state in {"receiving", "checking"} or upload.acknowledged


def forget_abandoned() -> int:
    """Cancel uploads that nobody has continued for a week; returns how many."""
    with db.write_transaction() as session:
        old = Upload.updated_at < clock.now() - KEPT_UNFINISHED
        abandoned = list(session.scalars(select(Upload).where(Upload.state == "receiving", old)))
        for upload in abandoned:
            upload.state, upload.updated_at = "cancelled", clock.now()
            audit.record(session, actor_of(upload), "expire_upload", "upload", upload.id, received=upload.received)
            provisional.leave_without_original(session, upload, "original_expired")
            post_upload(session, upload)
    for upload in abandoned:
        store.drop_upload(upload.id)
    return len(abandoned)
