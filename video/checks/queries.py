"""Reads: each site's links by the hour, for whoever looks after the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.auth.models import Facility
from app.errors import NotAllowed
from video.checks.models import PATHS, VERDICTS, LinkCheck

SHOWN: Final = timedelta(days=7)
READERS: Final = frozenset({"program_manager", "administrator"})


@dataclass(frozen=True, slots=True)
class SiteHour:
    """What the checks of one site in one hour found: medians, and the poorest verdict and path."""

    site: str
    hour: datetime
    checks: int
    verdict: str
    path: str
    round_trip: int | None
    loss: float | None
    down_bps: int | None
    up_bps: int | None


def of_program(session: Session, actor: Actor, now: datetime) -> list[SiteHour]:
    """The last week's, newest first. Raises NotAllowed for anybody but managers and administrators."""
    if actor.kind != "user" or actor.role not in READERS:
        raise NotAllowed("Only the program's manager and administrator read this.")
    rows = session.execute(
        select(LinkCheck, Facility.name)
        .join(Facility, Facility.id == LinkCheck.facility_id)
        .where(LinkCheck.program_id == actor.program_id, LinkCheck.hour > now - SHOWN)
        .order_by(LinkCheck.hour.desc(), Facility.name)
    )
    groups: dict[tuple[datetime, str], list[LinkCheck]] = {}
    for check, site in rows:
        groups.setdefault((check.hour, site), []).append(check)
    return [_sum_up(site, hour, checks) for (hour, site), checks in groups.items()]


def _sum_up(site: str, hour: datetime, checks: list[LinkCheck]) -> SiteHour:
    loss = [one.loss for one in checks if one.loss is not None]
    return SiteHour(
        site=site,
        hour=hour,
        checks=len(checks),
        verdict=max((one.verdict for one in checks), key=VERDICTS.index),
        path=max((one.path for one in checks), key=PATHS.index),
        round_trip=_middle([one.round_trip for one in checks]),
        loss=median(loss) if loss else None,
        down_bps=_middle([one.down_bps for one in checks]),
        up_bps=_middle([one.up_bps for one in checks]),
    )


def _middle(values: Sequence[int | None]) -> int | None:
    known = [one for one in values if one is not None]
    return int(median(known)) if known else None
