"""The hold: a picture whose file names another patient than its case, and what was decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id
from imaging.models import Instance

HOLD_STATES = ("open", "confirmed", "removed")


class Hold(Base):
    """`said` is what the file says (`FileIdentity.as_json`), `fields` what differs. Kept after it was decided."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint(f"state in {HOLD_STATES!r}", name="state"),
        CheckConstraint("state = 'open' or decided_at is not null", name="decided"),
        Index(
            "ix_hold_open",
            "instance_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)  # the case it was held out of
    fields: Mapped[list[str]] = mapped_column(JSON)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default="open")
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_by_name: Mapped[str] = mapped_column(String(200), default="")
    opened_at: Mapped[datetime] = mapped_column(Utc)
    decided_at: Mapped[datetime | None] = mapped_column(Utc)

    instance: Mapped[Instance] = relationship()
