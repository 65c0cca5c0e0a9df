"""The room's door: joining, leaving, a second tab, a lost line, and putting out whoever may not stay.

Anybody may open a socket; without signing in and a seat every command answers not_found.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from flask import request
from flask_login import current_user
from flask_socketio import SocketIO

from app import clock, config, db, departures, membership, notices, socket_errors
from app.actor import Actor
from app.auth import sessions
from app.departures import Reason
from app.membership import Membership, room_of
from app.socket_errors import seated, signed_in
from consult import presence, worklist
from consult.protocol import (
    Empty,
    JoinConsult,
    JoinedConsult,
    Message,
    MovedElsewhere,
    ParticipantInfo,
    ParticipantJoined,
    ParticipantLeft,
    Removed,
)
from imaging import access as pictures
from video import policy

NAMESPACE: Final = "/"
REVIEW_SECONDS: Final = 60
NO_LONGER_YOURS: Final = "no_longer_yours"  # ended, given to somebody else, signed out
PER_SECOND: Final = {"join_consult": 5.0, "leave_consult": 5.0, "join_worklist": 5.0, "join_inbox": 5.0}

log = logging.getLogger(__name__)


class Rooms:
    """The rooms of this process's sockets."""

    def __init__(self, socketio: SocketIO) -> None:
        self._socketio = socketio
        self._session_keys: dict[str, str] = {}  # sid -> the sign-in that it came with
        self._reviewing = False

    # Commands

    def join_consult(self, sid: str, actor: Actor, message: JoinConsult) -> JoinedConsult:
        """Come into the room; a second tab of the same person takes over from the first."""
        now = clock.now()
        with db.write_transaction() as session:
            arrival = presence.arrive(session, actor, message.consult_id, now)
            case_id, state, role = arrival.consult.case_id, arrival.consult.state, arrival.role
        me, name = arrival.participant.id, arrival.participant.display_name
        member = Membership(sid, message.consult_id, me, role, name, message.session_id, actor)
        self._sit(member, case_id)
        self._start_reviewing()
        joined = ParticipantInfo(participant_id=me, name=name, role=role, present=True)
        self._emit("participant_joined", ParticipantJoined(participant=joined), room_of(member.consult_id), skip=sid)
        return JoinedConsult(
            participant_id=me,
            role=role,
            name=name,
            state=state,
            participants=presence.info(arrival.seats),
            ice_servers=policy.ice_servers(config.current(), now, me),
            server_time=now.timestamp() * 1000,
        )

    def leave_consult(self, member: Membership, message: Empty) -> None:
        """Go out of the room."""
        self._give_up(member, "left")

    def join_worklist(self, sid: str, actor: Actor, message: Empty) -> None:
        """Be told when the worklist of one's program changes; specialists only."""
        worklist.require_specialist(actor)
        self._socketio.server.enter_room(sid, f"worklist:{actor.program_id}", namespace=NAMESPACE)

    def join_inbox(self, sid: str, actor: Actor, message: Empty) -> None:
        """Be told when the inbox of one's own facility changes; its treating doctors only."""
        facility_id = pictures.require_inbox(actor)
        self._socketio.server.enter_room(sid, f"inbox:{facility_id}", namespace=NAMESPACE)

    # What happens to sockets

    def disconnected(self, sid: str) -> None:
        """The line broke, or the page was closed."""
        socket_errors.forget(sid)
        member = membership.leave(sid)
        if member is not None:
            self._went(member, "lost")

    def put_out(self, participant_id: str, reason: str) -> None:
        """Give up the seat of somebody who may not stay, and say so to them alone."""
        member = membership.of_participant(participant_id)
        if member is not None:
            self._emit("removed", Removed(reason=reason), member.sid)
            self._give_up(member, "removed")

    def review(self, members: list[Membership]) -> None:
        """Put out everybody who is signed out, removed, or no longer what they were when they sat down."""
        for member in members:
            if not self._may_stay(member) and membership.of_participant(member.participant_id) is member:
                self.put_out(member.participant_id, NO_LONGER_YOURS)
            self._socketio.sleep(0)

    def carry_removed(self, topic: str, fact: dict[str, Any]) -> None:
        """The notice `removed` names whom; everybody else hears `participant_left`."""
        self.put_out(str(fact.get("participant_id", "")), str(fact.get("reason", "")))

    def carry_consult_changed(self, topic: str, fact: dict[str, Any]) -> None:
        """After a step of the consult some who are in the room may have lost their seat."""
        self._socketio.emit("consult_changed", fact, to=topic)
        self.review(membership.present(str(fact.get("consult_id", ""))))

    # Seats

    def _sit(self, member: Membership, case_id: str) -> None:
        server = self._socketio.server
        before = membership.find(member.sid)
        if before is not None and before.participant_id != member.participant_id:
            self._give_up(before, "left")
        for room in (room_of(member.consult_id), f"case:{case_id}"):
            server.enter_room(member.sid, room, namespace=NAMESPACE)
        self._session_keys[member.sid] = str(current_user.get_id())
        previous = membership.seat(member)
        if previous is None:
            return
        self._leave_rooms(previous.sid)
        if previous.session_id != member.session_id:  # else the same page, come back before its old line was missed
            self._emit("moved_elsewhere", MovedElsewhere(), previous.sid)
            departures.tell(previous, "moved")

    def _give_up(self, member: Membership, reason: Reason) -> None:
        if membership.leave(member.sid) is not None:
            self._leave_rooms(member.sid)
            self._went(member, reason)

    def _went(self, member: Membership, reason: Reason) -> None:
        self._session_keys.pop(member.sid, None)
        fact = ParticipantLeft(participant_id=member.participant_id)
        self._emit("participant_left", fact, room_of(member.consult_id), skip=member.sid)
        departures.tell(member, reason)

    def _leave_rooms(self, sid: str) -> None:
        self._session_keys.pop(sid, None)
        for room in list(self._socketio.server.rooms(sid, namespace=NAMESPACE)):
            if room.startswith(("consult:", "case:")):
                self._socketio.server.leave_room(sid, room, namespace=NAMESPACE)

    def _may_stay(self, member: Membership) -> bool:
        key = self._session_keys.get(member.sid)
        if key is None or sessions.load(key) is None:
            return False
        with db.read_session() as session:
            return presence.role_now(session, member) == member.role

    def _start_reviewing(self) -> None:
        # Not at import: a background task started before the server forks would stay in the parent.
        if not self._reviewing and not config.current().testing:
            self._reviewing = True
            self._socketio.start_background_task(self._keep_reviewing)

    def _keep_reviewing(self) -> None:
        while True:
            self._socketio.sleep(REVIEW_SECONDS)
            try:
                self.review(membership.everyone())
            except Exception:  # the review must outlive a database that is briefly away
                log.exception("reviewing the seats failed; trying again in %s s", REVIEW_SECONDS)

    def _emit(self, event: str, fact: Message, to: str, skip: str | None = None) -> None:
        self._socketio.emit(event, fact.model_dump(by_alias=True), to=to, skip_sid=skip)


def register(socketio: SocketIO) -> Rooms:
    """Register the room's commands, and what happens when sockets come and go."""
    rooms = Rooms(socketio)
    signed_in(socketio, "join_consult", JoinConsult, per_second=PER_SECOND["join_consult"])(rooms.join_consult)
    seated(socketio, "leave_consult", Empty, per_second=PER_SECOND["leave_consult"])(rooms.leave_consult)
    signed_in(socketio, "join_worklist", Empty, per_second=PER_SECOND["join_worklist"])(rooms.join_worklist)
    signed_in(socketio, "join_inbox", Empty, per_second=PER_SECOND["join_inbox"])(rooms.join_inbox)
    socketio.on_event("disconnect", lambda *_: rooms.disconnected(_sid()))
    notices.carry_by("removed", rooms.carry_removed)
    notices.carry_by("consult_changed", rooms.carry_consult_changed)
    return rooms


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # set by Flask-SocketIO
