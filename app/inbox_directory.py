"""Whose a study of the inbox may be: the patients of a facility, as `imaging.inbox` asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.actor import Actor
from app.errors import NotFound
from consult import access
from consult.patients import ages, operations, queries
from consult.patients.models import Case, Patient
from imaging.guards.identity import CaseIdentity, FileIdentity
from imaging.inbox.directory import Candidate, CandidateCase

_MOST_COMPARED = 400  # patients whose particulars are compared with a file's, newest first
_BEGINNING = 2  # letters of a name's word that must stand somewhere in the patient's


class PatientDirectory:
    """The patients of the actor's own facility."""

    def search(self, session: Session, actor: Actor, text: str) -> list[Candidate]:
        """Patients with every word of `text` in name, village or phone; the read is audited."""
        return _candidates(session, queries.search(session, actor, text))

    def alike(self, session: Session, actor: Actor, said: FileIdentity) -> list[Candidate]:
        """Patients whose name begins a word as the file's does, or who were born when it says, or whose ID it gives."""
        facility_id = queries.require_treating_doctor(actor)
        fitting = list(_fitting(said))
        if not fitting:
            return []
        rows = select(Patient).where(Patient.facility_id == facility_id, or_(*fitting))
        newest = rows.order_by(Patient.created_at.desc()).limit(_MOST_COMPARED)
        return _candidates(session, list(session.scalars(newest)))

    def patient(self, session: Session, actor: Actor, patient_id: str) -> Candidate:
        """One patient. Raises NotFound."""
        return _candidates(session, [access.patient(session, actor, patient_id)])[0]

    def of_case(self, session: Session, actor: Actor, case_id: str) -> Candidate:
        """The patient of a case. Raises NotFound."""
        case = session.get(Case, case_id)
        if case is None:
            raise NotFound()
        return self.patient(session, actor, case.patient_id)

    def open_case(self, session: Session, actor: Actor, patient_id: str, now: datetime) -> str:
        """A new case of the patient. Raises NotFound."""
        return operations.open_case(session, actor, patient_id, now).id


def identity_of(patient: Patient) -> CaseIdentity:
    """The patient as files are compared with."""
    own = frozenset({patient.id})
    return CaseIdentity(patient.full_name, patient.birth_date, patient.birth_year, patient.sex, own)


def _fitting(said: FileIdentity) -> Iterable[ColumnElement[bool]]:
    for word in said.name.replace("^", " ").replace("=", " ").casefold().split()[:8]:
        if len(word) >= _BEGINNING and word.isalpha():
            yield func.lower(Patient.full_name).contains(word[:_BEGINNING], autoescape=True)
    if len(said.birth_date) == 8 and said.birth_date.isdigit():
        yield Patient.birth_year == int(said.birth_date[:4])
    if said.patient_id:
        yield Patient.id == said.patient_id


def _candidates(session: Session, patients: Sequence[Patient]) -> list[Candidate]:
    cases: dict[str, list[CandidateCase]] = {patient.id: [] for patient in patients}
    rows = select(Case).where(Case.patient_id.in_(cases)).order_by(Case.opened_at.desc())
    for case in session.scalars(rows):
        cases[case.patient_id].append(CandidateCase(case.id, case.complaint, case.opened_at))
    return [
        Candidate(patient.id, patient.full_name, _particulars(patient), identity_of(patient), tuple(cases[patient.id]))
        for patient in patients
    ]


def _particulars(patient: Patient) -> str:
    sex = {"female": _("female"), "male": _("male"), "other": _("other sex")}.get(patient.sex, _("sex not said"))
    said = f"{ages.words(patient, clock.today())}, {sex}"
    return " · ".join(part for part in (said, patient.village, patient.phone) if part)
