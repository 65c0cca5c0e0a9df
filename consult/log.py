"""The consult log: who waited, who was helped, where it fails. Counts and times only: no patient is named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Protocol

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, raiseload

from app.actor import Actor
from app.auth.models import Facility
from app.errors import NotFound
from consult.lifecycle import STATES
from consult.models import Consult
from consult.reports.models import Opinion, Outcome

# How long a request of each urgency may wait before somebody should ask why.
PROMISED_WAIT: Final = {
    "emergency": timedelta(minutes=10),
    "urgent": timedelta(hours=1),
    "routine": timedelta(hours=24),
}
LOGGED_STATES: Final = tuple(state for state in STATES if state != "draft")
PAGE: Final = 50

TalkingTimes = Callable[[Session, Iterable[str]], dict[str, float]]


class Quality(Protocol):
    """A call in a word, with its typical loss (share of 1) and round trip (ms)."""

    @property
    def word(self) -> str: ...
    @property
    def loss(self) -> float: ...
    @property
    def round_trip(self) -> int | None: ...


Qualities = Callable[[Session, Iterable[str]], Mapping[str, Quality]]
Recorded = Callable[[Session, list[str]], set[str]]  # those of the consults whose talk was recorded


@dataclass(frozen=True, slots=True)
class LogFilter:
    """What to show; empty means any. `since` and `until` bound the moment of the request."""

    facility_id: str = ""
    specialty: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One consult: `reference` is the case's, `waited` runs on while nobody has taken the request."""

    reference: str
    requested_at: datetime
    site: str
    specialty: str
    urgency: str
    state: str
    waited: timedelta | None
    still_waiting: bool
    late: bool
    talked_seconds: float
    call: Quality | None
    recorded: bool
    opinion_signed_at: datetime | None
    outcome_signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The three on top: waiting now, the median wait of those who were answered, and and waits beyond the promise."""

    waiting: int
    median_wait: timedelta | None
    overdue: int


def require_manager(actor: Actor) -> None:
    """Raises NotFound for everybody but a program's manager."""
    if actor.kind != "user" or actor.role != "program_manager":
        raise NotFound()


def figures(session: Session, actor: Actor, wanted: LogFilter, now: datetime) -> Figures:
    """The three figures, over the same rows that the filter shows."""
    require_manager(actor)
    found = list(session.scalars(_consults(actor, wanted)))
    waiting = [one for one in found if one.state == "requested"]
    waits = [
        (one.accepted_at - one.requested_at).total_seconds() for one in found if one.accepted_at and one.requested_at
    ]
    return Figures(
        waiting=len(waiting),
        median_wait=timedelta(seconds=median(waits)) if waits else None,
        overdue=sum(1 for one in waiting if _is_late(one, now)),
    )


def rows(
    session: Session,
    actor: Actor,
    wanted: LogFilter,
    now: datetime,
    talking: TalkingTimes,
    qualities: Qualities,
    recordings: Recorded,
    *,
    page: int | None = None,
) -> tuple[list[LogRow], bool]:
    """The log, newest request first, and whether older rows follow; every row where `page` (from 0) is None."""
    require_manager(actor)
    chosen = _consults(actor, wanted).order_by(Consult.requested_at.desc(), Consult.id)
    if page is not None:
        chosen = chosen.offset(page * PAGE).limit(PAGE + 1)
    consults = list(session.scalars(chosen))
    more = page is not None and len(consults) > PAGE
    consults = consults[:PAGE] if more else consults
    ids = [one.id for one in consults]
    talked = talking(session, ids)
    calls = qualities(session, ids)
    recorded = recordings(session, ids)
    opinions = _signed(session, Opinion, ids)
    outcomes = _signed(session, Outcome, ids)
    return [
        _row(
            one,
            now,
            talked.get(one.id, 0.0),
            calls.get(one.id),
            one.id in recorded,
            opinions.get(one.id),
            outcomes.get(one.id),
        )
        for one in consults
    ], more


def sites(session: Session, actor: Actor) -> list[Facility]:
    """The sites to filter by."""
    require_manager(actor)
    chosen = select(Facility).where(Facility.program_id == actor.program_id).order_by(Facility.name)
    return list(session.scalars(chosen))


def _consults(actor: Actor, wanted: LogFilter) -> Select[Consult]:
    # The case's patient is not even read.
    chosen = (
        select(Consult)
        .options(raiseload(Consult.case), raiseload(Consult.treating_doctor), raiseload(Consult.specialist))
        .where(Consult.program_id == actor.program_id, Consult.requested_at.is_not(None))
    )
    if wanted.facility_id:
        chosen = chosen.where(Consult.facility_id == wanted.facility_id)
    if wanted.specialty:
        chosen = chosen.where(Consult.specialty == wanted.specialty)
    if wanted.state:
        chosen = chosen.where(Consult.state == wanted.state)
    if wanted.since:
        chosen = chosen.where(Consult.requested_at >= wanted.since)
    if wanted.until:
        chosen = chosen.where(Consult.requested_at < wanted.until)
    return chosen


def _signed(session: Session, kind: type[Opinion] | type[Outcome], ids: list[str]) -> dict[str, datetime]:
    chosen = select(kind.consult_id, kind.signed_at).where(kind.consult_id.in_(ids), kind.signed_at.is_not(None))
    return {consult_id: signed_at for consult_id, signed_at in session.execute(chosen) if signed_at}


def _is_late(consult: Consult, now: datetime) -> bool:
    waited = _waited(consult, now)
    return waited is not None and waited > PROMISED_WAIT[consult.urgency]


def _waited(consult: Consult, now: datetime) -> timedelta | None:
    """From the request until it was taken; until it ended, or now, where nobody took it."""
    if consult.requested_at is None:
        return None
    return (consult.accepted_at or consult.ended_at or now) - consult.requested_at


def _row(
    consult: Consult,
    now: datetime,
    talked: float,
    call: Quality | None,
    recorded: bool,
    opinion: datetime | None,
    outcome: datetime | None,
) -> LogRow:
    assert consult.requested_at is not None  # the query's own condition
    return LogRow(
        reference=consult.case_id[:8],
        requested_at=consult.requested_at,
        site=consult.facility.name,
        specialty=consult.specialty,
        urgency=consult.urgency,
        state=consult.state,
        waited=_waited(consult, now),
        still_waiting=consult.state == "requested",
        late=_is_late(consult, now),
        talked_seconds=talked,
        call=call,
        recorded=recorded,
        opinion_signed_at=opinion,
        outcome_signed_at=outcome,
    )
