"""A view that the specialist asks for, and the files that answer it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id
from imaging.guards.retakes.lifecycle import STATES
from imaging.models import Upload


class Retake(Base):
    """What is asked (a view of a checklist, or free words), why, and how it ended."""

    __tablename__ = "retake"
    __table_args__ = (
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint("view <> '' or words <> ''", name="something_asked"),
        CheckConstraint("state <> 'declined' or reason <> ''", name="declined_with_reason"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    exam: Mapped[str] = mapped_column(String(32), default="")
    view: Mapped[str] = mapped_column(String(32), default="")
    words: Mapped[str] = mapped_column(String(200), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(16), default="asked")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it was declined
    asked_by_name: Mapped[str] = mapped_column(String(200))
    asked_at: Mapped[datetime] = mapped_column(Utc)
    ended_by_name: Mapped[str] = mapped_column(String(200), default="")
    ended_at: Mapped[datetime | None] = mapped_column(Utc)

    answers: Mapped[list[RetakeAnswer]] = relationship(back_populates="retake", order_by="RetakeAnswer.linked_at")


class RetakeAnswer(Base):
    """A file taken for the request: one on its way (`upload_id`), or a picture that was in the case already."""

    __tablename__ = "retake_answer"
    __table_args__ = (
        UniqueConstraint("retake_id", "upload_id"),
        UniqueConstraint("retake_id", "instance_id"),
        CheckConstraint("(upload_id is null) <> (instance_id is null)", name="one_file"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    retake_id: Mapped[str] = mapped_column(ForeignKey("retake.id"), index=True)
    upload_id: Mapped[str | None] = mapped_column(ForeignKey("upload.id"), index=True)
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instance.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(Utc)

    retake: Mapped[Retake] = relationship(back_populates="answers")
    upload: Mapped[Upload | None] = relationship()
