"""Copies without identity: what was ordered, each picture's masks and how they were decided, and what is kept to teach.

A copy is the maker's: it names its case. A teaching copy names nobody and nothing: which case it came from stands in
the audit log alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, CheckConstraint, Float, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id
from imaging.models import Instance

COPY_STATES = ("proposing", "confirming", "making", "ready", "failed", "kept", "deleted")
ITEM_STATES = ("waiting", "proposed", "made", "failed")
DECISIONS = ("open", "accepted", "rejected")
MASK_ORIGINS = ("text", "outside", "banner", "person")
COPY_PURPOSES = ("export", "teaching")


class DeidentifiedCopy(Base):
    """One order for a copy. `salt` is the secret from which new UIDs follow; it is forgotten once the copy is made."""

    __tablename__ = "deidentified_copy"
    __table_args__ = (
        CheckConstraint(f"state in {COPY_STATES!r}", name="state"),
        CheckConstraint(f"purpose in {COPY_PURPOSES!r}", name="purpose"),
        CheckConstraint(
            "state in ('proposing', 'confirming', 'failed', 'deleted') or confirmed_at is not null", name="confirmed"
        ),
        CheckConstraint("progress between 0 and 1", name="progress"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    maker_id: Mapped[str] = mapped_column(String(64))
    maker_name: Mapped[str] = mapped_column(String(200))
    purpose: Mapped[str] = mapped_column(String(16))
    preset: Mapped[str] = mapped_column(String(16))
    salt: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default="proposing", index=True)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    file_bytes: Mapped[int | None] = mapped_column(BigInteger)  # of copy.zip, once made
    confirmed_by: Mapped[str | None] = mapped_column(String(64))
    confirmed_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    items: Mapped[list[CopyItem]] = relationship(back_populates="copy", order_by="CopyItem.position")


class CopyItem(Base):
    """One picture of a copy. `pictures`: what the person was shown; `made`: the file's name, modality and size."""

    __tablename__ = "deidentified_item"
    __table_args__ = (CheckConstraint(f"state in {ITEM_STATES!r}", name="state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    copy_id: Mapped[str] = mapped_column(ForeignKey("deidentified_copy.id"), index=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"))
    position: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    left_out: Mapped[bool] = mapped_column(Boolean, default=False)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    reason_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    columns: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    frames: Mapped[int] = mapped_column(default=1)
    pictures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    made: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    copy: Mapped[DeidentifiedCopy] = relationship(back_populates="items")
    instance: Mapped[Instance] = relationship()
    masks: Mapped[list[CopyMask]] = relationship(back_populates="item", order_by="CopyMask.y, CopyMask.x, CopyMask.id")


class CopyMask(Base):
    """A rectangle of a picture, in its pixels: proposed or drawn, and what the person decided."""

    __tablename__ = "deidentified_mask"
    __table_args__ = (
        CheckConstraint(f"origin in {MASK_ORIGINS!r}", name="origin"),
        CheckConstraint(f"decision in {DECISIONS!r}", name="decision"),
        CheckConstraint("width > 0 and height > 0", name="size"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    item_id: Mapped[str] = mapped_column(ForeignKey("deidentified_item.id"), index=True)
    x: Mapped[int]
    y: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    origin: Mapped[str] = mapped_column(String(16))
    likely: Mapped[bool] = mapped_column(Boolean)
    decision: Mapped[str] = mapped_column(String(16), default="open")

    item: Mapped[CopyItem] = relationship(back_populates="masks")


class TeachingCopy(Base):
    """A copy that a program keeps to teach with. It knows no case, no patient and no original."""

    __tablename__ = "teaching_copy"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    maker_id: Mapped[str] = mapped_column(String(64))  # never shown: only so that they can take it back
    title: Mapped[str] = mapped_column(String(120))
    preset: Mapped[str] = mapped_column(String(16))
    pictures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # file, modality, frames, width, height
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    added_at: Mapped[datetime] = mapped_column(Utc)
