"""Reads of patients, cases and consents. Who may read is decided before, by `consult.access`."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.auth.models import User
from app.errors import NotAllowed, NotFound
from consult import access
from consult.models import Consult
from consult.patients.models import Case, Consent, Patient
from consult.roles import may

SEARCH_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Similar:
    """Who has this name and phone already: patients of the actor's own facility, and whether another site has one."""

    own: tuple[Patient, ...]
    elsewhere: bool

    def __bool__(self) -> bool:
        return bool(self.own) or self.elsewhere


def require_treating_doctor(actor: Actor) -> str:
    """The doctor's facility. Raises NotFound for guests, NotAllowed for users who treat nobody."""
    if actor.kind != "user":
        raise NotFound()
    if actor.role != "treating_doctor" or actor.facility_id is None:
        raise NotAllowed("Only the doctors of a site work with its patients.")
    return actor.facility_id


def folded_name(name: str) -> str:
    """A name for comparing: no case, no marks, its words in order of the alphabet."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    words = "".join(letter if letter.isalnum() or unicodedata.category(letter)[0] == "M" else " " for letter in plain)
    return " ".join(sorted(words.split()))


def search(session: Session, actor: Actor, text: str) -> list[Patient]:
    """Patients of the actor's facility with every word of `text` in name, village or phone; the newest for no text."""
    facility_id = require_treating_doctor(actor)
    query = select(Patient).where(Patient.facility_id == facility_id)
    for word in text.split()[:6]:
        query = query.where(or_(*(_has(column, word) for column in (Patient.full_name, Patient.village)), _phone(word)))
    rows = session.scalars(query.order_by(Patient.created_at.desc()).limit(SEARCH_LIMIT))
    found = list(rows)
    audit.record(session, actor, "search_patients", "facility", facility_id, found=len(found))
    return found


def _has(column: Any, word: str) -> ColumnElement[bool]:
    escaped = word.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found: ColumnElement[bool] = func.lower(column).like(f"%{escaped}%", escape="\\")
    return found


def _phone(word: str) -> ColumnElement[bool]:
    digits = "".join(letter for letter in word if letter.isdigit()).lstrip("0")
    return Patient.phone.contains(digits) if len(digits) >= 4 else Patient.phone == word


def similar(session: Session, actor: Actor, full_name: str, phone: str) -> Similar:
    """Patients of the program with the same phone and name. Of other sites only that there is one is told."""
    if not phone:
        return Similar((), False)
    rows = session.scalars(select(Patient).where(Patient.program_id == actor.program_id, Patient.phone == phone))
    same = [patient for patient in rows if folded_name(patient.full_name) == folded_name(full_name)]
    own = tuple(patient for patient in same if patient.facility_id == actor.facility_id)
    return Similar(own, len(own) < len(same))


def open_patient(session: Session, actor: Actor, patient_id: str) -> tuple[Patient, list[Case]]:
    """The patient and their cases, newest first; the read is audited."""
    patient = access.patient(session, actor, patient_id)
    audit.record(session, actor, "read_patient", "patient", patient.id)
    cases = session.scalars(select(Case).where(Case.patient_id == patient.id).order_by(Case.opened_at.desc()))
    return patient, list(cases)


def open_case(session: Session, actor: Actor, case_id: str) -> Case:
    """The case; the read is audited."""
    case = access.case(session, actor, case_id, "read_record")
    audit.record(session, actor, "read_case", "case", case.id)
    return case


def consults_of(session: Session, case_ids: Sequence[str]) -> list[Consult]:
    """Every consult of these cases, newest first."""
    rows = select(Consult).where(Consult.case_id.in_(case_ids)).order_by(Consult.created_at.desc())
    return list(session.scalars(rows))


def visible_consults(session: Session, actor: Actor, case_id: str) -> list[Consult]:
    """The consults of a case that the actor may open: a specialist sees their own, not every earlier one."""
    found = consults_of(session, [case_id])
    return [one for one in found if (role := access.standing(session, actor, one)) and may(role, "read_record")]


def consents_of(session: Session, case_id: str) -> list[tuple[Consent, str]]:
    """Consents of a case with the name of who asked, newest first."""
    rows = session.execute(
        select(Consent, User.full_name)
        .join(User, User.id == Consent.asked_by)
        .where(Consent.case_id == case_id)
        .order_by(Consent.asked_at.desc())
    )
    return [(consent, name) for consent, name in rows]


def standing_consent(session: Session, case_id: str) -> Consent | None:
    """The newest consent that has not been withdrawn."""
    rows = select(Consent).where(Consent.case_id == case_id, Consent.withdrawn_at.is_(None))
    return session.scalar(rows.order_by(Consent.asked_at.desc()).limit(1))
