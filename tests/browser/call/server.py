"""A room with nothing in it but the call: `python -m tests.browser.call.server --port N --dist DIR --data DIR`.

It is a process of its own, so that a test can kill it in mid-call and start it again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from flask import Flask, request, send_from_directory
from flask_socketio import SocketIO, join_room

from app import db, departures, membership
from app.actor import Actor
from app.audit import AuditRow
from app.membership import Membership, room_of
from video import signalling
from video.models import CallSpan
from video.queries import talking_seconds


def make_server(dist: Path, data: Path) -> tuple[Flask, SocketIO]:
    """The application and its sockets; anybody who names a consult and a participant is let in."""
    app = Flask(__name__)
    socketio = SocketIO(app, async_mode="threading", async_handlers=False, cors_allowed_origins="*")
    database = db.connect(f"sqlite:///{data / 'call.sqlite3'}")
    db.Base.metadata.create_all(database.engine, tables=[AuditRow.metadata.tables[name] for name in _tables()])

    calls = signalling.register(socketio)
    _room(socketio)
    _pages(app, dist)

    @app.get("/put-out/<participant>")
    def put_out(participant: str) -> dict[str, Any]:
        """As the host does it, with a browser that does not listen: nobody tells it to close anything."""
        seat = membership.of_participant(participant)
        assert seat is not None
        membership.leave(seat.sid)
        departures.tell(seat, "removed")
        return {}

    @app.get("/relays")
    def relays() -> dict[str, int]:
        return {"relays": calls.relaying.relays}

    return app, socketio


def _tables() -> list[str]:
    return [AuditRow.__tablename__, CallSpan.__tablename__]


def _room(socketio: SocketIO) -> None:
    def join_consult(message: dict[str, str]) -> dict[str, Any]:
        sid, consult_id, me = str(request.sid), message["consult_id"], message["me"]  # type: ignore[attr-defined]
        actor = Actor("user", me, me, "treating_doctor", "program")
        seat = Membership(sid, consult_id, me, "treating_doctor", me, message["session_id"], actor)
        previous = membership.seat(seat)
        if previous is not None:
            socketio.emit("moved_elsewhere", {}, to=previous.sid)
        join_room(room_of(consult_id))
        fact = {"participant": {"participant_id": me, "name": me, "role": seat.role, "present": True}}
        socketio.emit("participant_joined", fact, to=room_of(consult_id), skip_sid=sid)
        others = [{"participant_id": one.participant_id} for one in membership.present(consult_id)]
        return {"ok": True, "participants": others}

    def point_stage(message: dict[str, Any]) -> dict[str, Any]:
        member = membership.of(str(request.sid))  # type: ignore[attr-defined]
        fact = {"from": member.participant_id, "state": message["state"]}
        socketio.emit("stage_pointed", fact, to=room_of(member.consult_id), skip_sid=member.sid)
        return {"ok": True}

    def gone(*_reason: Any) -> None:
        membership.leave(str(request.sid))  # type: ignore[attr-defined]

    socketio.on_event("join_consult", join_consult)
    socketio.on_event("point_stage", point_stage)
    socketio.on_event("disconnect", gone)


def _pages(app: Flask, dist: Path) -> None:
    @app.get("/")
    def page() -> Any:
        return send_from_directory(Path(__file__).parent, "room.html")

    @app.get("/<path:name>")
    def file(name: str) -> Any:
        return send_from_directory(dist, name)

    @app.get("/talking/<consult_id>")
    def talking(consult_id: str) -> dict[str, float]:
        with db.read_session() as session:
            return {"seconds": talking_seconds(session, consult_id)}


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dist", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    given = parser.parse_args()
    app, socketio = make_server(given.dist.absolute(), given.data.absolute())
    socketio.run(app, host=given.host, port=given.port, allow_unsafe_werkzeug=True)


if __name__ == "__main__":
    main()
