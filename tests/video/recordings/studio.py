"""A room whose call may be recorded: what everybody answers, and what the relay is ordered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app import db, outbox
from app.actor import Actor
from app.errors import NotAllowed
from app.membership import Membership
from tests.video.room import Room, member
from video import orders
from video.orders import Order
from video.recordings import access, consent_texts, queries
from video.recordings.live import LiveRecordings
from video.recordings.models import Recording
from video.recordings.protocol import AnswerRecording, AskToRecord, Beside, StopRecording, WithdrawRecording

SECRET = "a secret of this test's own"
WORDS = {"text_version": consent_texts.CURRENT, "language": "en"}
ROOM = "consult-one"


class DoctorsMayRecord:
    """The consult's gate, as far as these tests need it."""

    def require(self, session: Any, actor: Actor, consult_id: str, right: str) -> None:
        if actor.role not in ("treating_doctor", "specialist"):
            raise NotAllowed("no")


@dataclass
class Studio:
    """A room with a relay that records, and everybody in it."""

    room: Room = field(default_factory=Room)

    def __post_init__(self) -> None:
        access.install(DoctorsMayRecord())
        calls = self.room.calls
        self.relays = vars(calls.relaying)["_relays"]
        vars(calls.relaying)["_secret"] = lambda: SECRET
        self.live = LiveRecordings(calls.roster, calls.relaying, lambda: self.room.now)
        calls.changed, calls.each_second = self.live.settle, self.live.sweep
        calls.relaying.way_changed = self.live.way_changed
        calls.relaying.hear_recordings(self.live.heard)
        self.relays.add("relay-sid", "relay")
        self.seats = {
            "asha": member("asha"),
            "bela": member(
                "bela", role="specialist", actor=Actor("user", "user-bela", "bela", "specialist", "program")
            ),
            "chand": member("chand", role="patient", actor=Actor("guest", "chand", "chand", "patient", "program")),
        }

    def join(self, *names: str) -> None:
        for name in names:
            self.room.join(self.seats[name])

    def leave(self, name: str) -> None:
        self.room.send(self.seats[name], "leave_call")

    def ask(self, who: str = "asha", *, pictures: bool = False, beside: tuple[str, ...] = ()) -> str:
        given = [Beside.model_validate({"person": one, "given_by": one}) for one in beside]
        now = self.live.ask(self.seats[who], AskToRecord(pictures=pictures, beside=given, **WORDS)).recording
        assert now is not None
        return now.recording_id

    def answer(
        self,
        who: str,
        recording: str,
        agree: bool = True,
        beside: tuple[str, ...] = (),
        words: dict[str, str] | None = None,
    ) -> None:
        given = [Beside.model_validate({"person": one, "given_by": one}) for one in beside]
        message = AnswerRecording(recording_id=recording, agree=agree, beside=given, **{**WORDS, **(words or {})})
        self.live.answer(self.seats[who], message)

    def withdraw(self, who: str, recording: str, person: Any = "self", seat: Membership | None = None) -> None:
        self.live.withdraw(seat or self.seats[who], WithdrawRecording(recording_id=recording, person=person))

    def stop(self, who: str, recording: str) -> None:
        self.live.stop(self.seats[who], StopRecording(recording_id=recording))

    def recorded(self, *names: str) -> str:
        """Everybody joins and agrees; the recording's id."""
        self.join(*names)
        found = self.ask(names[0])
        for name in names[1:]:
            self.answer(name, found)
        return found

    def state(self, recording: str) -> str:
        return self.row(recording).state

    def row(self, recording: str) -> Recording:
        with db.read_session() as session:
            return session.get_one(Recording, recording)

    def consents(self, recording: str) -> list[tuple[str, str, str]]:
        with db.read_session() as session:
            rows = queries.consents(session, recording)
        return sorted((one.participant_id, one.person, one.answer) for one in rows)

    def ordered(self) -> list[Order]:
        """The orders since the last time this was asked."""
        return [
            orders.read(SECRET, one.payload["order"], self.room.now - timedelta(days=1))[0]
            for one in self.room.facts("record")
        ]

    def stopped(self) -> int:
        """How often the relay was told to stop since the last time this was asked."""
        return len(self.room.facts("stop_recording"))

    def told(self) -> list[str]:
        """The states that the room was told, in order."""
        with db.read_session() as session:
            rows = [row for row in outbox.read_after(session, 0) if row.event == "recording_changed"]
        return [json.loads(row.payload)["recording"]["state"] for row in rows]
