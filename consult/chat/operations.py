"""Writing into a consult's chat."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit, outbox
from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound
from app.membership import room_of
from consult import access
from consult.chat import queries
from consult.chat.models import MOST_CHARACTERS, ChatMessage
from consult.chat.protocol import ChatEntry, MessageSent, SendMessage
from consult.lifecycle import ENDED, OPEN
from consult.models import Consult
from imaging import access as imaging_access
from imaging.models import Instance, Upload

MOST_MESSAGES: Final = 5000  # of one consult; far above what two people type


def send(session: Session, actor: Actor, consult_id: str, said: SendMessage, now: datetime) -> ChatEntry:
    """Keep a message and tell the room. One that arrived before is given back as it is, and told to nobody again.

    Raises NotFound, NotAllowed, Invalid (`text`, `upload_id`, `instance_id`), Conflict `consult_ended`, `wrong_state`
    or `chat_full`.
    """
    standing = access.consult(session, actor, consult_id, "write_chat")
    consult, author = standing.consult, standing.participant
    if author is None:
        raise NotFound()
    before = queries.sent_before(session, author.id, said.client_id)
    if before is not None:
        return queries.entry(session, before, consult.case_id)
    _require_open(session, consult)
    _require_picture(session, actor, consult, said)
    message = ChatMessage(
        consult_id=consult.id,
        author=author,
        client_id=said.client_id,
        text=_words(said),
        upload_id=said.upload_id,
        instance_id=said.instance_id,
        sent_at=now,
    )
    session.add(message)
    session.flush()
    audit.record(session, actor, "send_message", "consult", consult.id, message=message.id)
    entry = queries.entry(session, message, consult.case_id)
    outbox.post(session, room_of(consult.id), "message_sent", MessageSent(message=entry).model_dump())
    return entry


def _require_open(session: Session, consult: Consult) -> None:
    if consult.state in ENDED:
        raise Conflict(_("This consult has ended: nothing more can be written in it."), code="consult_ended")
    if consult.state not in OPEN:
        raise Conflict(_("Ask for a specialist first: the chat opens with the request."), code="wrong_state")
    if queries.count(session, consult.id) >= MOST_MESSAGES:
        raise Conflict(_("This chat is full. Write it into the record instead."), code="chat_full")


def _require_picture(session: Session, actor: Actor, consult: Consult, said: SendMessage) -> None:
    """What is attached must be of this case, and the sender must be one who may see it."""
    if said.upload_id is not None and said.instance_id is not None:
        raise Invalid("instance_id", _("A message carries one picture."))
    found: Upload | Instance | None = None
    if said.upload_id is not None:
        found = imaging_access.upload(session, actor, said.upload_id)
    elif said.instance_id is not None:
        found = imaging_access.instance(session, actor, said.instance_id)
    if found is not None and found.case_id != consult.case_id:
        raise NotFound()


def _words(said: SendMessage) -> str:
    """The text without what cannot be shown (control characters) and without space around it."""
    lines = said.text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(one for one in lines if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs")).strip()
    if not text and said.upload_id is None and said.instance_id is None:
        raise Invalid("text", _("Write something, or attach a picture."))
    if len(text) > MOST_CHARACTERS:
        raise Invalid("text", _("A message has at most 2,000 characters."))
    return text
