"""The documents of a consult: the specialist's opinion, the treating doctor's outcome, addenda, and what is printed.

Signed means frozen: `content_sha256` is taken over the canonical JSON of the content at signing.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc, new_id
from consult.lifecycle import URGENCIES

DECISIONS = ("accepted", "changed", "declined")


class Opinion(Base):
    """The specialist's advice: a draft until signed, then frozen. One a consult."""

    __tablename__ = "opinion"
    __table_args__ = (
        CheckConstraint(f"urgency in {URGENCIES!r}", name="urgency"),
        CheckConstraint("signed_at is null or content_sha256 is not null", name="signed"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), unique=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    findings: Mapped[str] = mapped_column(Text, default="")
    impression: Mapped[str] = mapped_column(Text, default="")
    recommendations: Mapped[str] = mapped_column(Text, default="")
    urgency: Mapped[str] = mapped_column(String(16), default="routine")
    version: Mapped[int] = mapped_column(
        Integer, default=0
    )  # counts saved drafts: two tabs cannot overwrite each other
    updated_at: Mapped[datetime] = mapped_column(Utc)
    key_images: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)  # frozen from the stage at signing
    signed_at: Mapped[datetime | None] = mapped_column(Utc)
    signed_name: Mapped[str | None] = mapped_column(String(200))
    signed_registration: Mapped[str | None] = mapped_column(String(64))
    content_sha256: Mapped[str | None] = mapped_column(String(64))


class Outcome(Base):
    """The treating doctor's record: what was decided about the opinion, the diagnosis and the plan. One a consult."""

    __tablename__ = "outcome"
    __table_args__ = (
        CheckConstraint(f"decision in {DECISIONS!r} or decision = ''", name="decision"),
        CheckConstraint("signed_at is null or (decision <> '' and content_sha256 is not null)", name="signed"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), unique=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    decision: Mapped[str] = mapped_column(String(16), default="")
    decision_note: Mapped[str] = mapped_column(Text, default="")  # what was changed, or why it was declined
    diagnosis: Mapped[str] = mapped_column(Text, default="")
    plan: Mapped[str] = mapped_column(Text, default="")
    follow_up_on: Mapped[date | None] = mapped_column(Date)
    version: Mapped[int] = mapped_column(Integer, default=0)
    updated_at: Mapped[datetime] = mapped_column(Utc)
    key_images: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    signed_at: Mapped[datetime | None] = mapped_column(Utc)
    signed_name: Mapped[str | None] = mapped_column(String(200))
    signed_registration: Mapped[str | None] = mapped_column(String(64))
    content_sha256: Mapped[str | None] = mapped_column(String(64))


class Addendum(Base):
    """What came to be known after signing. Signed as it is written; never changed."""

    __tablename__ = "addendum"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    author_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(Utc)
    signed_name: Mapped[str] = mapped_column(String(200))
    signed_registration: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64))


class ReportDocument(Base):
    """A printed record (PDF): made from the signed content, kept by its hash, made again when an addendum follows."""

    __tablename__ = "report_document"
    __table_args__ = (CheckConstraint("state in ('making', 'ready', 'failed')", name="state"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    language: Mapped[str] = mapped_column(String(8), default="en")
    state: Mapped[str] = mapped_column(String(8), default="making")
    source_sha256: Mapped[str] = mapped_column(String(64))  # over the signed contents it was made from
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(Integer)
    made_at: Mapped[datetime | None] = mapped_column(Utc)
