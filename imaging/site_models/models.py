"""What a site's model said of a picture, kept apart from everything that doctors write, and what they decided of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Float, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id
from imaging.models import Instance

RUN_STATES = ("running", "done", "failed")
JUDGEMENTS = ("open", "accepted", "rejected")


class ModelRun(Base):
    """One model's look at one picture, labelled as it was registered then. `reason_code`: why there is no result."""

    __tablename__ = "model_run"
    __table_args__ = (
        UniqueConstraint("instance_id", "name", "version"),
        CheckConstraint(f"state in {RUN_STATES!r}", name="state"),
        CheckConstraint("state != 'failed' or reason_code is not null", name="reason"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"))
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[str] = mapped_column(String(200))
    approval: Mapped[str] = mapped_column(String(200))
    intended_use: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16), default="running")
    attempts: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    started_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)

    instance: Mapped[Instance] = relationship()
    statements: Mapped[list[ModelStatement]] = relationship(back_populates="run", order_by="ModelStatement.position")


class ModelStatement(Base):
    """One statement, and the doctor's decision with an optional note."""

    __tablename__ = "model_statement"
    __table_args__ = (
        CheckConstraint(f"judgement in {JUDGEMENTS!r}", name="judgement"),
        CheckConstraint("judgement = 'open' or judged_at is not null", name="judged"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    run_id: Mapped[str] = mapped_column(ForeignKey("model_run.id"), index=True)
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(300))
    probability: Mapped[float | None] = mapped_column(Float)
    frame_number: Mapped[int | None]
    box: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    judgement: Mapped[str] = mapped_column(String(16), default="open")
    note: Mapped[str] = mapped_column(Text, default="")
    judged_by: Mapped[str | None] = mapped_column(String(64))
    judged_by_name: Mapped[str] = mapped_column(String(200), default="")
    judged_at: Mapped[datetime | None] = mapped_column(Utc)

    run: Mapped[ModelRun] = relationship(back_populates="statements")
