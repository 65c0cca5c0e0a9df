"""Reads of a case's requests for views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from imaging.guards.checklists.queries import view_words
from imaging.guards.retakes.models import Retake, RetakeAnswer

Json = dict[str, Any]


def retakes_of(session: Session, case_id: str) -> list[Retake]:
    """Every request of a case: those that wait first, then the newest."""
    rows = select(Retake).where(Retake.case_id == case_id)
    loaded = rows.options(selectinload(Retake.answers).selectinload(RetakeAnswer.upload))
    found = session.scalars(loaded.order_by(Retake.asked_at.desc(), Retake.id))
    return sorted(found, key=lambda one: one.state != "asked")


def open_count(session: Session, case_id: str) -> int:
    """How many requests of a case wait."""
    wanted = select(func.count()).select_from(Retake).where(Retake.case_id == case_id, Retake.state == "asked")
    return session.scalar(wanted) or 0


def open_counts(session: Session, case_ids: Iterable[str]) -> dict[str, int]:
    """How many requests wait in each of these cases; cases without one are left out."""
    wanted = select(Retake.case_id, func.count()).where(Retake.case_id.in_(list(case_ids)), Retake.state == "asked")
    rows = session.execute(wanted.group_by(Retake.case_id)).all()
    return {row[0]: row[1] for row in rows}


def described(retake: Retake) -> Json:
    """A request as its case's people see it: `pictures` are the instances that answer it, `coming` counts files that
    are on their way.
    """
    instances = [one.instance_id or (one.upload.instance_id if one.upload else None) for one in retake.answers]
    coming = [one for one in retake.answers if one.upload and one.upload.state in ("receiving", "checking")]
    return {
        "id": retake.id,
        "exam": retake.exam,
        "view": retake.view,
        "words": view_words(retake.exam, retake.view) or retake.words,
        "more": retake.words if retake.view else "",
        "why": retake.why,
        "state": retake.state,
        "reason": retake.reason,
        "asked_by": retake.asked_by_name,
        "asked_at": retake.asked_at.isoformat(),
        "ended_by": retake.ended_by_name,
        "ended_at": retake.ended_at.isoformat() if retake.ended_at else None,
        "pictures": list(dict.fromkeys(one for one in instances if one)),
        "coming": len(coming),
    }
