"""What carries the media of rooms: our own relay (`rooms.py`), or Janus (`janus_rooms.py`), chosen by configuration.

Both are driven through the same line to the web process (`control.py`), and both let in holders of our tickets only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, Protocol

from video.relay.incoming import Track
from video.tickets import Ticket

Name = Literal["relay", "janus"]
# `moved`: the connection of this ticket has to be made anew.
Event = Literal["published", "unpublished", "starved", "fed", "ended", "moved", "small_wanted", "small_unwanted"]
Tell = Callable[[Event, Ticket], None]


class Description(NamedTuple):
    """What the browser is told of a connection: an answer to its offer, or an offer that it has to answer."""

    type: Literal["answer", "offer"]
    sdp: str


class Load(NamedTuple):
    """How much an engine carries: rooms, and connections on which one participant receives another."""

    rooms: int
    streams: int


@dataclass(slots=True)
class Totals:
    """What was done since the process began."""

    forwarded_packets: int = 0
    forwarded_bytes: int = 0
    retransmitted_packets: int = 0
    received_packets: int = 0
    dropped_packets: int = 0

    def plus(self, other: Totals) -> Totals:
        """Both together."""
        return Totals(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


class Reception(NamedTuple):
    """How one participant's browser receives another: `loss` a share of 1, seconds, bit/s of the picture."""

    publisher: str
    loss: float
    round_trip: float
    picture: int


class MediaEngine(Protocol):
    """Rooms in which each participant publishes once and receives each other participant once."""

    name: Name
    draining: bool

    async def open(self, ticket: str, offer: str, tracks: Sequence[Track]) -> tuple[Ticket, Description]:
        """Let the holder of a ticket publish or receive. `offer` is empty where the engine makes the offer.

        Raises BadTicket (forged, expired, used), Full, and ValueError for an offer that cannot be used.
        """

    async def answered(self, room: str, participant: str, publisher: str, sdp: str) -> None:
        """The browser's answer to the engine's offer."""

    async def candidate(self, room: str, participant: str, publisher: str | None, session: str, found: Any) -> None:
        """A candidate of the browser's; one for a connection that is not there is dropped."""

    async def remove(self, room: str, participant: str) -> None:
        """Put somebody out: what they send and receive ends now."""

    def hold(self, room: str, participant: str, publisher: str, held: bool) -> None:
        """Hold a picture back for one participant who wants none, or send it again."""

    def received(self, room: str, participant: str, receptions: Sequence[Reception]) -> None:
        """What a participant's browser measured; an engine that measures by itself needs none of it."""

    def tick(self, now: float) -> None:
        """Some twenty times a second; `now` is the event loop's time."""

    def load(self) -> Load:
        """How much is carried now."""

    async def close(self) -> None:
        """End every connection."""
