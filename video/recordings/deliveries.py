"""Segments coming in from relays: piece by piece, kept as far as they came, acknowledged when they are on the disk."""

from __future__ import annotations

import io
import logging
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from app import db, native_threads
from app.errors import NotFound, ProtocolError
from video import sealed
from video.orders import TRACKS
from video.recordings import files, jobs, queries
from video.recordings.models import Recording, RecordingSegment

MAX_PIECE: Final = 1024 * 1024
MAX_SIZE: Final = 20 * 1024**3
_ID: Final = re.compile(r"[0-9a-f]{32}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """How much of a segment is here. `safe`: all of it, on the disk; `gone`: its recording was deleted."""

    received: int
    safe: bool
    gone: bool = False


def heard(news: dict[str, Any]) -> str | None:
    """What a relay says of a segment it writes; the consult whose recording it could not go on with, if any."""
    kind, name = news.get("news"), str(news.get("segment"))
    with db.write_transaction() as session:
        if kind == "opened":
            _begin(session, news)
            return None
        found = session.get(RecordingSegment, name)
        if found is None or kind not in ("closed", "failed"):
            return None
        if found.state == "open":
            found.state = "closed"
        recording = session.get_one(Recording, found.recording_id)
        return recording.consult_id if kind == "failed" else None


def receipt(segment_id: str) -> Receipt:
    """How much of a segment is here; nothing for one that was never heard of."""
    with db.read_session() as session:
        found = session.get(RecordingSegment, segment_id)
        if found is None:
            return Receipt(0, False)
        recording = session.get_one(Recording, found.recording_id)
    if recording.state == "deleted":
        return Receipt(0, True, gone=True)
    if found.state in ("safe", "broken"):
        return Receipt(found.size or 0, True)
    if files.segment(recording.id, segment_id).exists():  # killed between the two steps of being safe
        return _settled(recording.id, segment_id)
    path = files.coming(recording.id, segment_id)
    return Receipt(path.stat().st_size if path.exists() else 0, False)


def take(segment_id: str, start: int, size: int, piece: bytes) -> Receipt | None:
    """Keep a piece; None when it does not begin where the last one ended.

    Raises NotFound for a recording that does not exist, ProtocolError for what is no segment.
    """
    if not _ID.fullmatch(segment_id) or not 0 <= start <= size <= MAX_SIZE or len(piece) > MAX_PIECE:
        raise ProtocolError("This is no piece of a segment.")
    with db.write_transaction() as session:
        found = session.get(RecordingSegment, segment_id)
        if found is None:
            found = _begin(session, _labelled(segment_id, start, piece))
        if found is None:
            raise NotFound()
        recording_id = found.recording_id
    here = receipt(segment_id)
    if here.safe or here.gone:
        return here
    if here.received != start or start + len(piece) > size:
        return None
    _append(files.coming(recording_id, segment_id), start, piece)
    if start + len(piece) < size:
        return Receipt(start + len(piece), False)
    os.replace(files.coming(recording_id, segment_id), files.segment(recording_id, segment_id))
    return _settled(recording_id, segment_id)


def _begin(session: Session, label: dict[str, Any]) -> RecordingSegment | None:
    name, track = str(label.get("segment")), str(label.get("track"))
    recording = session.get(Recording, str(label.get("recording")))
    if recording is None or not _ID.fullmatch(name) or track not in TRACKS:
        return None
    found = session.get(RecordingSegment, name)
    if found is None:
        found = RecordingSegment(
            id=name,
            recording_id=recording.id,
            take_id=str(label.get("take"))[:32],
            participant_id=str(label.get("participant"))[:64],
            track=track,
            began_at=datetime.fromtimestamp(int(label.get("began", 0)) / 1000, UTC),
        )
        session.add(found)
        session.flush()
    return found if found.recording_id == recording.id else None


def _labelled(segment_id: str, start: int, piece: bytes) -> dict[str, Any]:
    """What stands on a segment that nobody announced: its relay died before it could."""
    try:
        label, _ = sealed.label_of(io.BytesIO(piece if start == 0 else b""))
    except sealed.Broken as error:
        raise ProtocolError("This is no segment.") from error
    if label.get("segment") != segment_id:
        raise ProtocolError("This is another segment.")
    return label


def _append(path: Any, start: int, piece: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.lseek(handle, start, os.SEEK_SET)
        left = memoryview(piece)
        while left:
            left = left[os.write(handle, left) :]
        native_threads.run(os.fsync, handle)
    finally:
        os.close(handle)


def _settled(recording_id: str, segment_id: str) -> Receipt:
    path = files.segment(recording_id, segment_id)
    files.sync_folder(path.parent)
    size = path.stat().st_size
    with db.write_transaction(durable=True) as session:
        found = session.get_one(RecordingSegment, segment_id)
        found.state, found.size = "safe", size
        recording = session.get_one(Recording, recording_id)
        if recording.mix_state in ("made", "empty", "failed"):  # it came late: what is heard is made again
            recording.mix_state = "wanted"
        session.flush()
        ready = recording.mix_state == "wanted" and queries.is_complete(session, recording)
    if ready:
        jobs.mix_recording(recording_id)
    return Receipt(size, True)
