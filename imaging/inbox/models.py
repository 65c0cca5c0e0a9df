"""What was decided about a study or a file of the inbox, by whom and why. Never changed, only followed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc, new_id

DECISIONS = ("attached", "detached", "discarded", "restored")


class InboxDecision(Base):
    """One decision; `object_id` is a study's id, or an upload's for a file that could not be used."""

    __tablename__ = "inbox_decision"
    __table_args__ = (CheckConstraint(f"decision in {DECISIONS!r}", name="decision"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    object_id: Mapped[str] = mapped_column(String(32), index=True)
    facility_id: Mapped[str] = mapped_column(String(32))
    decision: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_by_name: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime] = mapped_column(Utc)
