"""The way a call's media takes: directly or through a relay, changed while people talk.

Kept in the process, beside the roster. A route is replaced as a whole, under a new name, when people come or go, when
somebody finds no direct path, and when its relay dies; whatever belongs to an older name is refused or dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from flask_babel import gettext as _

from app.db import new_id
from app.errors import Conflict, Invalid, NotFound
from app.membership import room_of
from video import orders, policy, tickets
from video.protocol import (
    HoldPicture,
    MediaAnswered,
    MediaRefused,
    Message,
    OpenMedia,
    PictureHeld,
    Route,
    RouteChanged,
    SendMediaAnswer,
    SendMediaCandidate,
    SmallPictureWanted,
    TellReception,
)
from video.relays import Relays
from video.roster import Place, Roster

Emit = Callable[..., Any]
Named = OpenMedia | SendMediaCandidate | SendMediaAnswer


@dataclass(frozen=True, slots=True)
class Way:
    """A call's route, the relay's socket where there is one, and whether somebody asked for it."""

    route: Route
    relay: str | None = None
    asked: bool = False


class Relaying:
    """The routes of this process's calls. `emit(event, fact, **target)` reaches browsers."""

    def __init__(
        self, roster: Roster, relays: Relays, emit: Emit, secret: Callable[[], str], now: Callable[[], datetime]
    ) -> None:
        self._roster = roster
        self._relays = relays
        self._emit = emit
        self._secret = secret
        self._now = now
        self._ways: dict[str, Way] = {}
        self._recorded: set[str] = set()  # calls that everybody agreed to have recorded
        self.way_changed: Callable[[str], None] = lambda consult_id: None
        relays.lost = self._relay_lost
        relays.happened = self._happened
        relays.came = self._relay_came

    @property
    def relays(self) -> int:
        """How many relays there are."""
        return len(self._relays)

    def route(self, consult_id: str) -> Route:
        """How a call's media travels now."""
        return self._way(consult_id).route

    def _way(self, consult_id: str) -> Way:
        way = self._ways.get(consult_id)
        if way is None:
            way = self._ways[consult_id] = Way(Route(kind="direct", id=new_id()))
        return way

    def settle(self, consult_id: str) -> None:
        """Someone came or went: choose the route anew, and say so if it is another."""
        members = len(self._roster.places(consult_id))
        if members == 0:
            self._relays.release(consult_id)
            self._ways.pop(consult_id, None)
            self._recorded.discard(consult_id)
            return
        way = self._way(consult_id)
        recorded = consult_id in self._recorded
        wanted = policy.route(members, way.asked, recorded)
        records = self._relays.records
        fits = wanted == "direct" or not recorded or records(way.relay or "") or not records()
        if (wanted == way.route.kind and fits) or (wanted == "relay" and len(self._relays) == 0):
            return
        self._change(consult_id, wanted)

    def ask(self, place: Place) -> None:
        """Somebody found no direct path. Raises Conflict(no_relay) where there is none to go through."""
        consult_id = place.seat.consult_id
        way = self._way(consult_id)
        if way.route.kind == "relay":
            return
        if len(self._relays) == 0:
            raise Conflict("There is no direct path between you, and no relay to go through.", code="no_relay")
        self._ways[consult_id] = Way(way.route, way.relay, asked=True)
        self.settle(consult_id)

    def _change(self, consult_id: str, kind: Literal["direct", "relay"]) -> None:
        asked = self._way(consult_id).asked
        recorded = consult_id in self._recorded
        relay = self._relays.place(consult_id, recorded) if kind == "relay" else None
        if relay is None and recorded and kind == "relay":
            relay = self._relays.place(consult_id)  # talking goes before recording
        if relay is None:
            self._relays.release(consult_id)
        by_relay = self._relays.engine(relay) == "janus"
        route = Route(kind="relay" if relay else "direct", id=new_id(), receive="answer" if by_relay else "offer")
        self._ways[consult_id] = Way(route, relay, asked)
        self._emit("route_changed", RouteChanged(route=route), to=room_of(consult_id))
        self.way_changed(consult_id)

    def hear_recordings(self, heard: Callable[[dict[str, Any]], None]) -> None:
        """Have what relays say of their recordings heard."""
        self._relays.recorded = heard

    @property
    def may_record(self) -> bool:
        """Whether there is a relay that can record."""
        return self._relays.records()

    def require_recording(self) -> None:
        """Raises Conflict (`no_relay`, `cannot_record`) where no relay here could record a call."""
        if len(self._relays) == 0:
            raise Conflict(
                _("Recording needs the relay, and it is not running. Tell whoever looks after this installation."),
                code="no_relay",
            )
        if not self._relays.records():
            raise Conflict(
                _("The media server of this installation carries calls but cannot record them."), code="cannot_record"
            )

    def record(self, consult_id: str, recorded: bool) -> None:
        """Whether everybody agreed to have the call recorded: then it goes through a relay that can."""
        if recorded:
            self._recorded.add(consult_id)
        elif consult_id in self._recorded:
            self._recorded.remove(consult_id)
        else:
            return
        self.settle(consult_id)

    def order_recording(
        self, consult_id: str, *, recording: str, take: str, people: Mapping[str, Sequence[str]], key: bytes
    ) -> None:
        """Give the call's relay a signed order; nothing where there is none."""
        way = self._ways.get(consult_id)
        if way is not None and way.relay is not None and self._relays.records(way.relay):
            order = orders.make(
                self._secret(), self._now(), room=consult_id, recording=recording, take=take, people=people, key=key
            )
            self._relays.tell(way.relay, "record", {"order": order})

    def stop_recording(self, consult_id: str) -> None:
        """Have the call's relay record nothing more, now."""
        way = self._ways.get(consult_id)
        if way is not None and way.relay is not None:
            self._relays.tell(way.relay, "stop_recording", {"room": consult_id})

    def _relay_lost(self, consult_ids: list[str]) -> None:
        for consult_id in consult_ids:
            if consult_id in self._ways:
                self._change(consult_id, "relay")

    def _relay_came(self) -> None:
        """Calls that went directly for want of a relay have one now."""
        for consult_id in list(self._ways):
            self.settle(consult_id)

    def open_media(self, place: Place, message: OpenMedia) -> None:
        """Hand an offer to the relay with a ticket. Raises Conflict(route_changed), NotFound."""
        way, named = self._named(place, message)
        by_relay = message.purpose == "subscribe" and self.route(place.seat.consult_id).receive == "answer"
        if (message.sdp is None) != by_relay:
            raise Invalid("sdp", "On this route the offer comes from the other side.")
        ticket = tickets.make(
            self._secret(),
            self._now(),
            room=place.seat.consult_id,
            participant=place.seat.participant_id,
            session=place.session_id,
            purpose=message.purpose,
            publisher=named["publisher"],
            route=message.route,
        )
        offered = {"offer": message.sdp, "attempt": message.attempt, "tracks": message.tracks}
        self._relays.tell(way, "open", {**named, "ticket": ticket, **offered})

    def send_candidate(self, place: Place, message: SendMediaCandidate) -> None:
        """Hand a candidate to the relay. Raises as `open_media` does."""
        way, named = self._named(place, message)
        self._relays.tell(way, "candidate", {**named, "candidate": message.candidate.model_dump(by_alias=True)})

    def send_answer(self, place: Place, message: SendMediaAnswer) -> None:
        """Hand the answer to the relay's offer on. Raises as `open_media` does."""
        way, named = self._named(place, message)
        self._relays.tell(way, "answered", {**named, "sdp": message.sdp})

    def tell_reception(self, place: Place, message: TellReception) -> None:
        """Hand on how the others arrive at a member. Raises Conflict(route_changed)."""
        way = self._relayed(place, message.route)
        links = [
            {**one.model_dump(), "round_trip": one.round_trip / 1000}
            for one in message.links
            if self._roster.find(place.seat.consult_id, one.publisher) is not None
        ]
        named = {"room": place.seat.consult_id, "participant": place.seat.participant_id}
        self._relays.tell(way, "received", {**named, "links": links})

    def hold_picture(self, place: Place, message: HoldPicture) -> None:
        """Have the relay hold a picture back, or send it again. Raises Conflict(route_changed)."""
        way = self._relayed(place, message.route)
        held = {"publisher": message.publisher, "held": message.held}
        named = {"room": place.seat.consult_id, "participant": place.seat.participant_id}
        self._relays.tell(way, "hold", {**named, **held})

    def _relayed(self, place: Place, route: str) -> str:
        """The socket of the relay that carries the call on this route."""
        way = self._way(place.seat.consult_id)
        if way.relay is None or way.route.id != route:
            raise Conflict("The call travels another way by now.", code="route_changed")
        return way.relay

    def _named(self, place: Place, message: Named) -> tuple[str, dict[str, Any]]:
        """The relay's socket, and how the relay knows the connection that is meant."""
        relay = self._relayed(place, message.route)
        publisher = message.publisher or ""
        if message.session_id != place.session_id or (message.purpose == "subscribe") != bool(publisher):
            raise NotFound()
        if publisher and (
            publisher == place.seat.participant_id or self._roster.find(place.seat.consult_id, publisher) is None
        ):
            raise NotFound()
        return relay, {
            "room": place.seat.consult_id,
            "participant": place.seat.participant_id,
            "session": place.session_id,
            "purpose": message.purpose,
            "publisher": publisher,
        }

    def left(self, place: Place) -> None:
        """Somebody is out of the call: the relay carries nothing of theirs, and nothing to them, any more."""
        way = self._ways.get(place.seat.consult_id)
        if way is not None and way.relay is not None:
            self._relays.tell(
                way.relay, "remove", {"room": place.seat.consult_id, "participant": place.seat.participant_id}
            )
        self.settle(place.seat.consult_id)

    def _happened(self, event: dict[str, Any]) -> None:
        place = self._roster.find(str(event.get("room")), str(event.get("participant")))
        if place is None or place.session_id != event.get("session"):
            return
        kind = event.get("event")
        if kind in ("described", "refused"):
            self._answer(place, event)
        elif kind in ("starved", "fed"):
            self._tell(place, "picture_held", PictureHeld(publisher=event["publisher"], held=kind == "starved"))
        elif kind in ("small_wanted", "small_unwanted"):
            self._tell(place, "small_picture_wanted", SmallPictureWanted(wanted=kind == "small_wanted"))

    def _answer(self, place: Place, event: dict[str, Any]) -> None:
        named = {
            "route": self.route(place.seat.consult_id).id,
            "purpose": event["purpose"],
            "publisher": event["publisher"] or None,
            "attempt": event["attempt"],
        }
        if event["event"] == "described":
            self._tell(place, "media_answered", MediaAnswered(**named, type=event["type"], sdp=event["sdp"]))
        else:
            self._tell(place, "media_refused", MediaRefused(**named, code=event["code"]))

    def _tell(self, place: Place, event: str, fact: Message) -> None:
        self._emit(event, fact, to=place.seat.sid)
