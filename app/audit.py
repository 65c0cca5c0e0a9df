"""The audit log: every read and write of patient data and every sign-in, a row each, chained by hash.

Rows are written inside operations and read gates, in the same transaction as what they tell of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.actor import Actor
from app.db import Base, Utc

FIRST_HASH = "0" * 64
_CHAIN_LOCK = 0x4E494441  # PostgreSQL: one writer appends to the chain at a time


class AuditRow(Base):
    """Who did what to which object, when; `hash` covers the row and the hash of the row before it."""

    __tablename__ = "audit_row"
    __table_args__ = (Index("ix_audit_row_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Utc, index=True)
    program_id: Mapped[str] = mapped_column(String(32), index=True)
    actor_kind: Mapped[str] = mapped_column(String(8))
    actor_id: Mapped[str] = mapped_column(String(64), index=True)
    actor_name: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(64))
    object_type: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[str] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


def record(session: Session, actor: Actor, action: str, object_type: str, object_id: str, **detail: Any) -> None:
    """Append one row to the caller's transaction. `detail` holds no names, messages or pixels."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    row = AuditRow(
        at=clock.now(),
        program_id=actor.program_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        object_type=object_type,
        object_id=object_id,
        detail=json.dumps(detail, sort_keys=True, default=str),
        previous_hash=session.scalar(select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)) or FIRST_HASH,
    )
    row.hash = row_hash(row)
    session.add(row)
    session.flush()


def row_hash(row: AuditRow) -> str:
    """SHA-256 over the row's fields and the previous row's hash."""
    fields = [
        row.at.isoformat(),
        row.program_id,
        row.actor_kind,
        row.actor_id,
        row.actor_name,
        row.action,
        row.object_type,
        row.object_id,
        row.detail,
        row.previous_hash,
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


def first_broken(rows: Iterable[AuditRow]) -> int | None:
    """The id of the first row, in order, that was changed or follows a removed one; None when whole."""
    previous = FIRST_HASH
    for row in rows:
        if row.previous_hash != previous or row.hash != row_hash(row):
            return row.id
        previous = row.hash
    return None
