"""Every page and file of a consult, walked by everybody who must never learn that it exists.

A new route is walked by itself; a new kind of address must be told here, so that nobody can forget it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app import clock, config, db
from app.actor import Actor
from app.auth.models import User
from app.auth.sessions import SignedIn
from consult.models import Consult, Invitation
from consult.patients.models import Case, Consent
from consult.reports.models import ReportDocument
from consult.roles import CANDIDATE, COLLEAGUE, may
from imaging import store
from imaging.deidentify import files as copy_files
from imaging.deidentify.models import CopyItem, CopyMask, DeidentifiedCopy
from imaging.facts import Facts
from imaging.guards.checklists.models import CaseExam
from imaging.guards.retakes.models import Retake
from imaging.models import Instance, Rendition, Series, Study, Upload
from imaging.site_models.models import ModelRun, ModelStatement
from tests.cast import Cast, consult_in, guest_of
from video import sealed
from video.recordings import files as recording_files
from video.recordings.models import Recording
from video.recordings.operations import KEY_PURPOSE

ClientAs = Callable[[User | None], FlaskClient]

# Addresses that hold no patient data: their own tests say who may come.
OPEN_DOORS = {"static", "invitations.join_page", "invitations.join"}
ADMINISTRATION = {"user_id", "facility_id", "token_id", "device_id"}
NO_PATIENTS = ADMINISTRATION | {"teaching_id", "administered_id", "segment_id"}  # their own tests say who may see those
BY_TOKEN = "dicomweb."  # a cookie opens nothing there: tests/imaging/dicomweb/test_access.py walks it
INBOX = {"waiting_id", "kept_id"}  # walked in tests/imaging/inbox
READING = ("GET", "HEAD")
STEPS = ("accept", "release", "park", "decline", "cancel")
SENDER = "whoever sends it"  # stands for a right that nobody else has

# Whoever could have taken a request is told who was faster, and no more.
TOLD_WHO_TOOK_IT = ("a specialist who did not take it", "accept")

# The right that each address asks for that changes something; a step of a consult's life asks for its own.
RIGHT_TO_WRITE = {
    "consult.edit_request": "edit_request",
    "consult.send_request": "request",
    "invitations.create": "invite",
    "invitations.revoke": "invite",
    "patients.edit_case": "edit_case",
    "patients.record_consent": "edit_case",
    "patients.withdraw_consent": "edit_case",
    "reports.save_opinion": "write_opinion",
    "reports.sign_opinion": "write_opinion",
    "reports.save_outcome": "write_outcome",
    "reports.sign_outcome": "write_outcome",
    "reports.add_addendum": "add_addendum",
    "reports.print_again": "read_record",  # prints what is signed already
    "imaging.holds.decide": "decide_holds",
    "site_models.judge_statement": "judge_model_results",
    "copies.start_copy": "make_copies",
    "copies.keep_copy": "make_copies",
    "copies.delete_copy": "make_copies",
    "copy_api.confirm_copy": "make_copies",
    "copy_api.change_item": "make_copies",
    "copy_api.decide_rest": "make_copies",
    "copy_api.draw_mask": "make_copies",
    "copy_api.change_mask": "make_copies",
    "copy_api.erase_mask": "make_copies",
    "imaging.scales.calibrate": "calibrate",
    "imaging.scales.remove": "calibrate",
    "imaging.sides.tell": "tell_sides",
    "imaging.sides.remove": "tell_sides",
    "imaging.views.ask": "ask_retakes",
    "imaging.views.answer": "answer_retakes",
    "imaging.views.decline": "answer_retakes",
    "imaging.views.withdraw": "ask_retakes",
    "imaging.views.choose_exam": "assign_views",
    "imaging.views.drop_exam": "assign_views",
    "imaging.views.assign_view": "assign_views",
    "imaging.ask_for_frame": "see_pictures",  # has what may be seen made sharper
    "imaging.uploads.continue_upload": SENDER,
    "imaging.uploads.end_upload": SENDER,
    "imaging.previews.send_still": SENDER,
    "imaging.previews.send_clip": SENDER,
}


@dataclass(frozen=True)
class Address:
    """One thing that a browser may ask for."""

    endpoint: str
    method: str
    path: str
    step: str = ""

    def ask(self, client: FlaskClient) -> int:
        """The status that a client is given; whoever writes sends something that means nothing."""
        if self.method in READING:
            return client.open(self.path, method=self.method).status_code
        return client.open(self.path, method=self.method, data=b"{", content_type="application/json").status_code


@dataclass
class World:
    """One consult with everything that has an address."""

    app: Flask
    consult: Consult
    arguments: dict[str, str]
    tiles_id: str

    def addresses(self) -> list[Address]:
        """Every address of patient data, filled in with what belongs to the consult."""
        with self.app.test_request_context():
            return [self._filled(rule, method, step) for rule, method, step in _walk(self.app)]

    def _filled(self, rule: Rule, method: str, step: str) -> Address:
        values = {name: self.arguments[name] for name in rule.arguments - {"step"}}
        if step:
            values["step"] = step
        if "part" in values:
            values["rendition_id"] = self.tiles_id
        path = self.app.url_map.bind("localhost").build(rule.endpoint, values, method)
        return Address(rule.endpoint, method, path, step)


def _walk(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    for rule, method in rules_of_patient_data(app):
        for step in STEPS if "step" in rule.arguments else ("",):
            yield rule, method, step


def rules_of_patient_data(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(BY_TOKEN):
            continue
        if rule.arguments and rule.endpoint not in OPEN_DOORS and not rule.arguments & (NO_PATIENTS | INBOX):
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield rule, method


@pytest.fixture
def world(app: Flask, cast: Cast) -> World:
    return world_of(app, cast, "in_progress")


def world_of(app: Flask, cast: Cast, state: str) -> World:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, state)
        arguments, tiles = _belongings(session, cast, consult)
    return World(app, consult, arguments, tiles.id)


def guest_client(app: Flask, actor: Actor) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn.as_guest(actor).get_id()
    return client


@pytest.fixture
def outsiders(app: Flask, cast: Cast, client_as: ClientAs, world: World) -> dict[str, FlaskClient]:
    with db.write_transaction() as session:
        other = consult_in(session, cast, "in_progress", case_id=_other_case(session, cast))
        _, stranger = guest_of(session, other, cast)
        revoked, expired = (guest_of(session, world.consult, cast) for _ in range(2))
        _invitation(session, revoked[0].invitation_id).revoked_at = clock.now()
        _invitation(session, expired[0].invitation_id).expires_at = clock.now() - timedelta(seconds=1)
    return {
        "a signed-out visitor": client_as(None),
        "another facility's doctor": client_as(cast.far_doctor),
        "a specialist who did not take it": client_as(cast.second_specialist),
        "a specialist of another program": client_as(cast.outsider),
        "a doctor of another program": client_as(cast.outside_doctor),
        "a program manager": client_as(cast.manager),
        "an administrator": client_as(cast.administrator),
        "a patient of another case": guest_client(app, stranger),
        "a patient whose link was withdrawn": guest_client(app, revoked[1]),
        "a patient whose link has run out": guest_client(app, expired[1]),
    }


def _invitation(session: Session, invitation_id: str | None) -> Invitation:
    return session.get_one(Invitation, invitation_id)


def _other_case(session: Session, cast: Cast) -> str:
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


def _belongings(session: Session, cast: Cast, consult: Consult) -> tuple[dict[str, str], Rendition]:
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
    report = ReportDocument(consult_id=consult.id, source_sha256="0" * 64)
    session.add_all([invitation, consent, report])
    session.flush()
    instance, preview, tiles = _picture(session, cast, consult.case_id)
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
    arguments = {
        "consult_id": consult.id,
        "case_id": consult.case_id,
        "patient_id": cast.patient.id,
        "invitation_id": invitation.id,
        "consent_id": consent.id,
        "instance_id": instance.id,
        "rendition_id": preview.id,
        "upload_id": upload.id,
        "name": "preview.webp",
        "part": "0",
        **_copy(session, cast, instance),
        **_asked_views(session, consult),
        "statement_id": _statement(session, instance),
        "frame_number": "1",
        "recording_id": _recording(session, cast, consult),
    }
    return arguments, tiles


def _recording(session: Session, cast: Cast, consult: Consult) -> str:
    """A recording of the call, mixed."""
    now, recording_id = clock.now(), "e" * 32
    key = sealed.new_key()
    found = Recording(
        id=recording_id,
        consult_id=consult.id,
        program_id=cast.program.id,
        state="ended",
        text_version="2026-11-26",
        asked_by="p",
        asked_by_name="Doctor Alpha",
        asked_at=now,
        started_at=now,
        ended_at=now,
        changed_at=now,
        wrapped_key=sealed.wrap(config.current().secret_key, KEY_PURPOSE, recording_id, key),
        mix_state="made",
        mix_bytes=10,
        mix_seconds=1.0,
        mix_index=[{"at": 0, "began": 0, "seconds": 1}],
    )
    session.add(found)
    sealer = sealed.Sealer(recording_files.mix(recording_id), key, {})
    sealer.add("media", b"ten bytes.", 0)
    sealer.close(0)
    return recording_id


def _statement(session: Session, instance: Instance) -> str:
    """What a site's model said of the picture."""
    now = clock.now()
    run = ModelRun(
        instance_id=instance.id,
        name="Mean grey",
        version="1.0",
        approval="committee 7",
        intended_use="tests",
        state="done",
        started_at=now,
    )
    session.add(run)
    session.flush()
    statement = ModelStatement(run_id=run.id, position=0, text="Grey.")
    session.add(statement)
    session.flush()
    return statement.id


def _copy(session: Session, cast: Cast, instance: Instance) -> dict[str, str]:
    """A finished copy of the picture, with everything that has an address."""
    now = clock.now()
    copy = DeidentifiedCopy(
        case_id=instance.case_id,
        maker_id=cast.doctor.id,
        maker_name=cast.doctor.full_name,
        purpose="export",
        preset="bare",
        salt="",
        state="ready",
        file_bytes=10,
        confirmed_at=now,
        created_at=now,
        updated_at=now,
    )
    session.add(copy)
    session.flush()
    item = CopyItem(
        copy_id=copy.id,
        instance_id=instance.id,
        position=0,
        state="made",
        pictures=[{"frame_number": 1}],
        made={"shown": "shown.webp", "copy": "copy.dcm"},
    )
    session.add(item)
    session.flush()
    mask = CopyMask(item_id=item.id, x=0, y=0, width=5, height=5, origin="text", likely=True)
    session.add(mask)
    session.flush()
    for name in (copy_files.ARCHIVE, "shown.webp", f"{item.id}-seen-0.webp"):
        (copy_files.folder_of(copy.id) / name).write_bytes(b"ten bytes.")
    return {"copy_id": copy.id, "item_id": item.id, "mask_id": mask.id, "number": "0"}


def _asked_views(session: Session, consult: Consult) -> dict[str, str]:
    now = clock.now()
    retake = Retake(case_id=consult.case_id, words="Lateral", asked_by_name="Specialist", asked_at=now)
    exam = CaseExam(case_id=consult.case_id, exam="chest_xray", chosen_by_name="Doctor", chosen_at=now)
    session.add_all([retake, exam])
    session.flush()
    return {"retake_id": retake.id, "exam_id": exam.id, "view": "pa"}


def _picture(session: Session, cast: Cast, case_id: str) -> tuple[Instance, Rendition, Rendition]:
    now = clock.now()
    study = Study(case_id=case_id, program_id=cast.program.id, study_instance_uid="1.2.3", created_at=now)
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
        sha256=_kept("originals"),
        size_bytes=10,
        file_name="chest.dcm",
        media="dicom",
        kind="still",
        state="processing",
        facts=Facts("dicom", "still", "DX", rows=10, columns=10).as_json(),
        created_at=now,
    )
    session.add(instance)
    session.flush()
    sha256 = _kept("renditions")
    index = {"values": False, "tiles": [[0, 4]]}
    preview, tiles = (
        Rendition(
            instance_id=instance.id,
            name=name,
            sha256=sha256,
            bytes=10,
            width=10,
            height=10,
            detail=detail,
            created_at=now,
        )
        for name, detail in (("preview", {}), ("tiles", {"index": index}))
    )
    session.add_all([preview, tiles])
    session.flush()
    return instance, preview, tiles


def _kept(area: store.Area) -> str:
    """Ten bytes in the store."""
    sha256 = hashlib.sha256(b"ten bytes.").hexdigest()
    path = store.path_of(area, sha256)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"ten bytes.")
    return sha256


def named_in_what_is_sent(client: FlaskClient, world: World) -> dict[str, int]:
    """The addresses that hold no id: what they are asked about stands in a form or a header."""
    case = base64.b64encode(world.arguments["case_id"].encode()).decode()
    told = {"Upload-Metadata": f"case_id {case}", "Upload-Length": "not a number"}
    return {
        "an upload": client.post("/imaging/uploads", headers=told).status_code,
        "a consult": client.post("/consults/new", data={"case_id": world.arguments["case_id"]}).status_code,
        "a case": client.post("/consults/new", data={"patient_id": world.arguments["patient_id"]}).status_code,
    }


def test_every_address_is_known_to_this_walk(app: Flask, world: World) -> None:
    for rule, method in rules_of_patient_data(app):
        assert rule.arguments <= {*world.arguments, "step"}, f"tell the walk how to fill {rule}"
        if method not in READING:
            assert rule.endpoint in RIGHT_TO_WRITE or "step" in rule.arguments, f"tell the walk who may {method} {rule}"


def test_outsiders_find_nothing_at_any_address_of_a_consult(world: World, outsiders: dict[str, FlaskClient]) -> None:
    walk = world.addresses()
    assert len(walk) > 45
    found = [
        f"{who}: {address.method} {address.path} -> {status}"
        for (who, client), address in product(outsiders.items(), walk)
        if (status := address.ask(client)) != 404 and (who, address.step) != TOLD_WHO_TOOK_IT
    ]
    assert not found, "\n".join(found)


def test_outsiders_begin_nothing_in_a_case_that_they_name(world: World, outsiders: dict[str, FlaskClient]) -> None:
    for who, client in outsiders.items():
        assert set(named_in_what_is_sent(client, world).values()) == {404}, who


def test_the_treating_doctor_finds_something_at_every_address_that_can_be_read(
    cast: Cast, client_as: ClientAs, world: World
) -> None:
    doctor = client_as(cast.doctor)
    reached = {f"{one.method} {one.path}": one.ask(doctor) for one in world.addresses() if one.method == "GET"}
    assert len(reached) > 15
    assert not {path: status for path, status in reached.items() if status not in (200, 202, 302)}


@pytest.mark.parametrize(
    ("role", "state"),
    [(COLLEAGUE, "in_progress"), (CANDIDATE, "requested"), ("patient", "in_progress"), ("attendant", "in_progress")],
)
def test_a_reader_who_writes_is_forbidden(app: Flask, cast: Cast, client_as: ClientAs, role: str, state: str) -> None:
    world = world_of(app, cast, state)
    client = _reader(app, cast, client_as, world, role)
    asked = {
        f"{one.method} {one.path}": one.ask(client)
        for one in world.addresses()
        if one.method not in READING and not _may_write(role, one)
    }
    assert len(asked) > 8
    assert not {path: status for path, status in asked.items() if status != 403}


def _may_write(role: str, address: Address) -> bool:
    right = address.step or RIGHT_TO_WRITE[address.endpoint]
    return right != SENDER and may(role, right)


def _reader(app: Flask, cast: Cast, client_as: ClientAs, world: World, role: str) -> FlaskClient:
    if role in (COLLEAGUE, CANDIDATE):
        return client_as(cast.colleague if role == COLLEAGUE else cast.second_specialist)
    with db.write_transaction() as session:
        return guest_client(app, guest_of(session, world.consult, cast, role)[1])


@pytest.mark.parametrize(("role", "state"), [(CANDIDATE, "requested"), ("patient", "in_progress")])
def test_a_reader_adds_no_pictures(app: Flask, cast: Cast, client_as: ClientAs, role: str, state: str) -> None:
    world = world_of(app, cast, state)
    assert named_in_what_is_sent(_reader(app, cast, client_as, world, role), world)["an upload"] == 403
