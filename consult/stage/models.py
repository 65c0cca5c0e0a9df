"""The shared document at rest: an append-only log of updates and snapshots made by replaying it, and what was."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc


class StageUpdate(Base):
    """One accepted Yjs update, in the order the server accepted it."""

    __tablename__ = "stage_update"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id is never used again, not even by an emptied table

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(32))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Utc)


class StageSnapshot(Base):
    """The document after every update up to and with `up_to_id`."""

    __tablename__ = "stage_snapshot"

    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), primary_key=True)
    up_to_id: Mapped[int] = mapped_column(Integer)
    data: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Utc)


class StageHistory(Base):
    """An update that a compaction took out of the log, kept as it was so that a stage can be looked at again later."""

    __tablename__ = "stage_history"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # the update's own
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(32))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Utc)
