"""Rooms in Janus VideoRoom: the same rules as our own relay's, on an engine that uses every core of a machine.

Browsers never speak to Janus' API and know neither its rooms' numbers nor their pins: this process does, for holders of
our tickets, one Janus handle for each of their connections. Janus makes the offers to receivers.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from video.relay.admission import Admission, Full
from video.relay.engine import Description, Load, Name, Reception, Tell
from video.relay.incoming import Track
from video.relay.janus import Handle, Janus, JanusError, Message
from video.relay.janus_rates import FASTEST, Rates
from video.tickets import Ticket

MAX_MEMBERS: Final = 12
MAX_ROOMS: Final = 500
PUBLISHER_SECONDS = 7.0  # how long a receiver's request waits for the one they want to receive
CONNECT_SECONDS = 20.0
_MID: Final = re.compile(r"^a=mid:(\S+)", re.MULTILINE)

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Carried:
    """One connection: its ticket, its handle, and the names of its media sections by what they carry."""

    ticket: Ticket
    handle: Handle
    mids: dict[Track, str] = field(default_factory=dict)
    feed: int = 0
    ready: bool = False


@dataclass(slots=True)
class Room:
    """A call in Janus."""

    number: int
    pin: str
    secret: str
    made: asyncio.Future[None]
    publishers: dict[str, Carried] = field(default_factory=dict)
    subscribers: dict[tuple[str, str], Carried] = field(default_factory=dict)
    opening: list[Carried] = field(default_factory=list)
    asked: int = 0  # requests that are being answered
    rates: Rates = field(default_factory=Rates)

    def every(self) -> list[Carried]:
        return [*self.publishers.values(), *self.subscribers.values(), *self.opening]


class JanusRooms:
    """`MediaEngine` on one Janus. `admin_key`: what its VideoRoom wants before it makes a room, if anything."""

    name: Name = "janus"

    def __init__(self, janus: Janus, admission: Admission, tell: Tell, admin_key: str = "") -> None:
        self._janus = janus
        self._admission = admission
        self._tell = tell
        self._admin_key = admin_key
        self._rooms: dict[str, Room] = {}
        self._work: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Condition()
        self.draining = False

    async def open(self, ticket_text: str, offer: str, tracks: Sequence[Track]) -> tuple[Ticket, Description]:
        """As `MediaEngine.open`; a receiver brings no offer."""
        ticket = self._admission.admit(ticket_text)
        if self.draining or (ticket.room not in self._rooms and len(self._rooms) >= MAX_ROOMS):
            raise Full()
        try:
            room = await self._room(ticket.room)
            room.asked += 1
            try:
                if ticket.purpose == "publish":
                    return ticket, await self._publish(room, ticket, offer, tracks)
                return ticket, await self._subscribe(room, ticket, tracks)
            finally:
                room.asked -= 1
                self._end_if_empty(ticket.room)
        except JanusError as error:
            log.warning("Janus refused a connection: %s", error)
            raise ValueError("Janus refused.") from error

    async def _room(self, name: str) -> Room:
        room = self._rooms.get(name)
        if room is None:
            loop = asyncio.get_running_loop()
            pin, secret = secrets.token_hex(16), secrets.token_hex(16)
            room = self._rooms[name] = Room(secrets.randbits(50), pin, secret, loop.create_future())
            try:
                await self._make(room)
                room.made.set_result(None)
            except JanusError as error:
                del self._rooms[name]
                room.made.set_exception(error)
        await asyncio.shield(room.made)
        return room

    async def _make(self, room: Room) -> None:
        handle = await self._janus.attach(lambda message: None)
        wanted = {
            "request": "create",
            "room": room.number,
            "pin": room.pin,
            "secret": room.secret,
            "is_private": True,
            "publishers": MAX_MEMBERS,
            "bitrate": FASTEST,
            "audiocodec": "opus",
            "videocodec": "vp8",
            "opus_fec": True,
            "fir_freq": 0,
            "notify_joining": False,
            **({"admin_key": self._admin_key} if self._admin_key else {}),
        }
        try:
            await handle.ask(wanted)
        finally:
            await handle.detach()

    async def _publish(self, room: Room, ticket: Ticket, offer: str, tracks: Sequence[Track]) -> Description:
        if ticket.participant not in room.publishers and len(room.publishers) >= MAX_MEMBERS:
            raise Full()
        carried = await self._attach(room, ticket)
        carried.mids = dict(zip(tracks, _MID.findall(offer), strict=False))
        carried.feed = secrets.randbits(50)
        body = {"request": "joinandconfigure", "ptype": "publisher", "room": room.number, "pin": room.pin}
        said = await self._ask(room, carried, {**body, "id": carried.feed}, {"type": "offer", "sdp": offer})
        before = room.publishers.get(ticket.participant)
        room.publishers[ticket.participant] = carried
        if before is not None:
            await before.handle.detach()
            self._move_receivers(room, ticket.participant)
        return Description("answer", str(said["jsep"]["sdp"]))

    async def _subscribe(self, room: Room, ticket: Ticket, tracks: Sequence[Track]) -> Description:
        publisher = await self._publisher(room, ticket)
        carried = await self._attach(room, ticket)
        wanted = [track for track in tracks if track in publisher.mids]
        streams = [{"feed": publisher.feed, "mid": publisher.mids[track]} for track in wanted]
        body = {"request": "join", "ptype": "subscriber", "room": room.number, "pin": room.pin, "streams": streams}
        said = await self._ask(room, carried, body)
        sdp = str(said["jsep"]["sdp"])
        carried.mids = dict(zip(wanted, _MID.findall(sdp), strict=False))
        key = (ticket.participant, ticket.publisher)
        before = room.subscribers.get(key)
        room.subscribers[key] = carried
        if before is not None:
            await before.handle.detach()
        return Description("offer", sdp)

    async def _publisher(self, room: Room, ticket: Ticket) -> Carried:
        """Whom to receive, once they send on the same way. Raises ValueError when they do not come."""

        def there() -> Carried | None:
            found = room.publishers.get(ticket.publisher)
            return found if found is not None and found.ready and found.ticket.route == ticket.route else None

        try:
            async with asyncio.timeout(PUBLISHER_SECONDS), self._changed:
                await self._changed.wait_for(lambda: there() is not None)
        except TimeoutError as error:
            raise ValueError("Nobody of that name sends.") from error
        found = there()
        assert found is not None
        return found

    async def _attach(self, room: Room, ticket: Ticket) -> Carried:
        handle = await self._janus.attach(lambda message: self._happened(room, carried, message))
        carried = Carried(ticket, handle)
        asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._give_up, room, carried)
        return carried

    def _give_up(self, room: Room, carried: Carried) -> None:
        """A browser that never answers keeps nothing."""
        if not carried.ready and carried in room.every():
            self._drop(room, carried)
            self._later(carried.handle.detach())
            self._end_if_empty(carried.ticket.room)

    async def _ask(self, room: Room, carried: Carried, body: Message, jsep: Message | None = None) -> Message:
        """Ask for a connection; somebody who is put out meanwhile gets none. Raises JanusError."""
        room.opening.append(carried)
        try:
            said = await carried.handle.ask(body, jsep)
            if carried not in room.opening:
                raise JanusError("put out meanwhile")
            if not said.get("jsep"):
                raise JanusError("no description came")
        except JanusError:
            await carried.handle.detach()
            raise
        finally:
            if carried in room.opening:
                room.opening.remove(carried)
        return said

    async def answered(self, room: str, participant: str, publisher: str, sdp: str) -> None:
        """As `MediaEngine.answered`."""
        carried = self._find(room, participant, publisher)
        if carried is not None:
            await self._try(carried.handle.ask({"request": "start"}, {"type": "answer", "sdp": sdp}))

    async def candidate(self, room: str, participant: str, publisher: str | None, session: str, found: Any) -> None:
        """As `MediaEngine.candidate`."""
        carried = self._find(room, participant, publisher)
        if carried is not None and carried.ticket.session == session:
            await self._try(carried.handle.trickle(found if found["candidate"] else {"completed": True}))

    async def remove(self, room: str, participant: str) -> None:
        """As `MediaEngine.remove`."""
        found = self._rooms.get(room)
        if found is None:
            return
        over = [one for one in found.every() if participant in (one.ticket.participant, one.ticket.publisher)]
        for one in over:
            self._drop(found, one)
        await asyncio.gather(*(one.handle.detach() for one in over))
        self._end_if_empty(room)

    def hold(self, room: str, participant: str, publisher: str, held: bool) -> None:
        """As `MediaEngine.hold`."""
        carried = self._find(room, participant, publisher)
        if carried is not None:
            streams = [{"mid": mid, "send": not held} for track, mid in carried.mids.items() if track != "voice"]
            self._later(carried.handle.ask({"request": "configure", "streams": streams}))

    def received(self, room: str, participant: str, receptions: Sequence[Reception]) -> None:
        """Limit each publisher to what their slowest viewer can take."""
        found = self._rooms.get(room)
        if found is None:
            return
        for one in receptions:
            found.rates.received(participant, one)
            publisher = found.publishers.get(one.publisher)
            limit = found.rates.due(one.publisher) if publisher is not None else None
            if publisher is not None and limit is not None:
                self._later(publisher.handle.ask({"request": "configure", "bitrate": limit}))

    def tick(self, now: float) -> None:
        """Nothing: Janus keeps its own time."""

    def load(self) -> Load:
        """How much is carried now."""
        return Load(len(self._rooms), sum(len(room.subscribers) for room in self._rooms.values()))

    async def close(self) -> None:
        """End every connection, and the session with Janus."""
        self.draining = True
        await asyncio.gather(*(one.handle.detach() for room in self._rooms.values() for one in room.every()))
        await self._janus.close()

    async def _up(self, carried: Carried) -> None:
        """Somebody's connection stands: from now on Janus lets others receive them."""
        async with self._changed:
            carried.ready = True
            self._changed.notify_all()

    def _happened(self, room: Room, carried: Carried, message: Message) -> None:
        if message.get("janus") == "webrtcup":
            if carried.ticket.purpose == "publish":
                self._tell("published", carried.ticket)
            self._later(self._up(carried))
        if message.get("janus") in ("hangup", "detached") and carried in room.every():
            self._drop(room, carried)
            self._later(carried.handle.detach())
            self._end_if_empty(carried.ticket.room)

    def _drop(self, room: Room, carried: Carried) -> None:
        ticket = carried.ticket
        if carried in room.opening:
            room.opening.remove(carried)
        elif room.publishers.get(ticket.participant) is carried:
            del room.publishers[ticket.participant]
            room.rates.forget(ticket.participant)
            self._tell("unpublished", ticket)
        elif room.subscribers.get((ticket.participant, ticket.publisher)) is carried:
            del room.subscribers[ticket.participant, ticket.publisher]

    def _move_receivers(self, room: Room, publisher: str) -> None:
        """Whoever received a publisher's former connection has to ask for the new one."""
        for key, one in list(room.subscribers.items()):
            if key[1] == publisher:
                del room.subscribers[key]
                self._later(one.handle.detach())
                self._tell("moved", one.ticket)

    def _end_if_empty(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is not None and room.made.done() and not room.asked and not room.every():
            del self._rooms[name]
            self._later(self._destroy(room))

    async def _destroy(self, room: Room) -> None:
        handle = await self._janus.attach(lambda message: None)
        await handle.ask({"request": "destroy", "room": room.number, "secret": room.secret})
        await handle.detach()

    def _find(self, room: str, participant: str, publisher: str | None) -> Carried | None:
        found = self._rooms.get(room)
        if found is None:
            return None
        return found.subscribers.get((participant, publisher)) if publisher else found.publishers.get(participant)

    async def _try(self, work: Any) -> None:
        try:
            await work
        except JanusError as error:
            log.info("Janus did not: %s", error)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(self._try(work))
        self._work.add(task)
        task.add_done_callback(self._work.discard)
