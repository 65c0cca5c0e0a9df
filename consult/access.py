"""The one gate to consults, cases and patients.

An outsider gets NotFound, exactly as for what does not exist; a reader who wants to write gets NotAllowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.actor import Actor
from app.errors import NotAllowed, NotFound
from consult.lifecycle import ENDED
from consult.models import Consult, Invitation, Participant
from consult.patients.models import Case, Patient
from consult.roles import CANDIDATE, COLLEAGUE, may

REFUSED = "You may look at this, but not change it."


@dataclass(frozen=True, slots=True)
class Standing:
    """A consult, what the actor is in it, and their seat if they have one."""

    consult: Consult
    role: str
    participant: Participant | None


def consult(session: Session, actor: Actor, consult_id: str, right: str) -> Standing:
    """The consult, for an actor who has `right` in it. Raises NotFound for outsiders, NotAllowed for mere readers."""
    found = session.get(Consult, consult_id)
    role = None if found is None else standing(session, actor, found)
    if found is None or role is None:
        raise NotFound()
    if not may(role, right):
        raise NotAllowed(REFUSED)
    return Standing(found, role, _seat(session, actor, found))


def standing(session: Session, actor: Actor, found: Consult) -> str | None:
    """What the actor is in this consult: a participant role, colleague, candidate, or None for an outsider."""
    if actor.kind == "guest":
        return _guest_role(session, actor, found)
    if actor.kind != "user" or actor.program_id != found.program_id:
        return None
    if actor.id == found.treating_doctor_id:
        return "treating_doctor"
    if actor.id == found.specialist_id and found.state != "declined":
        return "specialist"
    if actor.role == "treating_doctor" and actor.facility_id == found.facility_id:
        return COLLEAGUE
    if actor.role == "specialist" and found.state == "requested":
        return CANDIDATE
    return None


def _guest_role(session: Session, actor: Actor, found: Consult) -> str | None:
    if actor.consult_id != found.id or found.state in ENDED:
        return None
    seat = session.get(Participant, actor.id)
    if seat is None or seat.consult_id != found.id or seat.removed_at is not None:
        return None
    invitation = session.get(Invitation, seat.invitation_id) if seat.invitation_id else None
    if invitation is None or invitation.revoked_at is not None or invitation.expires_at <= clock.now():
        return None
    return seat.role


def _seat(session: Session, actor: Actor, found: Consult) -> Participant | None:
    if actor.kind == "guest":
        return session.get(Participant, actor.id)
    rows = select(Participant).where(Participant.consult_id == found.id, Participant.user_id == actor.id)
    return session.scalar(rows)


def case(session: Session, actor: Actor, case_id: str, right: str) -> Case:
    """The case, for an actor who has `right` in it: their facility's doctors, or through one of its consults."""
    found = session.get(Case, case_id)
    roles = set() if found is None else _case_roles(session, actor, found)
    if found is None or not roles:
        raise NotFound()
    if not any(may(role, right) for role in roles):
        raise NotAllowed(REFUSED)
    return found


def _case_roles(session: Session, actor: Actor, found: Case) -> set[str]:
    if actor.kind == "user" and actor.program_id != found.program_id:
        return set()
    consults = session.scalars(select(Consult).where(Consult.case_id == found.id))
    roles = {role for one in consults if (role := standing(session, actor, one)) is not None}
    if actor.kind == "user" and actor.role == "treating_doctor" and actor.facility_id == found.facility_id:
        roles.add(COLLEAGUE)
    return roles


def cases_seen(actor: Actor) -> Select[Any]:
    """The ids of the cases whose pictures a user may see, as one question: the same rule as `case` with
    "see_pictures", which every standing but a stranger's has. Guests are asked about one case at a time.
    """
    if actor.kind != "user":
        return select(Case.id).where(false())
    standings: list[ColumnElement[bool]] = [Consult.treating_doctor_id == actor.id]
    standings.append(and_(Consult.specialist_id == actor.id, Consult.state != "declined"))
    if actor.role == "specialist":
        standings.append(Consult.state == "requested")
    consults = [Consult.case_id == Case.id, Consult.program_id == actor.program_id]
    seen: list[ColumnElement[bool]] = [select(Consult.id).where(*consults, or_(*standings)).exists()]
    if actor.role == "treating_doctor":
        seen.append(Case.facility_id == actor.facility_id)
        own = select(Consult.id).where(*consults, Consult.facility_id == actor.facility_id)
        seen.append(own.exists())
    return select(Case.id).where(Case.program_id == actor.program_id, or_(*seen))


def patient(session: Session, actor: Actor, patient_id: str) -> Patient:
    """The patient, for the treating doctors of their facility. Raises NotFound for everybody else."""
    found = session.get(Patient, patient_id)
    own = (
        found is not None
        and actor.kind == "user"
        and actor.role == "treating_doctor"
        and actor.facility_id == found.facility_id
    )
    if found is None or not own:
        raise NotFound()
    return found
