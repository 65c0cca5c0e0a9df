"""Notices from any process to the browsers: a row written with the fact it tells, emitted by the web process.

A lost notice never fails a job: the browser reads state again whenever it reconnects.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, Text, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.db import Base, Utc

KEPT = timedelta(days=1)
EXPECTED_SECONDS = 3.0

_expected_until = 0.0


class OutboxRow(Base):
    """One notice: `event` with `payload` for everyone in the socket room `topic`."""

    __tablename__ = "outbox_row"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id is never used again, not even by an emptied table

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(64))
    event: Mapped[str] = mapped_column(String(64))
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Utc, index=True)


def post(session: Session, topic: str, event: str, payload: dict[str, Any]) -> None:
    """Add a notice to the caller's transaction."""
    session.add(OutboxRow(topic=topic, event=event, payload=json.dumps(payload), created_at=clock.now()))


def expect_soon() -> None:
    """Somebody waits for a notice that another process is about to write: this one's carrier looks often meanwhile."""
    global _expected_until
    _expected_until = time.monotonic() + EXPECTED_SECONDS


def is_expecting() -> bool:
    """Whether `expect_soon` was called just now."""
    return time.monotonic() < _expected_until


def newest_id(session: Session) -> int:
    """Where a process that starts now begins to read."""
    return session.scalar(select(func.max(OutboxRow.id))) or 0


def read_after(session: Session, last_id: int, limit: int = 500) -> list[OutboxRow]:
    """Notices newer than `last_id`, oldest first."""
    rows = select(OutboxRow).where(OutboxRow.id > last_id).order_by(OutboxRow.id).limit(limit)
    return list(session.scalars(rows))


def forget_old(session: Session) -> None:
    """Drop notices that no browser can still be waiting for."""
    session.execute(delete(OutboxRow).where(OutboxRow.created_at < clock.now() - KEPT))
