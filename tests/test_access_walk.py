"""Every page and file of a consult, walked by everybody who must never learn that it exists.

A new route is walked by itself; a new kind of address must be told here, so that nobody can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app import clock, db
from app.auth.models import User
from app.auth.sessions import SignedIn
from consult.models import Consult, Invitation
from consult.patients.models import Consent
from imaging.models import Instance, Rendition, Series, Study, Upload
from tests.cast import Cast, consult_in, guest_of

# Addresses that hold no patient data: their own tests say who may come.
OPEN_DOORS = {"static", "invitations.join_page", "invitations.join"}
ADMINISTRATION = {"user_id", "facility_id"}


@dataclass
class World:
    """One consult with everything that has an address, and the outsiders."""

    arguments: dict[str, str]
    outsiders: dict[str, FlaskClient]


@pytest.fixture
def world(app: Flask, cast: Cast, client_as: Callable[[User | None], FlaskClient]) -> World:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        other = consult_in(session, cast, "in_progress", case_id=_other_case(session, cast))
        _, stranger = guest_of(session, other, cast)
        arguments = _addresses(session, cast, consult)
    guest = app.test_client()
    with guest.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn.as_guest(stranger).get_id()
    outsiders = {
        "a signed-out visitor": client_as(None),
        "another facility's doctor": client_as(cast.far_doctor),
        "a specialist who did not take it": client_as(cast.second_specialist),
        "a specialist of another program": client_as(cast.outsider),
        "a doctor of another program": client_as(cast.outside_doctor),
        "a program manager": client_as(cast.manager),
        "an administrator": client_as(cast.administrator),
        "a patient of another case": guest,
    }
    return World(arguments, outsiders)


def _other_case(session: Session, cast: Cast) -> str:
    from consult.patients.models import Case

    now = clock.now()
    case = Case(
        program_id=cast.program.id,
        facility_id=cast.facility.id,
        patient_id=cast.patient.id,
        opened_by=cast.doctor.id,
        opened_at=now,
        updated_at=now,
    )
    session.add(case)
    session.flush()
    return case.id


def _addresses(session: Session, cast: Cast, consult: Consult) -> dict[str, str]:
    now = clock.now()
    invitation = Invitation(
        consult_id=consult.id,
        role="patient",
        display_name="Patient One",
        created_by=cast.doctor.id,
        created_at=now,
        expires_at=now.replace(year=now.year + 1),
    )
    consent = Consent(
        case_id=consult.case_id,
        text_version="2026-11-01",
        language="en",
        given_by="patient",
        asked_by=cast.doctor.id,
        asked_at=now,
    )
    session.add_all([invitation, consent])
    session.flush()
    instance, rendition = _picture(session, cast, consult.case_id)
    upload = Upload(
        case_id=consult.case_id,
        owner_kind="user",
        owner_id=cast.doctor.id,
        owner_name=cast.doctor.full_name,
        owner_role="treating_doctor",
        program_id=cast.program.id,
        facility_id=cast.facility.id,
        file_name="chest.dcm",
        size=10,
        created_at=now,
        updated_at=now,
    )
    session.add(upload)
    session.flush()
    return {
        "consult_id": consult.id,
        "case_id": consult.case_id,
        "patient_id": cast.patient.id,
        "invitation_id": invitation.id,
        "consent_id": consent.id,
        "instance_id": instance.id,
        "rendition_id": rendition.id,
        "upload_id": upload.id,
        "step": "cancel",
        "name": "preview.webp",
        "part": "0",
    }


def _picture(session: Session, cast: Cast, case_id: str) -> tuple[Instance, Rendition]:
    now = clock.now()
    study = Study(case_id=case_id, study_instance_uid="1.2.3", created_at=now)
    session.add(study)
    session.flush()
    series = Series(study_id=study.id, series_instance_uid="1.2.3.1")
    session.add(series)
    session.flush()
    instance = Instance(
        case_id=case_id,
        program_id=cast.program.id,
        facility_id=cast.facility.id,
        study_id=study.id,
        series_id=series.id,
        sop_instance_uid="1.2.3.1.1",
        sha256="0" * 64,
        size_bytes=10,
        file_name="chest.dcm",
        media="dicom",
        kind="still",
        state="processing",
        created_at=now,
    )
    session.add(instance)
    session.flush()
    rendition = Rendition(
        instance_id=instance.id, name="preview", sha256="1" * 64, bytes=10, width=10, height=10, created_at=now
    )
    session.add(rendition)
    session.flush()
    return instance, rendition


def rules_of_patient_data(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if rule.arguments and rule.endpoint not in OPEN_DOORS and not rule.arguments & ADMINISTRATION:
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield rule, method


def test_every_address_is_known_to_this_walk(app: Flask, world: World) -> None:
    for rule, _ in rules_of_patient_data(app):
        assert rule.arguments <= world.arguments.keys(), f"tell the walk how to fill {rule}"


def test_outsiders_find_nothing_at_any_address_of_a_consult(app: Flask, world: World) -> None:
    found = []
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        walk = [
            (adapter.build(rule.endpoint, {name: world.arguments[name] for name in rule.arguments}), method)
            for rule, method in rules_of_patient_data(app)
        ]
    assert len(walk) > 40
    for who, client in world.outsiders.items():
        for path, method in walk:
            body = {"data": BytesIO(b"{}"), "content_type": "application/json"} if method not in ("GET", "HEAD") else {}
            answer = client.open(path, method=method, **body)
            if answer.status_code != 404:
                found.append(f"{who}: {method} {path} -> {answer.status_code}")
    assert not found, "\n".join(found)
