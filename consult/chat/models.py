"""What was written in a consult's chat. Kept with the consult for as long as the consult is."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc
from consult.models import Participant

MOST_CHARACTERS: Final = 2000


class ChatMessage(Base):
    """One message: words, a picture of the case, or both. Never changed after it was sent.

    `client_id` is the sender's own name for it, so that one sent twice is one message. A picture is named as the file
    that brings it (`upload_id`) or as itself (`instance_id`); neither is a foreign key, for a picture found to be
    another patient's may be deleted where the message stays.
    """

    __tablename__ = "chat_message"
    __table_args__ = (
        UniqueConstraint("author_id", "client_id"),
        CheckConstraint(f"length(text) <= {MOST_CHARACTERS}", name="text"),
        CheckConstraint("text <> '' or upload_id is not null or instance_id is not null", name="something"),
        Index("ix_chat_message_consult", "consult_id", "id"),
        {"sqlite_autoincrement": True},  # the order of the chat, and never the same number twice
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"))
    author_id: Mapped[str] = mapped_column(ForeignKey("participant.id"))
    client_id: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text, default="")
    upload_id: Mapped[str | None] = mapped_column(String(32))
    instance_id: Mapped[str | None] = mapped_column(String(32))
    sent_at: Mapped[datetime] = mapped_column(Utc)

    author: Mapped[Participant] = relationship(lazy="joined")
