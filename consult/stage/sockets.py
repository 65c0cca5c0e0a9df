"""The stage's socket commands: syncing, changing and pointing."""

from __future__ import annotations

import time
from typing import Any, Final

from flask_socketio import SocketIO

from app import clock, db, departures, membership
from app.departures import Reason
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
POINTS_WAITING: Final = 8  # packets that a slow receiver may have in its queue and still be sent pointers


class StageSockets:
    """The stages of this process's rooms."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._allowance: dict[str, tuple[float, float]] = {}  # sid -> (pointers left, when counted)

    def sync_stage(self, member: Membership, message: SyncStage) -> SyncedStage:
        """What the client lacks, and what the server knows."""
        with db.read_session() as session:
            update, state_vector = operations.sync(session, member, message.state_vector)
        return SyncedStage(update=update, state_vector=state_vector)

    def update_stage(self, member: Membership, message: UpdateStage) -> None:
        """Store a change; tell the others only once it is committed, then answer."""
        with operations.in_step(member.consult_id), db.write_transaction() as session:
            news = operations.accept_update(session, member, message.update, clock.now())
        if news is not None:
            fact = StageUpdated(update=news, by=member.participant_id).model_dump()
            self._socketio.emit("stage_updated", fact, to=room_of(member.consult_id), skip_sid=member.sid)
        if operations.is_due(member.consult_id):
            self._compact(member.consult_id)

    def point_stage(self, member: Membership, message: PointStage) -> None:
        """Pass a pointer on to whoever can take it now; too many, and those for slow receivers, are dropped."""
        if not self._may_point(member.sid):
            return
        fact = StagePointed.model_validate({"from": member.participant_id, "state": message.state})
        body = fact.model_dump(by_alias=True)
        for other in membership.present(member.consult_id):
            if other.sid != member.sid and _waiting(self._socketio, other.sid) < POINTS_WAITING:
                self._socketio.emit("stage_pointed", body, to=other.sid)

    def went(self, member: Membership, reason: Reason) -> None:
        """When the room is empty its document is compacted and leaves the memory."""
        self._allowance.pop(member.sid, None)
        if not membership.present(member.consult_id):
            self._compact(member.consult_id)
            operations.registry.drop(member.consult_id)

    def _compact(self, consult_id: str) -> None:
        with db.write_transaction() as session:
            operations.compact(session, consult_id, clock.now())

    def _may_point(self, sid: str) -> bool:
        now = time.monotonic()
        left, counted_at = self._allowance.get(sid, (POINTS_PER_SECOND, now))
        left = min(POINTS_PER_SECOND, left + (now - counted_at) * POINTS_PER_SECOND)
        self._allowance[sid] = (max(left - 1, 0.0), now)
        return left >= 1


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
