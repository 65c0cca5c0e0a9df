"""Which receivers get a publisher's small picture, so that the slowest one does not make it small for everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from video.relay.subscriber import STARVED, UNMEASURED, VOICE, Subscriber

SLOW: Final = 250_000  # bit/s: a line below it may be spared by the small picture
TIMES_FASTER: Final = 2  # another line must be so much faster, or one picture that fits both is better
TRY_SECONDS: Final = (10.0, 20.0, 40.0, 80.0)


def sort(viewers: Sequence[Subscriber], now: float) -> None:
    """Give slow lines the small picture, and try the large one again, ever less often."""
    fastest = max((one.capacity for one in viewers), default=0)
    for one in viewers:
        if one.small:
            if now >= one.small_until:
                one.small = False
                one.estimate = max(one.estimate, fastest)  # what it measured was the small picture
        elif one.measured and one.capacity < SLOW and fastest >= TIMES_FASTER * one.capacity:
            one.small = True
            one.small_until = now + TRY_SECONDS[min(one.spared, len(TRY_SECONDS) - 1)]
            one.spared += 1


def limit(viewers: Sequence[Subscriber], fastest: int) -> int:
    """What the large picture may cost (bit/s): what the slowest of those can take who get it."""
    own = [one.capacity - VOICE for one in viewers if not one.small]
    if viewers and not own:
        return UNMEASURED
    return max(STARVED, min(own, default=fastest))
