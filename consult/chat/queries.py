"""Reads: messages as everybody sees them, newest page first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from consult.chat.models import ChatMessage
from consult.chat.protocol import Attachment, AttachmentState, ChatEntry
from imaging.models import Instance, Upload

PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class ChatPage:
    """Messages in the order in which they were sent; `earlier`: whether there are some before them."""

    messages: list[ChatEntry]
    earlier: bool


def page(session: Session, consult_id: str, case_id: str, *, before: int | None = None, most: int = PAGE) -> ChatPage:
    """The newest messages, or the newest of those before the one numbered `before`."""
    rows = select(ChatMessage).where(ChatMessage.consult_id == consult_id)
    if before is not None:
        rows = rows.where(ChatMessage.id < before)
    found = list(session.scalars(rows.order_by(ChatMessage.id.desc()).limit(most + 1)))
    shown = [entry(session, message, case_id) for message in reversed(found[:most])]
    return ChatPage(shown, earlier=len(found) > most)


def sent_before(session: Session, author_id: str, client_id: str) -> ChatMessage | None:
    """The message that its sender called so, if it arrived already."""
    return session.scalar(
        select(ChatMessage).where(ChatMessage.author_id == author_id, ChatMessage.client_id == client_id)
    )


def count(session: Session, consult_id: str) -> int:
    """How many messages a consult has."""
    return session.scalar(select(func.count()).where(ChatMessage.consult_id == consult_id)) or 0


def entry(session: Session, message: ChatMessage, case_id: str) -> ChatEntry:
    """A message as everybody in its consult reads it."""
    return ChatEntry(
        id=message.id,
        client_id=message.client_id,
        participant_id=message.author_id,
        name=message.author.display_name,
        role=message.author.role,
        text=message.text,
        attachment=_attachment(session, message, case_id),
        sent_at=message.sent_at.timestamp() * 1000,
    )


def _attachment(session: Session, message: ChatMessage, case_id: str) -> Attachment | None:
    if message.upload_id is None and message.instance_id is None:
        return None
    upload = session.get(Upload, message.upload_id) if message.upload_id else None
    instance_id = message.instance_id or (upload.instance_id if upload else None)
    instance = session.get(Instance, instance_id) if instance_id else None
    state = _state(upload, instance, case_id)
    named = instance or upload
    return Attachment(
        upload_id=message.upload_id,
        instance_id=instance.id if instance is not None and state in ("there", "held") else None,
        name=named.file_name if named is not None and state != "gone" else "",
        state=state,
    )


def _state(upload: Upload | None, instance: Instance | None, case_id: str) -> AttachmentState:
    if instance is not None:
        if instance.case_id != case_id:
            return "gone"
        return "held" if instance.is_held else "there"
    if upload is None or upload.case_id != case_id or upload.state == "cancelled":
        return "gone"
    return "refused" if upload.state == "refused" else "coming"
