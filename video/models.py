"""What is kept of a call: when people talked. Never what they said, nor how their browsers found each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc, new_id

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
