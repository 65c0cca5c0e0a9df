"""The stage's socket commands: syncing, changing and pointing."""

from __future__ import annotations

import time
from typing import Any, Final

from flask_babel import gettext as _
from flask_socketio import SocketIO

from app import clock, db, departures, membership
from app.departures import Reason
from app.errors import Conflict, NidaanError
from app.membership import Membership, room_of
from app.socket_errors import seated
from consult.stage import operations
from consult.stage.protocol import (
    PER_SECOND,
    PointStage,
    StagePointed,
    StageUpdated,
    SyncedStage,
    SyncStage,
    UpdateStage,
)

POINTS_PER_SECOND: Final = 20.0
REFUSALS_PER_SECOND: Final = 1.0  # a refused change costs a copy of the whole document
REFUSALS_AT_ONCE: Final = 20.0
POINTS_WAITING: Final = 8  # packets that a slow receiver may have in its queue and still be sent pointers


class StageSockets:
    """The stages of this process's rooms."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._points = Allowance(POINTS_PER_SECOND, POINTS_PER_SECOND)
        self._refusals = Allowance(REFUSALS_PER_SECOND, REFUSALS_AT_ONCE)

    def sync_stage(self, member: Membership, message: SyncStage) -> SyncedStage:
        """What the client lacks, and what the server knows."""
        with db.read_session() as session:
            update, state_vector = operations.sync(session, member, message.state_vector)
        return SyncedStage(update=update, state_vector=state_vector)

    def update_stage(self, member: Membership, message: UpdateStage) -> None:
        """Store a change; tell the others only once it is committed, then answer."""
        if not self._refusals.has_left(member.sid):
            raise Conflict(_("Too many changes were refused. Wait a moment."), code="too_many")
        try:
            with operations.in_step(member.consult_id), db.write_transaction() as session:
                news = operations.accept_update(session, member, message.update, clock.now())
        except NidaanError:
            self._refusals.spend(member.sid)
            raise
        if news is not None:
            fact = StageUpdated(update=news, by=member.participant_id).model_dump()
            self._socketio.emit("stage_updated", fact, to=room_of(member.consult_id), skip_sid=member.sid)
        if operations.is_due(member.consult_id):
            self._compact(member.consult_id)

    def point_stage(self, member: Membership, message: PointStage) -> None:
        """Pass a pointer on to whoever can take it now; too many, and those for slow receivers, are dropped."""
        if not self._points.spend(member.sid):
            return
        fact = StagePointed.model_validate({"from": member.participant_id, "state": message.state})
        body = fact.model_dump(by_alias=True)
        for other in membership.present(member.consult_id):
            if other.sid != member.sid and _waiting(self._socketio, other.sid) < POINTS_WAITING:
                self._socketio.emit("stage_pointed", body, to=other.sid)

    def went(self, member: Membership, reason: Reason) -> None:
        """When the room is empty its document is compacted and leaves the memory."""
        self._points.forget(member.sid)
        self._refusals.forget(member.sid)
        if not membership.present(member.consult_id):
            self._compact(member.consult_id)
            operations.registry.drop(member.consult_id)

    def _compact(self, consult_id: str) -> None:
        with db.write_transaction() as session:
            operations.compact(session, consult_id, clock.now())


class Allowance:
    """So many a second for each socket, some of them at once."""

    def __init__(self, per_second: float, at_once: float) -> None:
        self._per_second, self._at_once = per_second, at_once
        self._left: dict[str, tuple[float, float]] = {}  # sid -> (left, when counted)

    def spend(self, sid: str) -> bool:
        """Take one; False when there is none."""
        if not self.has_left(sid):
            return False
        left, counted_at = self._left[sid]
        self._left[sid] = (left - 1, counted_at)
        return True

    def has_left(self, sid: str) -> bool:
        """Whether there is one to take."""
        now = time.monotonic()
        left, counted_at = self._left.get(sid, (self._at_once, now))
        left = min(self._at_once, left + (now - counted_at) * self._per_second)
        self._left[sid] = (left, now)
        return left >= 1

    def forget(self, sid: str) -> None:
        """The socket is gone."""
        self._left.pop(sid, None)


def _waiting(socketio: SocketIO, sid: str) -> int:
    """How many packets wait to be sent to a socket."""
    server: Any = socketio.server
    engine_sid = server.manager.eio_sid_from_sid(sid, "/")
    line = server.eio.sockets.get(engine_sid)
    return 0 if line is None else int(line.queue.qsize())


def register(socketio: SocketIO) -> StageSockets:
    """Register the stage's commands, and what happens when its room empties."""
    stage = StageSockets(socketio)
    seated(socketio, "sync_stage", SyncStage, per_second=PER_SECOND["sync_stage"])(stage.sync_stage)
    seated(socketio, "update_stage", UpdateStage, per_second=PER_SECOND["update_stage"])(stage.update_stage)
    seated(socketio, "point_stage", PointStage, per_second=PER_SECOND["point_stage"])(stage.point_stage)
    departures.listen("stage", stage.went)
    return stage
