"""The relay's rooms: who publishes, who receives whom, and the rule that only a ticket opens them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiortc import RTCConfiguration

from video.relay import lines
from video.relay.admission import Admission, Full
from video.relay.connection import PLAIN, Connection
from video.relay.engine import Description, Load, Name, Reception, Tell, Totals
from video.relay.incoming import Track
from video.relay.publisher import FASTEST, Publisher
from video.relay.recording import Recorder
from video.relay.subscriber import Subscriber
from video.tickets import Ticket

TICK_SECONDS: Final = 0.05
LIMIT_SECONDS: Final = 0.25
MAX_MEMBERS: Final = 12  # of one room
MAX_ROOMS: Final = 200
AT_ONCE: Final = 4  # offers answered together: more would hold up the media of everybody else
MOST_ASKED: Final = 60

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Room:
    """One call. A participant publishes once, and receives each other participant once."""

    publishers: dict[str, Publisher] = field(default_factory=dict)
    subscribers: dict[tuple[str, str], Subscriber] = field(default_factory=dict)
    opening: set[Connection] = field(default_factory=set)  # offers that are being answered

    @property
    def empty(self) -> bool:
        return not self.publishers and not self.subscribers and not self.opening

    def of(self, participant: str) -> list[Connection]:
        """Whatever carries something from or to a participant."""
        every: list[Connection] = [*self.publishers.values(), *self.subscribers.values(), *self.opening]
        return [one for one in every if participant in (one.ticket.participant, one.ticket.publisher)]


class Rooms:
    """Every room of this process. `tell` hears what happens in them; `now` is the wall clock, for tickets.

    `recorder` keeps what it was ordered to; without one nothing is recorded.
    """

    name: Name = "relay"

    def __init__(self, secret: str, configuration: RTCConfiguration, now: Callable[[], datetime], tell: Tell) -> None:
        self._admission = Admission(secret, now)
        self._configuration = configuration
        self._tell = tell
        self._rooms: dict[str, Room] = {}
        self._starved: set[Subscriber] = set()
        self.recorder: Recorder | None = None
        self.draining = False
        self._limited_at = 0.0
        self._past = Totals()
        self._asked = 0  # offers that are answered or wait for it
        self._turn = asyncio.Semaphore(AT_ONCE)

    @property
    def all(self) -> dict[str, Room]:
        return self._rooms

    async def open(self, ticket_text: str, offer: str, tracks: Sequence[Track] = PLAIN) -> tuple[Ticket, Description]:
        """As `MediaEngine.open`: the ticket and the answer to its holder's offer."""
        ticket = self._admission.admit(ticket_text)
        if self._asked >= MOST_ASKED:
            raise Full()
        self._asked += 1
        try:
            async with self._turn:
                return await self._open(ticket, offer, tracks)
        finally:
            self._asked -= 1

    async def _open(self, ticket: Ticket, offer: str, tracks: Sequence[Track]) -> tuple[Ticket, Description]:
        if self.draining or (ticket.room not in self._rooms and len(self._rooms) >= MAX_ROOMS):
            raise Full()
        room = self._rooms.setdefault(ticket.room, Room())
        if ticket.purpose == "publish":
            answer = await self._publish(room, ticket, offer, tracks)
        else:
            answer = await self._subscribe(room, ticket, offer, tracks)
        return ticket, Description("answer", answer)

    async def answered(self, room: str, participant: str, publisher: str, sdp: str) -> None:
        """Nothing: this engine makes no offers."""

    async def candidate(self, room: str, participant: str, publisher: str | None, session: str, found: Any) -> None:
        """As `MediaEngine.candidate`."""
        connection = self.connection(room, participant, publisher)
        if connection is not None and connection.ticket.session == session:
            await connection.add_candidate(found["candidate"], found.get("sdpMid"), found.get("sdpMLineIndex"))

    async def _publish(self, room: Room, ticket: Ticket, offer: str, tracks: Sequence[Track]) -> str:
        if ticket.participant not in room.publishers and len(room.publishers) >= MAX_MEMBERS:
            raise Full()
        publisher = Publisher(ticket, self._configuration, self._ended, self._published, tracks)
        answer = await self._answer(room, publisher, offer)
        before = room.publishers.get(ticket.participant)
        room.publishers[ticket.participant] = publisher
        if before is not None:
            await before.close()
        return answer

    async def _subscribe(self, room: Room, ticket: Ticket, offer: str, tracks: Sequence[Track]) -> str:
        key = (ticket.participant, ticket.publisher)
        if key not in room.subscribers and len(room.subscribers) >= MAX_MEMBERS * (MAX_MEMBERS - 1):
            raise Full()
        subscriber = Subscriber(ticket, self._configuration, self._ended, tracks=tracks)
        answer = await self._answer(room, subscriber, offer)
        before = room.subscribers.get(key)
        room.subscribers[key] = subscriber
        publisher = room.publishers.get(ticket.publisher)
        if publisher is not None and publisher.ready and publisher.ticket.route == ticket.route:
            subscriber.follow(publisher)
        if before is not None:
            await before.close()
        return answer

    async def _answer(self, room: Room, connection: Connection, offer: str) -> str:
        """Answer an offer; somebody who is put out meanwhile gets in no more. Raises ValueError."""
        room.opening.add(connection)
        try:
            answer = await connection.answer(offer)
            if connection.over:
                raise ValueError("The offer came too late.")
        finally:
            room.opening.discard(connection)
            if room.empty and self._rooms.get(connection.ticket.room) is room and connection.over:
                del self._rooms[connection.ticket.room]
        return answer

    def connection(self, room_name: str, participant: str, publisher: str | None) -> Connection | None:
        """A participant's publishing connection, or the one on which they receive `publisher`; a new one first."""
        room = self._rooms.get(room_name)
        if room is None:
            return None
        for one in room.opening:
            if one.ticket.participant == participant and one.ticket.publisher == (publisher or ""):
                return one
        if publisher is None:
            return room.publishers.get(participant)
        return room.subscribers.get((participant, publisher))

    async def remove(self, room_name: str, participant: str) -> None:
        """Put somebody out: what they send and receive ends now."""
        room = self._rooms.get(room_name)
        if room is None:
            return
        await asyncio.gather(*(one.close() for one in room.of(participant)))

    def hold(self, room_name: str, participant: str, publisher: str, held: bool) -> None:
        """Hold a picture back for one participant who wants none, or send it again."""
        connection = self.connection(room_name, participant, publisher)
        if isinstance(connection, Subscriber):
            connection.hold(held)

    def received(self, room: str, participant: str, receptions: Sequence[Reception]) -> None:
        """Nothing: this engine measures by itself."""

    def totals(self) -> Totals:
        """What was done since the process began; connections that are gone keep their share."""
        found = self._past
        for room in list(self._rooms.values()):
            for one in (*room.publishers.values(), *room.subscribers.values()):
                found = found.plus(one.totals())
        return found

    def load(self) -> Load:
        """How much is carried now."""
        return Load(len(self._rooms), sum(len(room.subscribers) for room in self._rooms.values()))

    def _published(self, publisher: Connection) -> None:
        room = self._rooms.get(publisher.ticket.room)
        if room is None or not isinstance(publisher, Publisher):
            return
        if room.publishers.get(publisher.ticket.participant) is not publisher:
            return
        for (_, source), subscriber in room.subscribers.items():
            if source == publisher.ticket.participant and subscriber.ticket.route == publisher.ticket.route:
                subscriber.follow(publisher)
        if self.recorder is not None:
            self.recorder.published(publisher, asyncio.get_running_loop().time())
        self._tell("published", publisher.ticket)

    def publishers(self, room_name: str) -> list[Publisher]:
        """Who sends in a room now."""
        room = self._rooms.get(room_name)
        return [] if room is None else [one for one in room.publishers.values() if one.ready]

    def _ended(self, connection: Connection) -> None:
        self._past = self._past.plus(connection.totals())
        ticket = connection.ticket
        room = self._rooms.get(ticket.room)
        if room is None:
            return
        if isinstance(connection, Publisher):
            self._end_publisher(room, connection)
        elif isinstance(connection, Subscriber):
            connection.release()
            self._starved.discard(connection)
            key = (ticket.participant, ticket.publisher)
            if room.subscribers.get(key) is connection:
                del room.subscribers[key]
        if room.empty:
            del self._rooms[ticket.room]
            self._tell("ended", ticket)

    def _end_publisher(self, room: Room, publisher: Publisher) -> None:
        if self.recorder is not None:
            self.recorder.unpublished(publisher, asyncio.get_running_loop().time())
        name = publisher.ticket.participant
        if room.publishers.get(name) is not publisher:
            return
        del room.publishers[name]
        for (_, source), subscriber in room.subscribers.items():
            if source == name:
                subscriber.follow(None)
        self._tell("unpublished", publisher.ticket)

    def tick(self, now: float) -> None:
        """Repairs, reports and limits of every connection; called each `TICK_SECONDS`."""
        if self.recorder is not None:
            self.recorder.tick(now)
        limits = now - self._limited_at >= LIMIT_SECONDS
        if limits:
            self._limited_at = now
        for room in list(self._rooms.values()):
            for subscriber in room.subscribers.values():
                if subscriber.ready:
                    subscriber.tick(now)
                    self._say_starved(subscriber)
            for name, publisher in room.publishers.items():
                if publisher.ready:
                    if limits:
                        self._sort(room, name, publisher, now)
                    publisher.tick(now)

    def _sort(self, room: Room, name: str, publisher: Publisher, now: float) -> None:
        """Who gets which picture of a publisher's, and what the large one may cost."""
        viewers = [
            one
            for (_, source), one in room.subscribers.items()
            if source == name and one.ready and not one.starved and not one.held
        ]
        if "low" in publisher.streams:
            lines.sort(viewers, now)
        publisher.limit = lines.limit(viewers, FASTEST)
        wanted = any(one.small for one in viewers)
        if wanted != publisher.small_wanted:
            publisher.small_wanted = wanted
            self._tell("small_wanted" if wanted else "small_unwanted", publisher.ticket)

    def _say_starved(self, subscriber: Subscriber) -> None:
        if subscriber.starved != (subscriber in self._starved):
            (self._starved.add if subscriber.starved else self._starved.discard)(subscriber)
            self._tell("starved" if subscriber.starved else "fed", subscriber.ticket)

    async def close(self) -> None:
        """End every connection."""
        self.draining = True
        every = [
            one
            for room in self._rooms.values()
            for one in [*room.publishers.values(), *room.subscribers.values(), *room.opening]
        ]
        await asyncio.gather(*(one.close() for one in every), return_exceptions=True)
