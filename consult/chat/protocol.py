"""The chat's socket messages, and the page of them that is read over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from consult.protocol import Id, Message

MOST_TEXT: Final = 2000  # characters (code points)

# coming: its file is still on its way or being looked at. there. held: the file names another patient and nobody has
# decided yet. refused: the file is no picture. gone: it was taken out of the case.
AttachmentState = Literal["coming", "there", "held", "refused", "gone"]


class Attachment(Message):
    """A picture that came with a message: the file that brings it, and the picture once there is one."""

    upload_id: str | None
    instance_id: str | None
    name: str
    state: AttachmentState


class ChatEntry(Message):
    """One message as everybody in the room reads it. `sent_at`: milliseconds since 1970, the server's clock."""

    id: int
    client_id: str
    participant_id: str
    name: str
    role: str
    text: str
    attachment: Attachment | None
    sent_at: float

    @property
    def moment(self) -> datetime:
        """`sent_at` as pages print it."""
        return datetime.fromtimestamp(self.sent_at / 1000, UTC)


class SendMessage(Message):
    """Words, a picture of the case (by its upload or as itself), or both. `client_id` makes a resend harmless."""

    client_id: Id
    text: Annotated[str, Field(max_length=MOST_TEXT)]
    upload_id: Id | None = None
    instance_id: Id | None = None


class SentMessage(Message):
    """The message as it is kept."""

    message: ChatEntry


class MessageSent(Message):
    message: ChatEntry


COMMANDS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {"send_message": (SendMessage, SentMessage)}
FACTS: dict[str, type[BaseModel]] = {"message_sent": MessageSent}
PER_SECOND: Final[dict[str, float]] = {"send_message": 2}
