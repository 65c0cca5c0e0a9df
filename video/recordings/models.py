"""What is kept of a recording: who agreed to what and when, its stretches, its sealed files, and its mix.

The sound itself lies sealed in `DATA_DIR/recordings`; `wrapped_key` opens it and goes when the recording is deleted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc, new_id
from video.orders import TRACKS
from video.recordings.lifecycle import STATES

ANSWERS = ("asked", "yes", "no", "withdrawn")
PERSONS = ("self", "patient", "attendant")
GIVEN_BY = ("self", "patient", "guardian", "attendant")
SEGMENT_STATES = ("open", "closed", "safe", "broken")
MIX_STATES = ("none", "wanted", "made", "empty", "failed")
_OPEN = text("state in ('asking', 'recording', 'paused')")
_RUNNING = text("ended_at is null")


class Recording(Base):
    """One recording of a call, from the question to its deletion. `reason` says what ended it (`lifecycle.EVENTS`)."""

    __tablename__ = "recording"
    __table_args__ = (
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"mix_state in {MIX_STATES!r}", name="mix_state"),
        CheckConstraint("state not in ('recording', 'paused') or started_at is not null", name="started"),
        CheckConstraint("state in ('asking', 'recording', 'paused') or ended_at is not null", name="ended"),
        CheckConstraint("(state = 'deleted') = (wrapped_key is null)", name="key"),
        CheckConstraint("state != 'deleted' or (deleted_at is not null and delete_reason != '')", name="deleted"),
        CheckConstraint("mix_state != 'made' or (mix_bytes > 0 and mix_seconds > 0)", name="made"),
        Index("ix_recording_open", "consult_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(String(32), index=True)
    program_id: Mapped[str] = mapped_column(String(32), index=True)
    pictures: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(16), default="asking")
    reason: Mapped[str] = mapped_column(String(16), default="")
    text_version: Mapped[str] = mapped_column(String(32))
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_by_name: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(Utc)
    started_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    changed_at: Mapped[datetime] = mapped_column(Utc)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    mix_state: Mapped[str] = mapped_column(String(8), default="none")
    mix_bytes: Mapped[int | None] = mapped_column(BigInteger)
    mix_seconds: Mapped[float | None] = mapped_column(Float)
    mix_index: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # {at: s of sound, began: ms, seconds}
    mixed_at: Mapped[datetime | None] = mapped_column(Utc)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)
    deleted_by: Mapped[str] = mapped_column(String(64), default="")
    delete_reason: Mapped[str] = mapped_column(Text, default="")


class RecordingConsent(Base):
    """What one person answered, and to which words. Whoever sits beside a member is answered for on that screen."""

    __tablename__ = "recording_consent"
    __table_args__ = (
        CheckConstraint(f"answer in {ANSWERS!r}", name="answer"),
        CheckConstraint(f"person in {PERSONS!r}", name="person"),
        CheckConstraint(f"given_by in {GIVEN_BY!r}", name="given_by"),
        CheckConstraint("(person = 'self') = (given_by = 'self')", name="beside"),
        CheckConstraint("answer = 'asked' or answered_at is not null", name="answered"),
        CheckConstraint("(answer = 'withdrawn') = (withdrawn_at is not null)", name="withdrawn"),
        UniqueConstraint("recording_id", "participant_id", "person"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    given_by: Mapped[str] = mapped_column(String(16))
    answer: Mapped[str] = mapped_column(String(16), default="asked")
    text_version: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8), default="")
    recorded_by: Mapped[str] = mapped_column(String(64))  # the actor on whose screen it was answered
    asked_at: Mapped[datetime] = mapped_column(Utc)
    answered_at: Mapped[datetime | None] = mapped_column(Utc)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Utc)


class RecordingTake(Base):
    """A stretch without a pause. Nothing that came after `ended_at` is ever played."""

    __tablename__ = "recording_take"
    __table_args__ = (
        CheckConstraint("ended_at is null or ended_at >= started_at", name="ended"),
        Index("ix_recording_take_open", "recording_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class RecordingSegment(Base):
    """One sealed file: one stream of one participant in one take, as a relay wrote it. Its id is the relay's name."""

    __tablename__ = "recording_segment"
    __table_args__ = (
        CheckConstraint(f"state in {SEGMENT_STATES!r}", name="state"),
        CheckConstraint(f"track in {TRACKS!r}", name="track"),
        CheckConstraint("state != 'safe' or size is not null", name="safe"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    take_id: Mapped[str] = mapped_column(String(32))
    participant_id: Mapped[str] = mapped_column(String(64))
    track: Mapped[str] = mapped_column(String(16))
    began_at: Mapped[datetime] = mapped_column(Utc)
    state: Mapped[str] = mapped_column(String(8), default="open")
    size: Mapped[int | None] = mapped_column(BigInteger)
