"""The chat's one command. The room is told through the outbox, once the message is stored."""

from __future__ import annotations

from flask_socketio import SocketIO

from app import clock, db
from app.membership import Membership
from app.socket_errors import seated
from consult.chat import operations
from consult.chat.protocol import PER_SECOND, SendMessage, SentMessage


def send_message(member: Membership, message: SendMessage) -> SentMessage:
    """Keep what somebody wrote; answered once it is stored."""
    with db.write_transaction() as session:
        entry = operations.send(session, member.actor, member.consult_id, message, clock.now())
    return SentMessage(message=entry)


def register(socketio: SocketIO) -> None:
    """Register the chat's command."""
    seated(socketio, "send_message", SendMessage, per_second=PER_SECOND["send_message"])(send_message)
