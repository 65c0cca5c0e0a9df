"""Decisions about patients, cases and consents: told session, actor and now; audited; never told of the request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.db import new_id
from app.errors import Conflict, Invalid, NotFound
from consult import access, versions
from consult.patients import ages, consent_texts, vitals
from consult.patients.models import Case, Consent, Patient
from consult.patients.queries import require_treating_doctor

LONGEST_TEXT = 10_000
UNLIKELY = "is_this_right"  # the code of a refusal that asks for a second look
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class NewPatient:
    """Checked particulars of a person; `phone` as `+` and digits, or empty."""

    full_name: str
    birth_date: date | None
    birth_year: int
    sex: str
    phone: str = ""
    village: str = ""
    guardian_name: str = ""
    guardian_relation: str = ""


def register(session: Session, actor: Actor, new: NewPatient, now: datetime, *, once: str = "") -> Patient:
    """Add a patient to the actor's facility. `once` (32 hex digits, from the form) makes a second tap harmless."""
    facility_id = require_treating_doctor(actor)
    patient_id = once if _ID.fullmatch(once) else new_id()
    there = session.get(Patient, patient_id)
    if there is not None and there.created_by == actor.id and there.facility_id == facility_id:
        return there
    _check_person(new, now.date())
    patient = Patient(
        id=patient_id if there is None else new_id(),
        program_id=actor.program_id,
        facility_id=facility_id,
        full_name=new.full_name,
        birth_date=new.birth_date,
        birth_year=new.birth_year,
        sex=new.sex,
        phone=new.phone,
        village=new.village,
        guardian_name=new.guardian_name,
        guardian_relation=new.guardian_relation,
        created_by=actor.id,
        created_at=now,
    )
    session.add(patient)
    session.flush()
    audit.record(session, actor, "register_patient", "patient", patient.id)
    return patient


def _check_person(new: NewPatient, today: date) -> None:
    if new.birth_date is not None and new.birth_date > today:
        raise Invalid("birth_date", _("The date of birth cannot be in the future."))
    if not 0 <= today.year - new.birth_year <= ages.OLDEST:
        raise Invalid("age", _("Give an age from 0 to %(most)d years.", most=ages.OLDEST))
    if ages.is_minor(new.birth_date, new.birth_year, today) and not new.guardian_name:
        raise Invalid("guardian_name", _("A guardian has to answer for someone under 18: give their name."))


def open_case(session: Session, actor: Actor, patient_id: str, now: datetime) -> Case:
    """Begin a new course of illness for a patient of the actor's facility."""
    patient = access.patient(session, actor, patient_id)
    case = Case(
        program_id=patient.program_id,
        facility_id=patient.facility_id,
        patient_id=patient.id,
        vitals={},
        opened_by=actor.id,
        opened_at=now,
        updated_at=now,
    )
    session.add(case)
    session.flush()
    audit.record(session, actor, "open_case", "case", case.id)
    return case


def field_of(case: Case, field: str) -> Any:
    """A field's present value: `complaint`, `history` or `vitals.<name>`. Raises Invalid for any other."""
    if field in ("complaint", "history"):
        return getattr(case, field)
    prefix, _dot, name = field.partition(".")
    if prefix == "vitals" and name in vitals.VITALS:
        return case.vitals.get(name)
    raise Invalid("field", _("There is no such field."))


def edit_case(
    session: Session,
    actor: Actor,
    case_id: str,
    field: str,
    text: str,
    version: str,
    now: datetime,
    *,
    sure: bool = False,
) -> Case:
    """Save one field over the version that the editor saw.

    Raises Invalid (names the field), Conflict `changed_elsewhere` when somebody else saved it in between, and Conflict
    `is_this_right` for an unlikely measurement unless `sure`.
    """
    case = access.case(session, actor, case_id, "edit_case")
    current = field_of(case, field)
    wanted = _checked(field, text, current, sure)
    if not versions.check(current, wanted, version):
        return case
    if field.startswith("vitals."):
        name = field.removeprefix("vitals.")
        changed = {key: value for key, value in {**case.vitals, name: wanted}.items() if value is not None}
        vitals.check_together(changed)
        case.vitals = changed
    else:
        setattr(case, field, wanted)
    case.updated_at = now
    audit.record(session, actor, "edit_case", "case", case.id, field=field)
    return case


def _checked(field: str, text: str, current: Any, sure: bool) -> Any:
    if field.startswith("vitals."):
        name = field.removeprefix("vitals.")
        value = vitals.parse(name, text)
        question = None if value is None or value == current or sure else vitals.doubt(name, value)
        if question:
            raise Conflict(question, code=UNLIKELY)
        return value
    if len(text) > LONGEST_TEXT:
        raise Invalid(field, _("This is too long: at most %(most)d characters.", most=LONGEST_TEXT))
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def record_consent(
    session: Session, actor: Actor, case_id: str, *, version: str, language: str, given_by: str, now: datetime
) -> Consent:
    """Write down that the patient or guardian agreed to the present words. A second tap finds the first one's row."""
    case = access.case(session, actor, case_id, "edit_case")
    if version != consent_texts.CURRENT:
        raise Invalid("version", _("The words have changed since this page was opened. Read the new ones first."))
    if consent_texts.find(version, language) is None:
        raise Invalid("language", _("Choose the language in which the text was read."))
    if given_by not in ("patient", "guardian"):
        raise Invalid("given_by", _("Say who answered: the patient or a guardian."))
    patient = case.patient
    if given_by == "patient" and ages.is_minor(patient.birth_date, patient.birth_year, now.date()):
        raise Invalid("given_by", _("The patient is under 18: a guardian has to answer."))
    wanted = (version, language, given_by)
    for old in session.query(Consent).filter_by(case_id=case.id, withdrawn_at=None):
        if (old.text_version, old.language, old.given_by) == wanted:
            return old
    return _write_consent(session, actor, case, wanted, now)


def _write_consent(session: Session, actor: Actor, case: Case, given: tuple[str, str, str], now: datetime) -> Consent:
    version, language, given_by = given
    consent = Consent(
        case_id=case.id,
        text_version=version,
        language=language,
        given_by=given_by,
        asked_by=actor.id,
        asked_at=now,
    )
    session.add(consent)
    session.flush()
    audit.record(session, actor, "record_consent", "case", case.id, version=version, language=language, by=given_by)
    return consent


def withdraw_consent(session: Session, actor: Actor, consent_id: str, now: datetime) -> Consent:
    """The patient or guardian says no after all: nothing new may be sent on this consent. Harmless to repeat."""
    consent = session.get(Consent, consent_id)
    if consent is None:
        raise NotFound()
    access.case(session, actor, consent.case_id, "edit_case")
    if consent.withdrawn_at is None:
        consent.withdrawn_at = now
        audit.record(session, actor, "withdraw_consent", "case", consent.case_id)
    return consent
