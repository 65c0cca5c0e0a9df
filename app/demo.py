"""The demo program: invented people, two real public pictures, written by the product's own operations.

Seeding again changes nothing: everything has an id reckoned from its name, and what is there is left as it is.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, db
from app.actor import SYSTEM, Actor
from app.auth import passwords
from app.auth.models import Facility, Program, User
from app.demo_accounts import ACCOUNTS, DEVICE, DEVICE_AE_TITLE, FACILITIES, PASSWORD, PROGRAM, SITE_A
from consult import operations
from consult.models import Consult
from consult.patients import consent_texts
from consult.patients import operations as patient_operations
from consult.patients.models import Case
from consult.patients.operations import NewPatient
from consult.reports import operations as reports
from consult.reports.protocol import OpinionFields, OutcomeFields
from consult.versions import version_of
from imaging import importing, queries
from imaging.dimse.models import Device
from imaging.guards.holds import operations as holds
from imaging.models import Instance
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

DOCTOR, RADIOLOGIST = "doctor.a@demo.example", "radiologist@demo.example"
NAMED_FOR_SHOW = "A public demonstration file: the name in it is invented"
XRAY, CLIP = "RG1_UNCR.dcm", "color3d_jpeg_baseline.dcm"  # of the package pydicom-data (MIT)


@dataclass(frozen=True, slots=True)
class Story:
    """One demo patient and what is asked about them."""

    patient: NewPatient
    fields: dict[str, str]
    request: dict[str, str]
    files: tuple[tuple[str, str], ...] = ()
    asked: timedelta = timedelta(minutes=7)  # how long ago


WAITING = Story(
    patient=NewPatient(
        full_name="Demo Patient Asha",
        birth_date=None,
        birth_year=clock.today().year - 54,
        sex="female",
        phone="+919000000054",
        village="Demo village, upper hamlet",
    ),
    fields={
        "complaint": "Cough for three weeks, less appetite, 4 kg lost",
        "history": "Never smoked. No tuberculosis in the family. Two courses of antibiotics without effect.",
        "vitals.temperature": "37.4",
        "vitals.pulse": "96",
        "vitals.systolic": "128",
        "vitals.diastolic": "82",
        "vitals.spo2": "94",
        "vitals.respiratory_rate": "22",
        "vitals.weight": "47",
    },
    request={
        "specialty": "radiology",
        "urgency": "urgent",
        "question": "Round shadows on both sides: infection, or something else? Where should she go next?",
    },
    files=((XRAY, "chest-pa.dcm"), (CLIP, "ultrasound-clip.dcm")),
)
CONCLUDED = Story(
    patient=NewPatient(
        full_name="Demo Patient Ravi",
        birth_date=date(clock.today().year - 9, 1, 15),
        birth_year=clock.today().year - 9,
        sex="male",
        phone="+919000000009",
        village="Demo village, lower hamlet",
        guardian_name="Demo Guardian Meena",
        guardian_relation="mother",
    ),
    fields={
        "complaint": "Fell from a tree yesterday, the left wrist is swollen",
        "vitals.pulse": "104",
        "vitals.weight": "26",
    },
    request={
        "specialty": "radiology",
        "urgency": "routine",
        "question": "Is a plaster enough, or does he need to travel?",
    },
    asked=timedelta(days=2),
)


def seed() -> None:
    """Write whatever of the demo program is not there yet."""
    with db.write_transaction() as session:
        program = _program(session)
        _device(session, program)
        people = {account.email: _person(session, program, account.email) for account in ACCOUNTS}
    doctor, radiologist = people[DOCTOR], people[RADIOLOGIST]
    waiting = _tell(WAITING, doctor)
    _add_files(WAITING, doctor, waiting.case_id)
    _tell(CONCLUDED, doctor)
    _conclude(CONCLUDED, doctor, radiologist)


def account_lines() -> Iterator[str]:
    """The accounts, for whoever starts the product in a terminal."""
    yield f"Demo accounts (password of each: {PASSWORD})"
    for account in ACCOUNTS:
        yield f"  {account.email:<26} {account.full_name}"


def _id(*words: str) -> str:
    return hashlib.sha256("|".join(("demo", *words)).encode()).hexdigest()[:32]


def _program(session: Session) -> Program:
    found = session.scalar(select(Program).where(Program.name == PROGRAM))
    if found is not None:
        return found
    now = clock.now()
    program = Program(id=_id(PROGRAM), name=PROGRAM, created_at=now)
    session.add(program)
    session.flush()
    for name, district in FACILITIES:
        session.add(
            Facility(id=_id(PROGRAM, name), program_id=program.id, name=name, district=district, created_at=now)
        )
    session.flush()
    audit.record(session, SYSTEM, "seed_demo", "program", program.id)
    return program


def _device(session: Session, program: Program) -> None:
    """A portable ultrasound at site A, so that `storescu` of this machine can send."""
    if session.get(Device, _id(DEVICE_AE_TITLE)) is None:
        session.add(
            Device(
                id=_id(DEVICE_AE_TITLE),
                program_id=program.id,
                facility_id=_id(PROGRAM, SITE_A),
                name=DEVICE,
                ae_title=DEVICE_AE_TITLE,
                addresses="127.0.0.0/8, ::1/128",
                created_at=clock.now(),
            )
        )


def _person(session: Session, program: Program, email: str) -> Actor:
    found = session.scalar(select(User).where(User.email == email))
    if found is None:
        account = next(account for account in ACCOUNTS if account.email == email)
        found = User(
            id=_id(email),
            program_id=program.id,
            facility_id=_id(PROGRAM, account.facility),
            email=email,
            full_name=account.full_name,
            role=account.role,
            specialty=account.specialty,
            registration_number=account.registration_number,
            password_hash=passwords.hashed(PASSWORD),
            created_at=clock.now(),
        )
        session.add(found)
        session.flush()
    return found.actor()


def _tell(story: Story, doctor: Actor) -> Consult:
    """Register the patient, write the case and send the request, unless an earlier seeding did."""
    then = clock.now() - story.asked
    with db.write_transaction() as session:
        patient = patient_operations.register(session, doctor, story.patient, then, once=_id(story.patient.full_name))
        there = _consult_of(session, patient.id)
        if there is not None and there.state != "draft":
            return there
        consult = operations.begin(session, doctor, patient.id, then)
        case = consult.case
        for field, text in story.fields.items():
            old = version_of(patient_operations.field_of(case, field))
            patient_operations.edit_case(session, doctor, case.id, field, text, old, then, sure=True)
        patient_operations.record_consent(
            session,
            doctor,
            case.id,
            version=consent_texts.CURRENT,
            language="hi",
            given_by="guardian" if story.patient.guardian_name else "patient",
            now=then,
        )
        for field, text in story.request.items():
            old = version_of(getattr(consult, field))
            operations.edit_request(session, doctor, consult.id, field, text, old, then)
        return operations.request(session, doctor, consult.id, then)


def _consult_of(session: Session, patient_id: str) -> Consult | None:
    rows = select(Consult).join(Case, Case.id == Consult.case_id).where(Case.patient_id == patient_id)
    return session.scalar(rows.order_by(Consult.created_at).limit(1))


def _add_files(story: Story, doctor: Actor, case_id: str) -> None:
    with db.read_session() as session:
        there = {instance.file_name for instance in queries.instances_of_case(session, case_id)}
    folder = _public_pictures()
    for source, name in story.files:
        if name in there or folder is None:
            continue
        try:
            instance_id = importing.import_file(doctor, case_id, folder / source, name)
        except (Refusal, OSError):
            log.exception("the demo picture %s could not be taken in; the demo goes on without it", name)
            continue
        with db.write_transaction() as session:
            if session.get_one(Instance, instance_id).is_held:  # real files name their own, invented, patients
                holds.decide(session, doctor, instance_id, "same_patient", NAMED_FOR_SHOW, clock.now())


def _public_pictures() -> Path | None:
    try:
        import data_store  # what pydicom-data is made of
    except ModuleNotFoundError:
        log.warning("the package pydicom-data is not installed: the demo case has no pictures")
        return None
    return Path(next(iter(data_store.__path__))) / "data"


def _conclude(story: Story, doctor: Actor, specialist: Actor) -> None:
    """The whole way through: taken, talked, opinion, outcome."""
    then = clock.now() - story.asked
    with db.write_transaction() as session:
        consult = _consult_of(session, _id(story.patient.full_name))
        if consult is None or consult.state != "requested":
            return
        operations.accept(session, specialist, consult.id, then + timedelta(minutes=6))
        operations.start(session, doctor, consult.id, then + timedelta(minutes=9))
        opinion = reports.save_opinion_draft(session, specialist, consult.id, OPINION, version=0, now=then)
        signed_at = then + timedelta(minutes=21)
        reports.sign_opinion(session, specialist, consult.id, version=opinion.version, now=signed_at)
        outcome = reports.save_outcome_draft(session, doctor, consult.id, _outcome(then.date()), version=0, now=then)
        signed_at += timedelta(minutes=5)
        reports.sign_outcome(session, doctor, consult.id, version=outcome.version, now=signed_at)


OPINION = OpinionFields(
    findings="Shown on video: swelling over the distal left radius, fingers warm and moving, no deformity.",
    impression="Likely buckle fracture of the distal radius. No sign of injury to nerve or vessel.",
    recommendations=(
        "Below-elbow back slab for three weeks, arm raised, paracetamol by weight. "
        "X-ray at the next visit to the district hospital; at once if the fingers go numb, pale or cold."
    ),
    urgency="routine",
)


def _outcome(day: date) -> OutcomeFields:
    return OutcomeFields(
        decision="accepted",
        decision_note="",
        diagnosis="Suspected buckle fracture, distal left radius",
        plan="Back slab put on today. Mother shown how to check the fingers. Paracetamol for three days.",
        follow_up_on=day + timedelta(days=21),
    )
