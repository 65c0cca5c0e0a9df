"""What is kept of a call: when people talked. Never what they said, nor how their browsers found each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Float, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc, new_id

PATHS = ("direct", "turn", "relay")
RUNGS = ("picture", "small_picture", "stills", "voice", "text", "question")
LINKS = ("good", "weak", "lost", "no_path")
_OPEN = text("ended_at is null")


class CallSpan(Base):
    """A stretch of time with two or more members in a consult's call.

    `heartbeat_at` moves while the span is open, so that a span that a crash left open ends where it was last known to
    run. `consult_id` names the room; this subject knows nothing else of the consult.
    """

    __tablename__ = "call_span"
    __table_args__ = (
        CheckConstraint("heartbeat_at >= started_at", name="heartbeat"),
        CheckConstraint("ended_at is null or ended_at >= started_at", name="ended"),
        Index("ix_call_span_open", "consult_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(String(32), index=True)
    started_at: Mapped[datetime] = mapped_column(Utc)
    heartbeat_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)


class CallData(Base):
    """Bytes that one participant's device spent on a consult's calls in one month, both ways, by what for.

    `month` is "YYYY-MM" in UTC; `facility_id` whose allowance it came from, None for guests on their own phones.
    """

    __tablename__ = "call_data"
    __table_args__ = (UniqueConstraint("consult_id", "participant_id", "month"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(String(32), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    facility_id: Mapped[str | None] = mapped_column(String(32))
    month: Mapped[str] = mapped_column(String(7))
    voice: Mapped[int] = mapped_column(BigInteger, default=0)
    video: Mapped[int] = mapped_column(BigInteger, default=0)
    images: Mapped[int] = mapped_column(BigInteger, default=0)


Index("ix_call_data_allowance", CallData.facility_id, CallData.month)


class CallSample(Base):
    """How one member's link to another was at one moment, as the member's own browser measured it.

    Rates are bits per second, `round_trip` and `jitter` milliseconds, `loss_in`, `loss_out` and `concealed` shares of
    1. `link` says in a word what the person lived through; `no_path` is a link that never came to be.
    """

    __tablename__ = "call_sample"
    __table_args__ = (
        CheckConstraint(f"path in {PATHS!r}", name="path"),
        CheckConstraint(f"rung in {RUNGS!r}", name="rung"),
        CheckConstraint(f"link in {LINKS!r}", name="link"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(String(32), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    other_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Utc)
    link: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(8))
    rung: Mapped[str] = mapped_column(String(16))
    loss_in: Mapped[float] = mapped_column(Float)
    loss_out: Mapped[float] = mapped_column(Float)
    concealed: Mapped[float] = mapped_column(Float)
    round_trip: Mapped[int | None]
    jitter: Mapped[int | None]
    voice_in: Mapped[int]
    voice_out: Mapped[int]
    picture_in: Mapped[int]
    picture_out: Mapped[int]
