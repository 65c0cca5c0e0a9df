"""Repairing losses within limits: what is asked of a publisher again, and what is answered to a receiver.

Without limits both directions collapse a thin link: each loss makes more packets, which make more losses. So every
packet is asked for a few times only, at the pace of the round trip, and answers spend a share of what is sent anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from video.relay.packets import SEQUENCES

MAX_TRIES: Final = 4
MAX_AGE: Final = 1.5  # seconds after which a picture has gone on without the packet
MAX_MISSING: Final = 100  # more at once is an outage, not a loss: a new key frame is cheaper
SPACING: Final = 1.2  # round trips between two tries for the same packet
SHORTEST_SPACING: Final = 0.02
ANSWER_SHARE: Final = 0.2  # of the bytes sent
ANSWER_ALLOWANCE: Final = 8_000  # bytes, so that a quiet stream can be repaired at all


@dataclass(slots=True)
class _Missing:
    since: float
    next_at: float
    tries: int = 0


@dataclass(slots=True)
class Asking:
    """Which packets of one stream are asked for again, and when. Times are seconds of one monotonic clock."""

    round_trip: float = 0.1
    missing: dict[int, _Missing] = field(default_factory=dict)

    def lost(self, first: int, count: int, now: float) -> bool:
        """`count` packets from `first` on did not come; False when they are too many to be asked for."""
        if len(self.missing) + count > MAX_MISSING:
            self.missing.clear()
            return False
        for step in range(count):
            # A packet that was only overtaken comes within a moment: the first try waits for that.
            self.missing[(first + step) % SEQUENCES] = _Missing(now, now + 0.01)
        return True

    def came(self, sequence: int) -> bool:
        """A packet came late; False when nobody missed it, so that it is a duplicate."""
        return self.missing.pop(sequence, None) is not None

    def due(self, now: float) -> tuple[list[int], bool]:
        """What to ask for now, and whether something was given up, so that a key frame is needed."""
        asked: list[int] = []
        given_up = False
        for sequence, one in list(self.missing.items()):
            if one.tries >= MAX_TRIES or now - one.since > MAX_AGE:
                del self.missing[sequence]
                given_up = True
            elif now >= one.next_at:
                one.tries += 1
                one.next_at = now + max(SHORTEST_SPACING, SPACING * self.round_trip)
                asked.append(sequence)
        return asked, given_up


@dataclass(slots=True)
class Answering:
    """Which requests for a packet are answered. Bytes; times in seconds of one monotonic clock."""

    round_trip: float = 0.1
    allowance: float = ANSWER_ALLOWANCE
    answered: dict[int, tuple[float, int]] = field(default_factory=dict)

    def sent(self, size: int) -> None:
        """A packet went out for the first time: a share of it may be spent on repairs."""
        self.allowance = min(ANSWER_ALLOWANCE, self.allowance + ANSWER_SHARE * size)

    def may_answer(self, sequence: int, size: int, sent_at: float, now: float) -> bool:
        """Whether to send a packet again; counts it if so."""
        last, tries = self.answered.get(sequence, (0.0, 0))
        soon = tries and now - last < max(SHORTEST_SPACING, SPACING * self.round_trip)
        if soon or tries >= MAX_TRIES or now - sent_at > MAX_AGE or size > self.allowance:
            return False
        if len(self.answered) > 2 * MAX_MISSING:
            self.answered.clear()
        self.answered[sequence] = (now, tries + 1)
        self.allowance -= size
        return True
