"""The commands of stills: one device asks, the other takes; the server passes it on and writes it down."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask_babel import gettext as _
from flask_socketio import SocketIO

from app import clock, db, departures, membership
from app.departures import Reason
from app.errors import Conflict, NotFound
from app.membership import Membership, room_of
from app.socket_errors import seated
from consult.protocol import Message
from consult.stills import operations
from consult.stills.operations import FORGOTTEN, Asked
from consult.stills.protocol import (
    PER_SECOND,
    AskForStill,
    ReportStill,
    StillAsked,
    StillAwaited,
    StillProgressed,
    StillRefused,
    StillTaken,
)

Refusal = Literal["declined", "no_camera", "busy", "failed", "gone"]


class Stills:
    """The requests of this process's rooms that are not over: at most one for each camera's owner."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._asked: dict[str, Asked] = {}  # owner's participant id -> what they are asked

    def ask_for_still(self, member: Membership, message: AskForStill) -> StillAwaited:
        """Ask the other device."""
        owner, now = membership.of_participant(message.to), clock.now()
        pending = self._asked.get(message.to)
        if pending is not None and _still_on(pending, member, owner, now):
            raise Conflict(_("A picture is being taken there already. Wait for it."), code="busy")
        with db.write_transaction() as session:
            asked = operations.ask(session, member, owner, message, now)
        self._asked[asked.owner] = asked
        name = {"from": member.participant_id, "name": member.name}
        fact = {"request_id": asked.id, "kind": message.kind, "track": message.track, **name}
        self._tell(asked.owner, "still_asked", StillAsked.model_validate(fact))
        return StillAwaited(request_id=asked.id)

    def report_still(self, member: Membership, message: ReportStill) -> None:
        """How the device that was asked is getting on."""
        asked = self._asked.get(member.participant_id)
        if asked is None or asked.id != message.request_id or asked.consult_id != member.consult_id:
            raise NotFound()
        with db.write_transaction() as session:
            operations.report(session, member, asked, message)
        if message.step == "taken":
            del self._asked[asked.owner]
            self._emit("still_taken", _taken(asked, message), room_of(asked.consult_id))
        elif message.step == "refused":
            self._refuse(asked, message.reason or "failed")
        else:
            size = {"width": message.width, "height": message.height}
            self._tell(asked.asker, "still_progressed", StillProgressed(request_id=asked.id, step=message.step, **size))

    def left(self, member: Membership, reason: Reason) -> None:
        """Somebody's seat is empty: what was asked of them will not come. A line that only broke has time to return."""
        asked = self._asked.get(member.participant_id)
        if asked is not None and reason != "lost":
            self._refuse(asked, "gone")

    def _refuse(self, asked: Asked, reason: Refusal) -> None:
        self._asked.pop(asked.owner, None)
        self._tell(asked.asker, "still_refused", StillRefused(request_id=asked.id, reason=reason))

    def _tell(self, participant_id: str, event: str, fact: Message) -> None:
        seat = membership.of_participant(participant_id)
        if seat is not None:
            self._emit(event, fact, seat.sid)

    def _emit(self, event: str, fact: Message, to: str) -> None:
        self._socketio.emit(event, fact.model_dump(by_alias=True), to=to)


def _still_on(pending: Asked, asker: Membership, owner: Membership | None, now: datetime) -> bool:
    same_page = owner is not None and owner.session_id == pending.session_id
    return same_page and pending.consult_id == asker.consult_id and now - pending.at < FORGOTTEN


def _taken(asked: Asked, message: ReportStill) -> StillTaken:
    content: dict[str, Any] = {"request_id": asked.id, "owner": asked.owner, "asked_by": asked.asker}
    file = {"upload_id": message.upload_id, "width": message.width, "height": message.height}
    return StillTaken.model_validate({**content, **file, "kind": asked.kind})


def register(socketio: SocketIO) -> Stills:
    """Register both commands; whoever leaves takes no more pictures."""
    stills = Stills(socketio)
    for name, model in (("ask_for_still", AskForStill), ("report_still", ReportStill)):
        seated(socketio, name, model, per_second=PER_SECOND[name])(getattr(stills, name))
    departures.listen("stills", stills.left)
    return stills
