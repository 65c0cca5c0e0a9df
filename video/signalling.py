"""The call's socket commands: who is in it, and passing descriptions and candidates between its members.

A description or candidate goes to one socket: that of a member of the sender's own call. Facts about members go to the
whole room, so that someone who has not joined yet sees who is waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

from flask_socketio import SocketIO

from app import clock, config, departures, membership
from app.db import write_transaction
from app.errors import NotFound
from app.membership import Membership, room_of
from app.socket_errors import seated
from video import data_use, operations, quality, relay_sockets, tickets
from video.policy import LIMITS
from video.protocol import (
    COMMANDS,
    PER_SECOND,
    AskForRelay,
    CallJoined,
    CallLeft,
    CallMembers,
    CandidateSent,
    ChangeMedia,
    DescriptionSent,
    HoldPicture,
    JoinCall,
    LeaveCall,
    MediaChanged,
    Message,
    OpenMedia,
    ReportData,
    ReportQuality,
    SendCandidate,
    SendDescription,
    SendMediaAnswer,
    SendMediaCandidate,
    TellReception,
    WatchCall,
)
from video.relaying import Relaying
from video.relays import Relays
from video.roster import Place, Roster, Standing

SWEEP_SECONDS: Final = 1

log = logging.getLogger(__name__)

Handler = Callable[[Membership, Any], dict[str, Any]]


class SocketServer(Protocol):
    """What is needed of Flask-SocketIO."""

    def emit(self, event: str, *args: Any, **kwargs: Any) -> Any: ...
    def sleep(self, seconds: int = 0) -> Any: ...
    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...


class CallSignalling:
    """The calls of one process."""

    def __init__(
        self,
        socketio: SocketServer,
        now: Callable[[], datetime] = clock.now,
        standing: Callable[[Membership], Standing] | None = None,
        keeps_watch: bool = True,
        media_relays: Relays | None = None,
        secret: Callable[[], str] | None = None,
    ) -> None:
        self._keeps_watch = keeps_watch
        self.roster = Roster()
        self._socketio = socketio
        self.relaying = Relaying(
            self.roster,
            Relays(socketio.emit) if media_relays is None else media_relays,
            self._emit,
            secret or _relay_secret,
            now,
        )
        self._now = now
        self._standing = standing or _standing
        self.changed: Callable[[str], None] = lambda consult_id: None  # who is in a call
        self.each_second: Callable[[], None] = lambda: None
        self._watching = False
        self._beaten_at: datetime | None = None

    def handlers(self) -> dict[str, Handler]:
        """One handler for each command of `video.protocol`."""
        return {name: getattr(self, name) for name in COMMANDS}

    # Commands

    def watch_call(self, member: Membership, message: WatchCall) -> dict[str, Any]:
        """Who is in the call."""
        return self._members(member)

    def join_call(self, member: Membership, message: JoinCall) -> dict[str, Any]:
        """Take a place, tell the room, and reply with who else is there."""
        self._start_watching()
        place = Place(member, message.session_id, message.audio, message.video)
        before = self.roster.find(member.consult_id, member.participant_id)
        if before is not None and before.session_id == place.session_id:
            place = replace(place, camera=before.camera, extra=before.extra)
        with write_transaction() as session:
            previous = operations.join(session, self.roster, place, self._now())
        if previous is not None and previous.session_id != place.session_id:
            self._tell_left(previous, "replaced", skip=member.sid)
        self._tell(place, "call_joined", CallJoined(member=place.as_member()))
        self._followed(self.changed, member.consult_id)
        self.relaying.settle(member.consult_id)
        return self._members(member)

    def leave_call(self, member: Membership, message: LeaveCall) -> dict[str, Any]:
        """Hang up; harmless when not in the call."""
        place = self.roster.find(member.consult_id, member.participant_id)
        if place is not None and place.seat.sid == member.sid:
            self._leave(place, "left")
        return {}

    def send_description(self, member: Membership, message: SendDescription) -> dict[str, Any]:
        """Pass an offer or answer to another member of the same call."""
        mine, theirs = self._pair(member, message.to, message.session_id)
        fact = DescriptionSent.model_validate(_signed(mine, description=message.description, attempt=message.attempt))
        self._emit("description_sent", fact, to=theirs.seat.sid)
        return {}

    def send_candidate(self, member: Membership, message: SendCandidate) -> dict[str, Any]:
        """Pass a candidate to another member of the same call."""
        mine, theirs = self._pair(member, message.to, message.session_id)
        fact = CandidateSent.model_validate(_signed(mine, candidate=message.candidate, attempt=message.attempt))
        self._emit("candidate_sent", fact, to=theirs.seat.sid)
        return {}

    def ask_for_relay(self, member: Membership, message: AskForRelay) -> dict[str, Any]:
        """No direct path was found between two members: take the other way."""
        self.relaying.ask(self._place(member))
        return {}

    def open_media(self, member: Membership, message: OpenMedia) -> dict[str, Any]:
        """Pass an offer to the call's relay; the answer comes as a fact."""
        self.relaying.open_media(self._place(member), message)
        return {}

    def send_media_candidate(self, member: Membership, message: SendMediaCandidate) -> dict[str, Any]:
        """Pass a candidate to the call's relay."""
        self.relaying.send_candidate(self._place(member), message)
        return {}

    def send_media_answer(self, member: Membership, message: SendMediaAnswer) -> dict[str, Any]:
        """Pass the answer to the relay's offer on."""
        self.relaying.send_answer(self._place(member), message)
        return {}

    def tell_reception(self, member: Membership, message: TellReception) -> dict[str, Any]:
        """Tell the relay how the others arrive here."""
        self.relaying.tell_reception(self._place(member), message)
        return {}

    def hold_picture(self, member: Membership, message: HoldPicture) -> dict[str, Any]:
        """Have the relay hold somebody's picture back for this member."""
        self.relaying.hold_picture(self._place(member), message)
        return {}

    def report_quality(self, member: Membership, message: ReportQuality) -> dict[str, Any]:
        """Keep what the member's browser measured of its links."""
        self._place(member)
        with write_transaction() as session:
            quality.keep(session, member, message.links, self._now())
        return {}

    def report_data(self, member: Membership, message: ReportData) -> dict[str, Any]:
        """Keep what the member's device spent on the consult; reply with what is left of the month."""
        with write_transaction() as session:
            return data_use.keep(session, member, message, self._now()).model_dump()

    def change_media(self, member: Membership, message: ChangeMedia) -> dict[str, Any]:
        """Tell the room what this member now sends."""
        place = self._place(member)
        changed = replace(place, audio=message.audio, video=message.video, camera=message.camera)
        changed = replace(changed, extra=tuple(message.extra))
        self.roster.take(changed)
        fact = MediaChanged(participant_id=member.participant_id, **message.model_dump())
        self._tell(changed, "media_changed", fact)
        return {}

    # What happens to sockets

    def left_room(self, member: Membership) -> None:
        """Out of the call, without grace."""
        place = self.roster.find(member.consult_id, member.participant_id)
        if place is not None and place.seat.sid == member.sid:
            self._leave(place, "left")

    def sweep(self) -> None:
        """Drop members whose socket has been gone too long, and keep open spans beating. Called each second."""
        now = self._now()
        self._followed(self.each_second)
        for place, departure in self.roster.expire(now, self._standing):
            self._leave(place, departure)
        if self._beaten_at is None or now - self._beaten_at >= operations.HEARTBEAT:
            self._beaten_at = now
            with write_transaction() as session:
                operations.beat(session, self.roster, now)

    def _start_watching(self) -> None:
        # Not at import: a background task started before the server forks would stay in the parent.
        if self._keeps_watch and not self._watching:
            self._watching = True
            self._socketio.start_background_task(self._watch)

    def _watch(self) -> None:
        while True:
            self._socketio.sleep(SWEEP_SECONDS)
            try:
                self.sweep()
            except Exception:  # the watch must outlive a database that is briefly away
                log.exception("sweeping the calls failed; trying again in %s s", SWEEP_SECONDS)

    # Places and facts

    def _place(self, member: Membership) -> Place:
        place = self.roster.find(member.consult_id, member.participant_id)
        if place is None or place.seat.sid != member.sid:
            raise NotFound()
        return place

    def _pair(self, member: Membership, to: str, session_id: str) -> tuple[Place, Place]:
        """The sender's place and that of `to` in the same call. Raises NotFound for anyone and anything else."""
        mine = self._place(member)
        theirs = self.roster.find(member.consult_id, to)
        if theirs is None or theirs is mine or theirs.session_id != session_id:
            raise NotFound()
        return mine, theirs

    def _members(self, member: Membership) -> dict[str, Any]:
        others = [
            place.as_member()
            for place in self.roster.places(member.consult_id)
            if place.seat.participant_id != member.participant_id
        ]
        route = self.relaying.route(member.consult_id)
        return CallMembers(members=others, limits=list(LIMITS), route=route).model_dump(by_alias=True)

    def _leave(self, place: Place, reason: str) -> None:
        with write_transaction() as session:
            left = operations.leave(session, self.roster, place, self._now(), reason)
        if left:
            self._tell_left(place, reason, skip=place.seat.sid)
            self.relaying.left(place)
            self._followed(self.changed, place.seat.consult_id)

    def _followed(self, what: Callable[..., None], *told: str) -> None:
        try:
            what(*told)
        except Exception:  # whatever follows who is in a call, people go on talking
            log.exception("a change of who is in the call was not followed")

    def _tell_left(self, place: Place, reason: str, skip: str) -> None:
        fact = CallLeft.model_validate({"participant_id": place.seat.participant_id, "reason": reason})
        self._emit("call_left", fact, to=room_of(place.seat.consult_id), skip_sid=[skip, place.seat.sid])

    def _tell(self, place: Place, event: str, fact: Message) -> None:
        self._emit(event, fact, to=room_of(place.seat.consult_id), skip_sid=place.seat.sid)

    def _emit(self, event: str, fact: Message, **target: Any) -> None:
        self._socketio.emit(event, fact.model_dump(by_alias=True), **target)


def _signed(sender: Place, **content: Any) -> dict[str, Any]:
    """A passed-on message: the server, not the message, says who sent it and from which session."""
    return {"from": sender.seat.participant_id, "session_id": sender.session_id, **content}


def _standing(seat: Membership) -> Standing:
    now = membership.of_participant(seat.participant_id)
    if now is None:
        return "gone"
    if now.sid == seat.sid:
        return "there"
    # The same page on a new socket will take its place again in a moment; another page has not asked for it.
    return "gone" if now.session_id == seat.session_id else "elsewhere"


def _relay_secret() -> str:
    settings = config.current()
    return settings.relay_secret or tickets.secret_from(settings.secret_key)


def register(socketio: SocketIO) -> CallSignalling:
    """Register every command of the call; a seat that is given up on purpose gives up its place in the call too."""
    # A test's application must not go on sweeping whatever database the next test opens.
    here = Relays(socketio.emit)
    relay_sockets.register(socketio, here, _relay_secret)
    calls = CallSignalling(socketio, keeps_watch=not config.current().testing, media_relays=here)
    for name, handler in calls.handlers().items():
        seated(socketio, name, COMMANDS[name][0], per_second=PER_SECOND[name])(handler)
    departures.listen("call", lambda seat, reason: None if reason == "lost" else calls.left_room(seat))
    return calls
