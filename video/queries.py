"""Reads: how long people talked."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from video.models import CallSpan


def talking_seconds(session: Session, consult_id: str) -> float:
    """Seconds with two or more people in the consult's call; a call that still runs counts to its last heartbeat."""
    return talking_seconds_of(session, [consult_id]).get(consult_id, 0.0)


def talking_seconds_of(session: Session, consult_ids: Iterable[str]) -> dict[str, float]:
    """The same for many consults at once; those without a call are absent."""
    totals: dict[str, float] = {}
    for span in session.scalars(select(CallSpan).where(CallSpan.consult_id.in_(list(consult_ids)))):
        ended = span.ended_at or span.heartbeat_at
        totals[span.consult_id] = totals.get(span.consult_id, 0.0) + (ended - span.started_at).total_seconds()
    return totals


def open_span(session: Session, consult_id: str) -> CallSpan | None:
    """The span that runs now, if any."""
    return session.scalar(select(CallSpan).where(CallSpan.consult_id == consult_id, CallSpan.ended_at.is_(None)))
