"""Who may open what: every route of consults, patients and cases, for everybody of the cast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Select, delete, select

from app import clock, db
from app.auth.models import User
from app.auth.sessions import SignedIn
from consult.models import Consult, ConsultEvent, Participant
from consult.patients import consent_texts, operations
from consult.patients.models import Case, Consent
from consult.patients.operations import NewPatient
from consult.versions import version_of
from tests.cast import Cast, consult_in, guest_of

Browser = Callable[[User | None], FlaskClient]
OURS = ("consult.", "patients.")
PEOPLE = (
    "doctor",
    "colleague",
    "far_doctor",
    "specialist",
    "second_specialist",
    "manager",
    "administrator",
    "outsider",
    "outside_doctor",
    "outside_manager",
)


@dataclass(frozen=True)
class Door:
    """A route, and who gets which answer; everybody else gets 404."""

    endpoint: str
    method: str
    path: str
    answers: dict[str, int]
    json: dict[str, str] | None = None
    state: str = "requested"
    form: dict[str, str] = field(default_factory=dict)


DOCTORS = ("doctor", "colleague", "far_doctor", "outside_doctor")
SPECIALISTS = ("specialist", "second_specialist", "outsider")
READERS = {"doctor": 200, "colleague": 200, "specialist": 200, "second_specialist": 200}
TAKEN_READERS = {"doctor": 200, "colleague": 200, "specialist": 200}
VERSION = version_of("Cough for three weeks")
EDIT = {"field": "complaint", "value": "Cough for four weeks", "version": VERSION}
CONSENT = {"version": consent_texts.CURRENT, "language": "en", "given_by": "patient"}
QUESTION = {"field": "question", "value": "Other?", "version": version_of("Is this effusion or collapse?")}


def mine(status: int = 302, *, mere_readers: tuple[str, ...] = ("colleague", "specialist")) -> dict[str, int]:
    """The owner may; those who may read are told that they may not do this."""
    return {"doctor": status, **dict.fromkeys(mere_readers, 403)}


REQUESTED_READERS = ("colleague", "specialist", "second_specialist")
DOORS = (
    Door("consult.today", "GET", "/today", dict.fromkeys(DOCTORS, 200)),
    Door("consult.today_rows", "GET", "/today/rows", dict.fromkeys(DOCTORS, 200)),
    Door("consult.show_worklist", "GET", "/worklist", dict.fromkeys(SPECIALISTS, 200)),
    Door("consult.worklist_rows", "GET", "/worklist/rows", dict.fromkeys(SPECIALISTS, 200)),
    Door("consult.new", "GET", "/consults/new?q=one", dict.fromkeys(DOCTORS, 200)),
    Door(
        "consult.create",
        "POST",
        "/consults/new",
        {"doctor": 302, "colleague": 302},
        form={"case_id": "{case}"},
    ),
    Door(
        "consult.create", "POST", "/consults/new", {"doctor": 302, "colleague": 302}, form={"patient_id": "{patient}"}
    ),
    Door(
        "consult.prepare", "GET", "/consults/{consult}/prepare", mine(200, mere_readers=("colleague",)), state="draft"
    ),
    Door("consult.show", "GET", "/consults/{consult}", READERS),
    Door("consult.show", "GET", "/consults/{consult}", TAKEN_READERS, state="in_progress"),
    Door("consult.show", "GET", "/consults/{consult}", {"doctor": 302, "colleague": 200}, state="draft"),
    Door("consult.show", "GET", "/consults/{consult}", TAKEN_READERS, state="concluded"),
    Door("consult.read_request", "GET", "/api/consults/{consult}", READERS),
    Door("consult.read_state", "GET", "/api/consults/{consult}/state", READERS),
    Door(
        "consult.edit_request",
        "PATCH",
        "/api/consults/{consult}",
        mine(200, mere_readers=("colleague",)),
        json=QUESTION,
        state="draft",
    ),
    Door("consult.send_request", "POST", "/api/consults/{consult}/request", mine(200, mere_readers=REQUESTED_READERS)),
    Door(
        "consult.take_step",
        "POST",
        "/consults/{consult}/accept",
        {"specialist": 302, "second_specialist": 302, "doctor": 403, "colleague": 403},
    ),
    Door(
        "consult.take_step",
        "POST",
        "/consults/{consult}/release",
        {"specialist": 302, "doctor": 403, "colleague": 403},
        state="accepted",
    ),
    Door(
        "consult.take_step",
        "POST",
        "/consults/{consult}/park",
        {"specialist": 302, "doctor": 302, "colleague": 403},
        state="in_progress",
    ),
    Door(
        "consult.take_step",
        "POST",
        "/consults/{consult}/decline",
        {"specialist": 302, "second_specialist": 302, "doctor": 403, "colleague": 403},
        form={"reason": "No picture"},
    ),
    Door(
        "consult.take_step",
        "POST",
        "/consults/{consult}/cancel",
        mine(mere_readers=REQUESTED_READERS),
        form={"reason": "Better now"},
    ),
    Door("patients.search", "GET", "/patients", dict.fromkeys(DOCTORS, 200)),
    Door("patients.register", "GET", "/patients/new", dict.fromkeys(DOCTORS, 200)),
    Door(
        "patients.register",
        "POST",
        "/patients/new",
        dict.fromkeys(DOCTORS, 302),
        form={"full_name": "Somebody New", "age": "40", "sex": "male"},
    ),
    Door("patients.show", "GET", "/patients/{patient}", {"doctor": 200, "colleague": 200}),
    Door("patients.case", "GET", "/cases/{case}", READERS),
    Door("patients.case", "GET", "/cases/{case}", TAKEN_READERS, state="accepted"),
    Door("patients.read_case", "GET", "/api/cases/{case}", READERS),
    Door(
        "patients.edit_case",
        "PATCH",
        "/api/cases/{case}",
        {"doctor": 200, "colleague": 200, "specialist": 403, "second_specialist": 403},
        json=EDIT,
    ),
    Door(
        "patients.record_consent",
        "POST",
        "/api/cases/{case}/consents",
        {"doctor": 200, "colleague": 200, "specialist": 403, "second_specialist": 403},
        json=CONSENT,
    ),
    Door(
        "patients.withdraw_consent",
        "POST",
        "/api/consents/{consent}/withdraw",
        {"doctor": 200, "colleague": 200, "specialist": 403, "second_specialist": 403},
        json={},
    ),
)


@pytest.fixture
def browser_of_a_guest(app: Flask, cast: Cast) -> FlaskClient:
    """A patient who came by link into another consult of the same program."""
    with db.write_transaction() as session:
        new = NewPatient(full_name="Patient Two", birth_date=None, birth_year=1990, sex="male")
        patient = operations.register(session, cast.doctor.actor(), new, clock.now())
        case = operations.open_case(session, cast.doctor.actor(), patient.id, clock.now())
        _seat, actor = guest_of(session, consult_in(session, cast, "in_progress", case_id=case.id), cast)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn.as_guest(actor).get_id()
    return client


def set_scene(cast: Cast, door: Door) -> dict[str, str]:
    """The case as it was, a consult in the door's state and a consent; the ids that paths and forms name."""
    with db.write_transaction() as session:
        session.get_one(Case, cast.case.id).complaint = "Cough for three weeks"
        session.execute(delete(Participant).where(Participant.consult_id.in_(_earlier(cast))))
        session.execute(delete(ConsultEvent).where(ConsultEvent.consult_id.in_(_earlier(cast))))
        session.execute(delete(Consult).where(Consult.case_id == cast.case.id))
        consult = consult_in(session, cast, door.state)
        consent = Consent(
            case_id=cast.case.id,
            text_version=consent_texts.CURRENT,
            language="hi",
            given_by="patient",
            asked_by=cast.doctor.id,
            asked_at=clock.now(),
        )
        session.add(consent)
        session.flush()
        return {"consult": consult.id, "case": cast.case.id, "patient": cast.patient.id, "consent": consent.id}


def _earlier(cast: Cast) -> Select[str]:
    return select(Consult.id).where(Consult.case_id == cast.case.id)


def knock(browser: FlaskClient, door: Door, ids: dict[str, str]) -> int:
    form = {name: text.format(**ids) for name, text in door.form.items()}
    return browser.open(
        door.path.format(**ids), method=door.method, json=door.json, data=None if door.json is not None else form
    ).status_code


def named(door: Door) -> str:
    return f"{door.method} {door.path} ({door.state})"


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_everybody_gets_the_answer_of_the_table(
    cast: Cast, client_as: Browser, browser_of_a_guest: FlaskClient, door: Door
) -> None:
    got = {person: knock(client_as(getattr(cast, person)), door, set_scene(cast, door)) for person in PEOPLE}
    assert got == {person: door.answers.get(person, 404) for person in PEOPLE}
    ids = set_scene(cast, door)
    assert knock(client_as(None), door, ids) == 404, "somebody signed out"
    assert knock(browser_of_a_guest, door, ids) == 404, "a patient of another case"


def test_a_patient_who_attends_reads_no_record(app: Flask, cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        _seat, actor = guest_of(session, consult, cast)
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn.as_guest(actor).get_id()
    assert browser.get(f"/consults/{consult.id}").status_code == 403
    assert browser.get(f"/api/consults/{consult.id}").status_code == 403
    assert browser.get(f"/api/cases/{cast.case.id}").status_code == 403


def test_every_route_of_these_subjects_has_its_door_here(app: Flask) -> None:
    routes = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(OURS)
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert routes == {(door.endpoint, door.method) for door in DOORS}
