"""What of a relay's rooms is recorded: what a signed order names, while it holds, and nothing else.

Only people whom the order names are kept, each on tapes of their own. A recording stops at once when the web process
says so, when its line is gone, and when the order runs out unrenewed; what was held back is then thrown away.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from video import orders
from video.orders import BadOrder, Order
from video.relay.incoming import Incoming
from video.relay.publisher import Publisher
from video.relay.segments import Writer
from video.relay.tape import Tape

TRACK_OF: Final = {"audio": "voice", "video": "picture"}

log = logging.getLogger(__name__)

News = Literal["opened", "closed", "failed", "lapsed"]
Tell = Callable[[News, dict[str, Any]], None]


@dataclass(slots=True, eq=False)
class Running:
    """One stream that is being recorded, and the segment that it goes into."""

    writer: Writer
    name: str
    stream: Incoming
    began: datetime
    began_at: float  # the event loop's time at `began`
    tape: Tape = field(init=False)

    def __post_init__(self) -> None:
        self.tape = Tape(self.stream.kind, self, self._want_keyframe)

    def frame(self, data: bytes, pts: int, came: float, keyframe: bool) -> bool:
        """A whole frame, from the tape."""
        return self.writer.frame(self.name, data, pts, self._moment(came), keyframe)

    def note(self, note: dict[str, Any], came: float) -> None:
        """A note, from the tape: when by this relay's clock (ms since 1970)."""
        moment = self._moment(came)
        self.writer.note(self.name, {**note, "at": moment}, moment)

    def _want_keyframe(self) -> None:
        self.stream.keyframe_wanted = True

    def _moment(self, came: float) -> int:
        return int((self.began.timestamp() + came - self.began_at) * 1000)


@dataclass(slots=True)
class Take:
    """A room that is being recorded: by which order, until when (event loop's time), and what runs."""

    order: Order
    key: bytes
    until: float
    running: dict[tuple[str, str], Running] = field(default_factory=dict)  # (participant, track)


class Recorder:
    """The recordings of one relay. `tell` hears what becomes of segments, in the event loop."""

    def __init__(self, secret: str, writer: Writer, now: Callable[[], datetime], tell: Tell) -> None:
        self._secret = secret
        self._writer = writer
        self._now = now
        self._tell = tell
        self._takes: dict[str, Take] = {}
        self._used: dict[str, float] = {}  # nonces of orders that may still be replayed -> when they expire

    def recording(self, room: str) -> bool:
        """Whether anything of a room is being recorded."""
        return room in self._takes

    def order(self, text: str, publishers: Callable[[str], Iterable[Publisher]], now: float) -> Order:
        """Begin, or go on with, what a signed order says. Raises BadOrder, and changes nothing then."""
        order, key = orders.read(self._secret, text, self._now())
        self._spend(order)
        until = now + order.expires - self._now().timestamp()
        take = self._takes.get(order.room)
        if take is not None and take.order.take != order.take:
            self.stop(order.room, now)
            take = None
        if take is None:
            take = self._takes[order.room] = Take(order, key, until)
        take.until = until
        for publisher in publishers(order.room):
            self.published(publisher, now)
        return order

    def _spend(self, order: Order) -> None:
        moment = self._now().timestamp()
        for nonce in [nonce for nonce, expires in self._used.items() if expires <= moment]:
            del self._used[nonce]
        if order.nonce in self._used:
            raise BadOrder("used")
        self._used[order.nonce] = order.expires

    def stop(self, room: str, now: float) -> None:
        """Record nothing more of a room, and forget what is held back. Harmless to repeat."""
        take = self._takes.pop(room, None)
        if take is not None:
            for running in take.running.values():
                self._end(running, now, keep=False)

    def stop_all(self, now: float) -> None:
        """The line is gone: nobody could tell us of a consent that is taken back."""
        for room in list(self._takes):
            self.stop(room, now)

    def published(self, publisher: Publisher, now: float) -> None:
        """Somebody's media is there: record what the order of their room allows."""
        ticket = publisher.ticket
        take = self._takes.get(ticket.room)
        if take is None or not publisher.ready:
            return
        allowed = take.order.people.get(ticket.participant, ())
        for name, stream in publisher.streams.items():
            track = TRACK_OF.get(name, name)
            running = take.running.get((ticket.participant, track))
            if track in allowed and (running is None or running.stream is not stream):
                if running is not None:
                    self._end(running, now, keep=True)
                take.running[ticket.participant, track] = self._begin(take, ticket.participant, track, stream, now)

    def unpublished(self, publisher: Publisher, now: float) -> None:
        """Somebody's media ended by itself."""
        take = self._takes.get(publisher.ticket.room)
        own = set(map(id, publisher.streams.values()))
        for key, running in list(take.running.items() if take is not None else ()):
            if id(running.stream) in own:
                assert take is not None
                del take.running[key]
                self._end(running, now, keep=True)

    def tick(self, now: float) -> None:
        """Keep what was held back; stop what was not ordered again in time."""
        for room, take in list(self._takes.items()):
            if now >= take.until:
                log.warning("the order to record was not renewed: stopped")
                self.stop(room, now)
                self._tell("lapsed", {"recording": take.order.recording, "room": room})
                continue
            for running in take.running.values():
                running.tape.tick(now)

    def _begin(self, take: Take, participant: str, track: str, stream: Incoming, now: float) -> Running:
        order, began, name = take.order, self._now(), secrets.token_hex(16)
        label = {
            "version": 1,
            "segment": name,
            "recording": order.recording,
            "take": order.take,
            "participant": participant,
            "track": track,
            "codec": "opus" if stream.kind == "audio" else "vp8",
            "rate": stream.clock_rate,
            "began": int(began.timestamp() * 1000),
        }
        self._writer.open(take.key, label, stream.kind, stream.clock_rate)
        running = Running(self._writer, name, stream, began, now)
        stream.tap = running.tape
        self._tell("opened", {**label, "room": order.room})
        return running

    def _end(self, running: Running, now: float, *, keep: bool) -> None:
        if running.stream.tap is running.tape:
            running.stream.tap = None
        running.tape.close(now, keep=keep)
        self._writer.close(running.name, lambda: self._tell("closed", {"segment": running.name}))
