"""The people of the tests: who owns a consult, who may read it, who must never learn that it exists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.actor import Actor
from app.auth.models import Facility, Program, User
from consult.lifecycle import STATES
from consult.models import Consult, Invitation, Participant
from consult.patients.models import Case, Patient

PASSWORD = "a long enough password"


@dataclass
class Cast:
    """Everybody, detached and loaded; `patient` and `case` belong to `doctor`'s facility."""

    program: Program
    facility: Facility
    other_facility: Facility
    doctor: User
    colleague: User  # a treating doctor of the same facility
    far_doctor: User  # a treating doctor of another facility of the same program
    specialist: User
    second_specialist: User
    manager: User
    administrator: User
    outsider: User  # a specialist of another program
    outside_doctor: User
    outside_manager: User
    patient: Patient
    case: Case


def make_cast(session: Session) -> Cast:
    """Write the cast into the caller's transaction."""
    now = clock.now()
    program = Program(name="Hills", created_at=now)
    other = Program(name="Coast", created_at=now)
    session.add_all([program, other])
    session.flush()
    near, far, outside = (
        Facility(program_id=owner.id, name=name, district="", created_at=now)
        for owner, name in ((program, "Site A"), (program, "Site B"), (other, "Site C"))
    )
    session.add_all([near, far, outside])
    session.flush()

    def person(email: str, name: str, role: str, at: Facility, specialty: str = "") -> User:
        user = User(
            program_id=at.program_id,
            facility_id=at.id,
            email=f"{email}@example.org",
            full_name=name,
            role=role,
            specialty=specialty,
            registration_number=f"REG-{email}" if role in ("treating_doctor", "specialist") else "",
            password_hash="unusable",
            created_at=now,
        )
        session.add(user)
        session.flush()
        session.refresh(user)
        return user

    doctor = person("doctor", "Doctor Alpha", "treating_doctor", near)
    patient = Patient(
        program_id=program.id,
        facility_id=near.id,
        full_name="Patient One",
        birth_date=date(1972, 3, 4),
        birth_year=1972,
        sex="female",
        phone="+91 90000 00001",
        village="Upper Village",
        created_by=doctor.id,
        created_at=now,
    )
    session.add(patient)
    session.flush()
    case = Case(
        program_id=program.id,
        facility_id=near.id,
        patient_id=patient.id,
        complaint="Cough for three weeks",
        opened_by=doctor.id,
        opened_at=now,
        updated_at=now,
    )
    session.add(case)
    session.flush()
    session.refresh(case)
    return Cast(
        program=program,
        facility=near,
        other_facility=far,
        doctor=doctor,
        colleague=person("colleague", "Doctor Beta", "treating_doctor", near),
        far_doctor=person("far", "Doctor Gamma", "treating_doctor", far),
        specialist=person("specialist", "Specialist Delta", "specialist", far, "radiology"),
        second_specialist=person("second", "Specialist Epsilon", "specialist", far, "cardiology"),
        manager=person("manager", "Manager Zeta", "program_manager", near),
        administrator=person("admin", "Administrator Eta", "administrator", near),
        outsider=person("outsider", "Specialist Theta", "specialist", outside, "radiology"),
        outside_doctor=person("outside-doctor", "Doctor Iota", "treating_doctor", outside),
        outside_manager=person("outside-manager", "Manager Kappa", "program_manager", outside),
        patient=patient,
        case=case,
    )


def consult_in(session: Session, cast: Cast, state: str, **fields: object) -> Consult:
    """A consult of the cast's case, in `state`, with its participants' seats."""
    now = clock.now()
    reached = STATES.index(state) if state not in ("cancelled", "declined") else 1
    consult = Consult(
        program_id=cast.program.id,
        facility_id=cast.facility.id,
        case_id=cast.case.id,
        treating_doctor_id=cast.doctor.id,
        specialist_id=cast.specialist.id if reached >= STATES.index("accepted") else None,
        state=state,
        specialty="radiology",
        urgency="urgent",
        question="Is this effusion or collapse?",
        created_at=now - timedelta(minutes=10),
        requested_at=now - timedelta(minutes=7) if reached >= 1 else None,
        accepted_at=now - timedelta(minutes=5) if reached >= STATES.index("accepted") else None,
        opinion_signed_at=now if reached >= STATES.index("opinion_signed") else None,
        ended_at=now if state in ("concluded", "cancelled", "declined") else None,
    )
    for name, value in fields.items():
        setattr(consult, name, value)
    session.add(consult)
    session.flush()
    seat(session, consult, cast.doctor, "treating_doctor")
    if consult.specialist_id:
        seat(session, consult, cast.specialist, "specialist")
    session.refresh(consult)
    return consult


def seat(session: Session, consult: Consult, user: User, role: str) -> Participant:
    """A user's seat in a consult."""
    found = Participant(consult_id=consult.id, user_id=user.id, role=role, display_name=user.full_name)
    session.add(found)
    session.flush()
    return found


def guest_of(session: Session, consult: Consult, cast: Cast, role: str = "patient") -> tuple[Participant, Actor]:
    """A patient or attendant who came by a link that still holds, as a seat and as an actor."""
    now = clock.now()
    invitation = Invitation(
        consult_id=consult.id,
        role=role,
        display_name="Patient One",
        created_by=cast.doctor.id,
        created_at=now,
        expires_at=now + timedelta(hours=4),
    )
    session.add(invitation)
    session.flush()
    found = Participant(
        consult_id=consult.id, invitation_id=invitation.id, role=role, display_name="Patient One", joined_at=now
    )
    session.add(found)
    session.flush()
    actor = Actor(
        kind="guest",
        id=found.id,
        name=found.display_name,
        role="patient" if role == "patient" else "attendant",
        program_id=consult.program_id,
        consult_id=consult.id,
    )
    return found, actor
