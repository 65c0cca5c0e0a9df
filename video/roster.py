"""Who is in which call, kept in the process: one consult's sockets live in one process.

After a restart it fills again from the browsers, whose own connections to each other never noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from app.membership import Membership
from video.protocol import CallMember, Camera, Extra

GRACE = timedelta(seconds=15)

Standing = Literal["there", "gone", "elsewhere"]  # the socket that holds a place; the participant on another page
Departure = Literal["left", "lost"]


@dataclass(frozen=True, slots=True)
class Place:
    """A participant's place in their consult's call. `lost_at`: since when the socket that holds it is gone."""

    seat: Membership
    session_id: str
    audio: bool
    video: bool
    camera: Camera | None = None
    extra: tuple[Extra, ...] = ()
    lost_at: datetime | None = None

    def as_member(self) -> CallMember:
        return CallMember(
            participant_id=self.seat.participant_id,
            session_id=self.session_id,
            audio=self.audio,
            video=self.video,
            camera=self.camera,
            extra=list(self.extra),
        )


class Roster:
    """The places of every call in this process."""

    def __init__(self) -> None:
        self._calls: dict[str, dict[str, Place]] = {}

    def places(self, consult_id: str) -> list[Place]:
        """Everyone in the call, in the order in which they joined."""
        return list(self._calls.get(consult_id, {}).values())

    def find(self, consult_id: str, participant_id: str) -> Place | None:
        """A participant's place in the call of one consult."""
        return self._calls.get(consult_id, {}).get(participant_id)

    def is_talking(self, consult_id: str) -> bool:
        """Whether two or more people are in the call."""
        return len(self._calls.get(consult_id, {})) >= 2

    def talking(self) -> list[str]:
        """The consults whose call has two or more people."""
        return [consult_id for consult_id in self._calls if self.is_talking(consult_id)]

    def take(self, place: Place) -> Place | None:
        """Take a place; returns the one this participant held before."""
        call = self._calls.setdefault(place.seat.consult_id, {})
        previous = call.get(place.seat.participant_id)
        call[place.seat.participant_id] = place
        return previous

    def give_up(self, place: Place) -> bool:
        """Give up a place; False when its participant has taken another (or none) since."""
        call = self._calls.get(place.seat.consult_id, {})
        if call.get(place.seat.participant_id) is not place:
            return False
        del call[place.seat.participant_id]
        if not call:
            del self._calls[place.seat.consult_id]
        return True

    def expire(self, now: datetime, standing: Callable[[Membership], Standing]) -> list[tuple[Place, Departure]]:
        """Places to be given up: held from another page since, or without a socket for the whole grace."""
        over: list[tuple[Place, Departure]] = []
        for call in self._calls.values():
            for participant_id, place in call.items():
                where = standing(place.seat)
                if where == "there":
                    call[participant_id] = place if place.lost_at is None else replace(place, lost_at=None)
                elif where == "elsewhere":
                    over.append((place, "left"))
                elif place.lost_at is None:
                    call[participant_id] = replace(place, lost_at=now)
                elif now - place.lost_at >= GRACE:
                    over.append((place, "lost"))
        return over
