"""What browsers measured of a call: kept with it, and summed up in a word for whoever looks after the network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.membership import Membership
from video.models import RUNGS, CallSample
from video.protocol import LinkQuality

EVERY: Final = timedelta(seconds=10)  # more often than this is not kept
MOST: Final = 2_000  # samples of one member in one consult: eleven hours of talking
_OFTEN: Final = 0.2  # a link that is weak this often was a weak call

Word = Literal["good", "weak", "voice", "no_path", "lost"]


@dataclass(frozen=True, slots=True)
class CallQuality:
    """A call in a word: `lost` where it ended without a link, `voice` where the picture had to go most of the time.

    `loss` is a share of 1, `round_trip` milliseconds, both medians; `paths` the ways used, the most used first.
    """

    word: Word
    loss: float
    round_trip: int | None
    paths: tuple[str, ...]


def keep(session: Session, seat: Membership, links: Sequence[LinkQuality], now: datetime) -> bool:
    """Keep what a member's browser measured; False where it reports too often or has reported enough."""
    mine = (CallSample.consult_id == seat.consult_id, CallSample.participant_id == seat.participant_id)
    count, last = session.execute(select(func.count(), func.max(CallSample.at)).where(*mine)).one()
    if count >= MOST or (last is not None and now - last < EVERY):
        return False
    for link in links:
        values = link.model_dump(exclude={"other"})
        session.add(
            CallSample(
                consult_id=seat.consult_id, participant_id=seat.participant_id, other_id=link.other, at=now, **values
            )
        )
    return True


def quality_of(session: Session, consult_ids: Iterable[str]) -> dict[str, CallQuality]:
    """Each consult's call in a word; consults without a measured call are absent."""
    wanted = select(CallSample).where(CallSample.consult_id.in_(list(consult_ids))).order_by(CallSample.at)
    found: dict[str, list[CallSample]] = {}
    for sample in session.scalars(wanted):
        found.setdefault(sample.consult_id, []).append(sample)
    return {consult_id: _sum_up(samples) for consult_id, samples in found.items()}


def _sum_up(samples: list[CallSample]) -> CallQuality:
    talked = [one for one in samples if one.link in ("good", "weak")]
    trips = [one.round_trip for one in talked if one.round_trip is not None]
    paths = Counter(one.path for one in talked)
    return CallQuality(
        word=_word(samples, talked),
        loss=median(max(one.loss_in, one.loss_out) for one in talked) if talked else 0.0,
        round_trip=int(median(trips)) if trips else None,
        paths=tuple(path for path, _ in paths.most_common()),
    )


def _word(samples: list[CallSample], talked: list[CallSample]) -> Word:
    if not talked:
        return "no_path"
    if samples[-1].link in ("lost", "no_path"):
        return "lost"
    without_picture = sum(RUNGS.index(one.rung) >= RUNGS.index("stills") for one in talked)
    if without_picture * 2 > len(talked):
        return "voice"
    return "weak" if sum(one.link == "weak" for one in talked) > _OFTEN * len(talked) else "good"
