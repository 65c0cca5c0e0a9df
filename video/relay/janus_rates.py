"""What Janus lets a publisher send: it does not adapt to a slow viewer by itself, so the viewers' figures decide.

Up slowly, down at once (the shape of TCP's answer to loss), for each viewer; the slowest one of a publisher counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from video.relay.engine import Reception

FASTEST: Final = 600_000  # bit/s: what a picture may cost at most
SLOWEST: Final = 60_000
MUCH_LOST, SOME_LOST = 0.10, 0.04
SLOW_TRIP: Final = 1.0  # seconds: a queue on the way is full
DOWN, UP = 0.6, 1.15
WORTH_SAYING: Final = 0.1


@dataclass(slots=True)
class Rates:
    """What each viewer (participant, publisher) can take, and what each publisher was told last; bit/s."""

    _takes: dict[tuple[str, str], float] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)

    def received(self, participant: str, one: Reception) -> None:
        """A viewer's browser measured how a picture arrives."""
        key = (participant, one.publisher)
        takes = self._takes.get(key, float(FASTEST))
        if one.loss > MUCH_LOST or one.round_trip > SLOW_TRIP:
            arriving = one.picture if one.picture > 0 else takes
            takes = max(SLOWEST, DOWN * min(takes, arriving))
        elif one.loss < SOME_LOST:
            takes = min(FASTEST, UP * takes)
        self._takes[key] = takes

    def forget(self, participant: str) -> None:
        """Somebody left."""
        self._takes = {key: takes for key, takes in self._takes.items() if participant not in key}
        self._told.pop(participant, None)

    def due(self, publisher: str) -> int | None:
        """What to tell a publisher now; None while it is about what they were told."""
        takes = [takes for (_, whom), takes in self._takes.items() if whom == publisher]
        limit = int(min(takes, default=FASTEST))
        before = self._told.get(publisher, FASTEST)
        if abs(limit - before) < WORTH_SAYING * before and not (limit == FASTEST != before):
            return None
        self._told[publisher] = limit
        return limit
