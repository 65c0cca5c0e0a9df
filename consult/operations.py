"""Decisions about a consult: every step of its life goes through `advance`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from app import audit, outbox
from app.actor import Actor
from app.errors import Conflict, Invalid
from app.membership import room_of
from consult import access, queries, request_rules, versions
from consult.access import Standing
from consult.lifecycle import OPEN, next_state
from consult.models import Consult, ConsultEvent, Participant
from consult.patients import operations as patient_operations
from consult.patients.models import Case
from consult.patients.queries import require_treating_doctor

TAKEN: Final = "taken"
SPECIALIST_HAS_IT: Final = frozenset({"accepted", "in_progress", "awaiting_reply", "opinion_signed"})
ROOM_IS_OPEN: Final = OPEN  # a patient may wait in the room before anybody has taken the request

# event -> the timestamp it sets; a time already there stays (a consult may start twice)
_STAMPS: Final[Mapping[str, str]] = {
    "request": "requested_at",
    "accept": "accepted_at",
    "start": "started_at",
    "sign_opinion": "opinion_signed_at",
    "conclude": "ended_at",
    "cancel": "ended_at",
    "decline": "ended_at",
}


def advance(
    session: Session, actor: Actor, standing: Standing, event: str, reason: str, now: datetime, **changes: Any
) -> Consult:
    """Take one step of the state table, with its event row, audit row, timestamp and notices.

    `changes` are further columns written with it. Raises Conflict `wrong_state` when the table has no such step, or
    when somebody else's step came first. Rights are the caller's to check (`access.consult`).
    """
    consult = standing.consult
    before = consult.state
    after = next_state(before, event)
    values = {"state": after, **_stamp(consult, event, now), **changes}
    if event in ("cancel", "decline"):
        values["reason"] = reason
    step = update(Consult).where(Consult.id == consult.id, Consult.state == before).values(values)
    done = session.execute(step.execution_options(synchronize_session=False))
    session.refresh(consult)
    if not isinstance(done, CursorResult) or done.rowcount != 1:
        raise Conflict(_("Somebody else was faster. Look at what changed."), code="wrong_state")
    session.add(
        ConsultEvent(
            consult_id=consult.id,
            event=event,
            state_before=before,
            state_after=after,
            actor_id=actor.id,
            reason=reason,
            at=now,
        )
    )
    audit.record(session, actor, event, "consult", consult.id, before=before, after=after)
    _tell(session, consult, before)
    return consult


def _stamp(consult: Consult, event: str, now: datetime) -> dict[str, datetime]:
    column = _STAMPS.get(event)
    if column is None or (event == "start" and consult.started_at is not None):
        return {}
    return {column: now}


def _tell(session: Session, consult: Consult, before: str) -> None:
    fact = {"consult_id": consult.id, "state": consult.state}
    outbox.post(session, room_of(consult.id), "consult_changed", fact)
    if before != "draft" or consult.state != "cancelled":  # a draft was nobody else's to see
        outbox.post(session, f"worklist:{consult.program_id}", "worklist_changed", {**fact, "urgency": consult.urgency})


def create_draft(session: Session, actor: Actor, case_id: str, now: datetime, *, like_id: str = "") -> Consult:
    """A consult of this case that its doctor is preparing; the one already being prepared if there is one.

    `like_id` names an earlier consult of the case whose request is asked again.
    """
    facility_id = require_treating_doctor(actor)
    case = access.case(session, actor, case_id, "edit_case")
    old = session.scalar(
        select(Consult).where(
            Consult.case_id == case.id, Consult.treating_doctor_id == actor.id, Consult.state == "draft"
        )
    )
    if old is not None:
        return old
    consult = Consult(
        program_id=actor.program_id,
        facility_id=facility_id,
        case_id=case.id,
        treating_doctor_id=actor.id,
        state="draft",
        urgency="routine",
        created_at=now,
    )
    like = access.consult(session, actor, like_id, "edit_request").consult if like_id else None
    if like is not None and like.case_id == case.id:
        consult.specialty, consult.urgency, consult.question = like.specialty, like.urgency, like.question
    session.add(consult)
    session.flush()
    take_seat(session, consult, actor, "treating_doctor")
    audit.record(session, actor, "create_consult", "consult", consult.id)
    return consult


def begin(session: Session, actor: Actor, patient_id: str, now: datetime) -> Consult:
    """A consult in a new case of this patient; the one already being prepared for them if there is one."""
    patient = access.patient(session, actor, patient_id)
    old = session.scalar(
        select(Consult)
        .join(Case, Case.id == Consult.case_id)
        .where(Case.patient_id == patient.id, Consult.treating_doctor_id == actor.id, Consult.state == "draft")
    )
    if old is not None:
        return old
    return create_draft(session, actor, patient_operations.open_case(session, actor, patient.id, now).id, now)


def take_seat(session: Session, consult: Consult, actor: Actor, role: str) -> Participant:
    """The user's seat in the consult: a new one, or the one they gave up before."""
    mine = select(Participant).where(Participant.consult_id == consult.id, Participant.user_id == actor.id)
    seat = session.scalar(mine)
    if seat is None:
        seat = Participant(consult_id=consult.id, user_id=actor.id, role=role, display_name=actor.name)
        session.add(seat)
    seat.removed_at = None
    session.flush()
    return seat


def edit_request(
    session: Session, actor: Actor, consult_id: str, field: str, text: str, version: str, now: datetime
) -> Consult:
    """Save one field of the request (specialty, urgency, question) while it is a draft. Raises Invalid, Conflict."""
    consult = access.consult(session, actor, consult_id, "edit_request").consult
    wanted = request_rules.field_value(field, text)
    if consult.state != "draft":
        raise Conflict(_("The request has been sent and can no longer be changed."), code="wrong_state")
    if versions.check(getattr(consult, field), wanted, version):
        setattr(consult, field, wanted)
        audit.record(session, actor, "edit_request", "consult", consult.id, field=field)
    return consult


def request(session: Session, actor: Actor, consult_id: str, now: datetime) -> Consult:
    """Send the request to the specialists. A second tap is harmless. Raises Invalid naming what is missing."""
    standing = access.consult(session, actor, consult_id, "request")
    if standing.consult.state == "requested":
        return standing.consult
    next_state(standing.consult.state, "request")
    for lack in queries.missing(session, standing.consult):
        raise Invalid(lack.field, lack.words)
    return advance(session, actor, standing, "request", "", now)


def accept(session: Session, actor: Actor, consult_id: str, now: datetime) -> Consult:
    """Take the request: the first specialist wins, the next gets Conflict `taken`. A second tap is harmless."""
    found = session.get(Consult, consult_id)
    if found is not None and _is_specialist_of(actor, found) and found.state in SPECIALIST_HAS_IT:
        if found.specialist_id == actor.id:
            return found
        raise _taken(found)
    standing = access.consult(session, actor, consult_id, "accept")
    try:
        consult = advance(session, actor, standing, "accept", "", now, specialist_id=actor.id)
    except Conflict:
        raise _taken(standing.consult) from None
    take_seat(session, consult, actor, "specialist")
    return consult


def _is_specialist_of(actor: Actor, consult: Consult) -> bool:
    return actor.kind == "user" and actor.role == "specialist" and actor.program_id == consult.program_id


def _taken(consult: Consult) -> Conflict:
    name = consult.specialist.full_name if consult.specialist else _("Somebody else")
    return Conflict(_("%(name)s took it a moment ago.", name=name), code=TAKEN)


def release(session: Session, actor: Actor, consult_id: str, now: datetime) -> Consult:
    """The specialist gives the request back to the worklist; they keep no seat."""
    standing = access.consult(session, actor, consult_id, "release")
    consult = advance(session, actor, standing, "release", "", now, specialist_id=None, accepted_at=None)
    if standing.participant is not None:
        standing.participant.removed_at = now
    return consult


def start(session: Session, actor: Actor, consult_id: str, now: datetime) -> Consult:
    """Both doctors are in the room. Harmless while it runs, and after the opinion (they may talk on)."""
    standing = access.consult(session, actor, consult_id, "start")
    if standing.consult.state in ("in_progress", "opinion_signed"):
        return standing.consult
    return advance(session, actor, standing, "start", "", now)


def park(session: Session, actor: Actor, consult_id: str, now: datetime) -> Consult:
    """Leave it as a question: the parties part, the specialist owes an opinion. Harmless to repeat."""
    standing = access.consult(session, actor, consult_id, "park")
    if standing.consult.state == "awaiting_reply":
        return standing.consult
    return advance(session, actor, standing, "park", "", now)


def decline(session: Session, actor: Actor, consult_id: str, reason: str, now: datetime) -> Consult:
    """A specialist sends the request back, with the reason that the treating doctor will read."""
    standing = access.consult(session, actor, consult_id, "decline")
    next_state(standing.consult.state, "decline")
    return advance(session, actor, standing, "decline", request_rules.reason(reason), now)


def cancel(session: Session, actor: Actor, consult_id: str, reason: str, now: datetime) -> Consult:
    """The treating doctor withdraws the consult; only a draft needs no reason. Harmless to repeat."""
    standing = access.consult(session, actor, consult_id, "cancel")
    if standing.consult.state == "cancelled":
        return standing.consult
    next_state(standing.consult.state, "cancel")
    given = reason.strip() if standing.consult.state == "draft" else request_rules.reason(reason)
    return advance(session, actor, standing, "cancel", given, now)


def is_open(consult: Consult) -> bool:
    """Whether somebody still waits for something in it."""
    return consult.state in OPEN
