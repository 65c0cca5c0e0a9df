"""Recordings of the calls of this process: keeps relays told of what everybody there agreed to, and of nothing else.

An order lasts some seconds and is given again and again; so a recording ends by itself wherever this process dies, the
line to the relay is cut, or somebody's consent could not be asked.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app.db import read_session, write_transaction
from app.errors import NidaanError
from app.membership import Membership
from video import orders
from video.recordings import deliveries, operations, queries
from video.recordings.models import Recording
from video.recordings.protocol import AnswerRecording, AskToRecord, RecordingNow, StopRecording, WithdrawRecording
from video.relaying import Relaying
from video.roster import Roster

ABANDONED: Final = timedelta(minutes=2)
LOOK_AFTER: Final = timedelta(seconds=15)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Running:
    """What a relay was ordered to record of a call."""

    recording: str
    take: str
    people: dict[str, list[str]]
    key: bytes
    ordered_at: datetime


class LiveRecordings:
    """The recordings of one process's calls."""

    def __init__(self, roster: Roster, relaying: Relaying, now: Callable[[], datetime]) -> None:
        self._roster = roster
        self._relaying = relaying
        self._now = now
        self._running: dict[str, Running] = {}
        self._settling: set[str] = set()
        self._hushed: Counter[str] = Counter()
        self._taken_back: list[tuple[Membership, str, str, datetime]] = []  # and not written down yet
        self._swept_at: datetime | None = None

    # Commands

    def watch(self, member: Membership) -> RecordingNow:
        """The recording that runs or is asked for."""
        with read_session() as session:
            return _now_of(session, queries.open_of(session, member.consult_id))

    def ask(self, member: Membership, message: AskToRecord) -> RecordingNow:
        """Ask everybody in the call. Raises Conflict (`no_relay`, `cannot_record`) where nothing could record it."""
        self._relaying.require_recording()
        with write_transaction() as session:
            found = operations.ask(
                session,
                member,
                self._present(member.consult_id),
                pictures=message.pictures,
                words=(message.text_version, message.language),
                beside=message.beside,
                now=self._now(),
            )
            reply = _now_of(session, found)
        self.settle(member.consult_id)
        return reply

    def answer(self, member: Membership, message: AnswerRecording) -> RecordingNow:
        """A yes or a no; a no stops it before anything is written down."""
        if not message.agree:
            self._hush_for(member)
        try:
            with write_transaction() as session:
                found = operations.answer(
                    session,
                    member,
                    message.recording_id,
                    agree=message.agree,
                    words=(message.text_version, message.language),
                    beside=message.beside,
                    now=self._now(),
                )
                return _now_of(session, found)
        finally:
            self.settle(member.consult_id)

    def withdraw(self, member: Membership, message: WithdrawRecording) -> None:
        """Stops first and is written down then: whatever else fails, nothing more is recorded."""
        self._hush_for(member)
        taken_back = (member, message.recording_id, message.person, self._now())
        self._taken_back.append(taken_back)
        try:
            self._write_withdrawals()
        except NidaanError:
            self._taken_back.remove(taken_back)  # it was not theirs to take back
            raise
        finally:
            self.settle(member.consult_id)

    def _write_withdrawals(self) -> None:
        for member, recording, person, now in list(self._taken_back):
            with write_transaction() as session:
                operations.withdraw(session, member, recording, person, now)
            self._taken_back.remove((member, recording, person, now))

    def stop(self, member: Membership, message: StopRecording) -> None:
        """End it."""
        with write_transaction() as session:
            operations.stop(session, member, message.recording_id, self._now())
        self.settle(member.consult_id)

    # What happens in the call

    def settle(self, consult_id: str) -> None:
        """Somebody came, went or answered, or the way changed: record exactly what is agreed to now."""
        present = self._present(consult_id)
        running = self._running.get(consult_id)
        if running is None and not self._is_asked(consult_id):
            self._hush(consult_id)
            self._relaying.record(consult_id, False)
            return
        self._settling.add(consult_id)
        try:
            self._agree(consult_id, present, running)
        except Exception:
            self._hush(consult_id)
            raise
        finally:
            self._settling.discard(consult_id)

    def _is_asked(self, consult_id: str) -> bool:
        with read_session() as session:
            return queries.open_of(session, consult_id) is not None

    def _agree(self, consult_id: str, present: list[Membership], running: Running | None) -> None:
        if running is not None and not {one.participant_id for one in present} <= set(running.people):
            self._hush(consult_id)  # before anything slower: a newcomer must not be heard
        agreed_at = self._hushed[consult_id]
        with write_transaction() as session:
            found = queries.open_of(session, consult_id)
            if found is not None and present:
                operations.settle(session, consult_id, present, self._relaying.may_record, self._now())
            elif found is not None:
                operations.end(session, found, "left", self._now())
            wanted = self._wanted(session, found, present) if found is not None else None
        if wanted is None or (running is not None and running.take != wanted.take):
            agreed_at = self._hush(consult_id)
        self._relaying.record(consult_id, found is not None and found.state in ("recording", "paused"))
        # Somebody may have taken it back while this waited for the database or a socket: then their word is the last.
        if wanted is not None and self._hushed[consult_id] == agreed_at:
            self._running[consult_id] = wanted
            self._order(consult_id, wanted)

    def sweep(self) -> None:
        """Renew the orders, and now and then look after what waits. Called each second."""
        now = self._now()
        for consult_id, running in list(self._running.items()):
            if now - running.ordered_at >= timedelta(seconds=orders.RENEW_SECONDS):
                self._renew(consult_id, running)
        if self._swept_at is None or now - self._swept_at >= LOOK_AFTER:
            self._swept_at = now
            self._look_after(now)

    def way_changed(self, consult_id: str) -> None:
        """The call goes over another relay, or none: the new one is ordered too, or nothing is recorded."""
        if consult_id not in self._settling:
            self.settle(consult_id)

    def heard(self, news: dict[str, Any]) -> None:
        """What a relay says of its segments."""
        failed = deliveries.heard(news)
        if failed is None:
            return
        self._hush(failed)
        with write_transaction() as session:
            found = queries.open_of(session, failed)
            if found is not None:
                operations.end(session, found, "failed", self._now())
        self.settle(failed)

    def _present(self, consult_id: str) -> list[Membership]:
        return [place.seat for place in self._roster.places(consult_id)]

    def _wanted(self, session: Session, found: Recording, present: list[Membership]) -> Running | None:
        take = queries.running_take(session, found.id)
        if found.state != "recording" or take is None or any(one[1] == found.id for one in self._taken_back):
            return None
        tracks = ["voice", "picture"] if found.pictures else ["voice"]
        people = operations.agreed_people(session, found, {one.participant_id for one in present})
        return Running(found.id, take.id, dict.fromkeys(people, tracks), operations.key_of(found), self._now())

    def _order(self, consult_id: str, running: Running) -> None:
        running.ordered_at = self._now()
        self._relaying.order_recording(
            consult_id,
            recording=running.recording,
            take=running.take,
            people=running.people,
            key=running.key,
        )

    def _hush_for(self, member: Membership) -> None:
        if self._roster.find(member.consult_id, member.participant_id) is not None:
            self._hush(member.consult_id)

    def _look_after(self, now: datetime) -> None:
        """End what nobody has been there for for long; go on with what waited for a relay."""
        self._write_withdrawals()
        with read_session() as session:
            waiting = [one for one in queries.all_open(session) if one.consult_id not in self._running]
        for one in waiting:
            if self._roster.places(one.consult_id) or now - one.changed_at > ABANDONED:
                self.settle(one.consult_id)

    def _renew(self, consult_id: str, running: Running) -> None:
        with read_session() as session:
            take = queries.running_take(session, running.recording)
        if take is None or take.id != running.take:
            self.settle(consult_id)
        elif self._running.get(consult_id) is running:
            self._order(consult_id, running)

    def _hush(self, consult_id: str) -> int:
        """Have the relay record nothing more; gives how often that was said of this call."""
        self._hushed[consult_id] += 1
        if self._running.pop(consult_id, None) is not None:
            self._relaying.stop_recording(consult_id)
        return self._hushed[consult_id]


def _now_of(session: Session, found: Recording | None) -> RecordingNow:
    if found is None:
        return RecordingNow(recording=None)
    return RecordingNow(recording=queries.info(found, queries.consents(session, found.id)))
