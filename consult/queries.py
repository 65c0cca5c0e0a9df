"""Reads of consults: the page of one, the lists of a doctor. Who may read is decided by `consult.access`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.auth.models import User
from consult import access
from consult.access import Standing
from consult.lifecycle import ENDED, OPEN
from consult.models import Consult, ConsultEvent, Participant
from consult.patients.queries import require_treating_doctor, standing_consent

RECENT = timedelta(days=14)
RECENT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Lack:
    """Something a request cannot be sent without: the step it belongs to, its field, and the words to say."""

    step: str
    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One step of a consult's life as people read it."""

    event: str
    state_after: str
    who: str
    reason: str
    at: datetime


def needs() -> tuple[Lack, ...]:
    """Everything that a request needs, in the order of the page."""
    return (
        Lack("complaint", "complaint", _("Write what the patient complains of.")),
        Lack("consent", "consent", _("Ask for consent and record the answer.")),
        Lack("request", "specialty", _("Choose a specialty.")),
        Lack("request", "question", _("Write your question to the specialist.")),
    )


def missing(session: Session, consult: Consult) -> list[Lack]:
    """What still has to be given before the request can be sent."""
    given = {
        "complaint": bool(consult.case.complaint),
        "consent": standing_consent(session, consult.case_id) is not None,
        "specialty": bool(consult.specialty),
        "question": bool(consult.question),
    }
    return [lack for lack in needs() if not given[lack.field]]


def open_consult(session: Session, actor: Actor, consult_id: str) -> Standing:
    """The consult and its record; the read is audited."""
    standing = access.consult(session, actor, consult_id, "read_record")
    audit.record(session, actor, "read_consult", "consult", consult_id)
    return standing


def timeline(session: Session, consult_id: str) -> list[Happening]:
    """What happened, oldest first, with the names of who did it."""
    rows = session.execute(
        select(ConsultEvent, User.full_name)
        .outerjoin(User, User.id == ConsultEvent.actor_id)
        .where(ConsultEvent.consult_id == consult_id)
        .order_by(ConsultEvent.id)
    )
    return [Happening(row.event, row.state_after, name or "", row.reason, row.at) for row, name in rows]


def my_open(session: Session, actor: Actor) -> list[Consult]:
    """Drafts and open consults of a treating doctor: those that wait for the doctor first, then the oldest."""
    require_treating_doctor(actor)
    rows = session.scalars(
        select(Consult).where(Consult.treating_doctor_id == actor.id, Consult.state.in_([*OPEN, "draft"]))
    )
    return sorted(rows, key=lambda consult: (_WAITS_FOR_DOCTOR.get(consult.state, 5), consult.created_at))


_WAITS_FOR_DOCTOR = {"in_progress": 0, "accepted": 1, "opinion_signed": 2, "requested": 3, "awaiting_reply": 4}


def my_recent(session: Session, actor: Actor, now: datetime) -> list[Consult]:
    """Consults of a treating doctor that ended lately, newest first; discarded drafts are left out."""
    rows = session.scalars(
        select(Consult)
        .where(
            Consult.treating_doctor_id == actor.id,
            Consult.state.in_(ENDED),
            Consult.requested_at.is_not(None),
            Consult.ended_at > now - RECENT,
        )
        .order_by(Consult.ended_at.desc())
        .limit(RECENT_LIMIT)
    )
    return list(rows)


def seats(session: Session, consult_id: str) -> list[Participant]:
    """Who may sit in the room, in the order in which they came."""
    rows = select(Participant).where(Participant.consult_id == consult_id, Participant.removed_at.is_(None))
    return list(session.scalars(rows.order_by(Participant.joined_at)))


def digest(consults: Iterable[Consult], thumbnails: Iterable[str] = ()) -> str:
    """A short mark that differs when a list of consults would show something else."""
    shown = [(one.id, one.state, one.urgency, one.question, str(one.specialist_id)) for one in consults]
    return hashlib.sha256(repr((shown, sorted(thumbnails))).encode()).hexdigest()[:16]
