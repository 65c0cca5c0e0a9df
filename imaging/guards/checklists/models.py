"""The exams picked for a case, and which picture shows which view."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id


class CaseExam(Base):
    """An exam (`exams.EXAMS`) that this case's pictures should make whole."""

    __tablename__ = "case_exam"
    __table_args__ = (UniqueConstraint("case_id", "exam"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    exam: Mapped[str] = mapped_column(String(32))
    chosen_by_name: Mapped[str] = mapped_column(String(200))
    chosen_at: Mapped[datetime] = mapped_column(Utc)

    views: Mapped[list[ExamView]] = relationship(back_populates="case_exam", cascade="all, delete-orphan")


class ExamView(Base):
    """One instance that somebody says shows one view of the exam."""

    __tablename__ = "exam_view"
    __table_args__ = (UniqueConstraint("case_exam_id", "view", "instance_id"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_exam_id: Mapped[str] = mapped_column(ForeignKey("case_exam.id"), index=True)
    view: Mapped[str] = mapped_column(String(32))
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"), index=True)
    said_by_name: Mapped[str] = mapped_column(String(200))
    said_at: Mapped[datetime] = mapped_column(Utc)

    case_exam: Mapped[CaseExam] = relationship(back_populates="views")
