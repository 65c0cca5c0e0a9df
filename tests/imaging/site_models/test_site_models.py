"""A site's own model from its registration to a doctor's decision; and every way in which it can fail."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import config, db
from app.actor import Actor
from app.audit import AuditRow
from app.auth.models import User
from app.jobs import huey
from app.models import Base
from consult.models import Consult
from imaging import arrivals, ingest, rendering
from imaging.deidentify import proposing
from imaging.deidentify.boxes import Box
from imaging.deidentify.proposing import Proposal
from imaging.models import Instance, Study
from imaging.reasons import SENTENCES
from imaging.site_models import looking
from imaging.site_models.models import ModelRun
from imaging.site_models.protocol import SiteModel, read_registration, read_result
from tests.cast import Cast, consult_in, guest_of
from tests.imaging import files
from tests.test_access_walk import guest_client

ClientAs = Callable[[User | None], FlaskClient]
Register = Callable[..., None]
MODEL = Path(__file__).with_name("mean_grey.py")
COVERED = Box(0, 0, 80, 10)


@pytest.fixture(autouse=True)
def no_text_reader(monkeypatch: pytest.MonkeyPatch, no_children: None) -> None:
    """The sandbox's own work is done in this process, and its reader finds one place; the model is a real process."""
    monkeypatch.setattr(proposing, "propose", lambda *_: [Proposal(COVERED, "banner", True)])


def registration(**changed: Any) -> dict[str, Any]:
    return {
        "name": "Mean grey",
        "version": "1.0",
        "approval": "Committee decision 12/2026",
        "intended_use": "Checking exposures",
        "command": [sys.executable, str(MODEL)],
        "modalities": ["CR"],
        "seconds": 20,
        **changed,
    }


@pytest.fixture
def register(tmp_path: Path) -> Register:
    """Register models for this installation, as an administrator does."""

    def write(*models: dict[str, Any]) -> None:
        path = tmp_path / "site-models.json"
        path.write_text(json.dumps({"models": models}), encoding="utf-8")
        config.use(dataclasses.replace(config.current(), site_models=path))

    return write


@pytest.fixture
def picture(cast: Cast, send: Callable[..., str], tmp_path: Path) -> str:
    """A radiograph of the case, ready."""
    pixels = np.full((90, 80), 1000, np.uint16)
    made = files.dicom(pixels, BitsStored=12, HighBit=11, PatientName="One^Patient", PatientID="MRN-4471")
    instance_id = ingest.ingest(send(files.save(made, tmp_path / "chest.dcm").read_bytes(), "chest.dcm"))
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    return instance_id


@pytest.fixture
def consult(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, "in_progress")


def results(browser: FlaskClient, instance_id: str) -> list[dict[str, Any]]:
    answer = browser.get(f"/api/instances/{instance_id}/model-results")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.get_json()["results"]
    return found


def test_without_a_registration_nothing_is_asked_and_no_page_speaks_of_models(
    client_as: ClientAs, cast: Cast, picture: str
) -> None:
    looking.look(picture)
    with db.read_session() as session:
        assert session.scalar(select(ModelRun)) is None
    doctor = client_as(cast.doctor)
    assert results(doctor, picture) == []
    assert "site-models" not in doctor.get("/today").text


def test_what_a_model_says_is_labelled_and_decided_by_a_doctor(
    client_as: ClientAs, cast: Cast, consult: Consult, picture: str, register: Register
) -> None:
    register(registration())
    looking.look(picture)
    specialist = client_as(cast.specialist)
    assert 'name="site-models"' in specialist.get("/worklist").text
    [run] = results(specialist, picture)
    assert run["label"] == "From Mean grey 1.0, not a diagnosis"
    assert run["approved"] == "Approved: Committee decision 12/2026. For: Checking exposures."
    [statement] = run["statements"]
    assert statement["text"] == "Mean grey 1000"  # what is covered is as black as the picture's darkest
    address = f"/api/model-statements/{statement['id']}"
    answer = specialist.put(address, json={"judgement": "rejected", "note": "  An even   field. "})
    assert (answer.get_json()["judgement"], answer.get_json()["note"]) == ("rejected", "An even field.")
    [again] = results(client_as(cast.doctor), picture)
    assert again["statements"][0]["judged_by"] == "Specialist Delta"
    with db.read_session() as session:
        row = session.scalar(select(AuditRow).where(AuditRow.action == "judge_model_statement"))
        assert row is not None
        assert row.actor_id == cast.specialist.id


def test_a_model_is_asked_once_for_each_picture_and_version(
    client_as: ClientAs, cast: Cast, picture: str, register: Register
) -> None:
    register(registration())
    looking.look(picture)
    looking.look(picture)
    register(registration(version="1.1"))
    looking.look(picture)
    assert [run["label"] for run in results(client_as(cast.doctor), picture)] == [
        "From Mean grey 1.0, not a diagnosis",
        "From Mean grey 1.1, not a diagnosis",
    ]


def test_what_the_model_is_given_names_nobody_and_nothing_of_the_server(
    client_as: ClientAs, cast: Cast, picture: str, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "never")
    register(registration(command=[sys.executable, str(MODEL), "spy"]))
    looking.look(picture)
    [run] = results(client_as(cast.doctor), picture)
    seen, request = (one["text"] for one in run["statements"])
    assert "SECRET_KEY" not in seen
    assert {"copy.dcm", "frame-00001.png", "request.json"} <= set(seen.split())
    assert str([[COVERED.x, COVERED.y, COVERED.width, COVERED.height]]) in request
    for told in ("One", "MRN", "4471", "1.2.3", picture, cast.case.id):
        assert told not in request


BROKEN = {
    "crash": "model_failed",
    "greedy": "model_failed",
    "loop": "model_late",
    "silent": "model_silent",
    "link": "model_silent",
    "garbage": "model_answer",
    "flood": "model_answer",
    "other": "model_answer",
    "extra": "model_answer",
    "frame": "model_answer",
}


@pytest.mark.parametrize("mood", BROKEN)
def test_a_model_that_fails_is_one_clear_sentence_and_nothing_else(
    client_as: ClientAs, cast: Cast, picture: str, register: Register, mood: str
) -> None:
    seconds = 1 if mood == "loop" else 20
    register(registration(command=[sys.executable, str(MODEL), mood], seconds=seconds))
    looking.look(picture)
    [run] = results(client_as(cast.doctor), picture)
    with db.read_session() as session:
        assert session.scalars(select(ModelRun.reason_code)).one() == BROKEN[mood]
    assert run["statements"] == []
    assert run["reason"] == str(SENTENCES[BROKEN[mood]]) % {"name": "Mean grey"}


def test_a_command_that_is_not_there_is_said(client_as: ClientAs, cast: Cast, picture: str, register: Register) -> None:
    register(registration(command=["/nowhere/model"]))
    looking.look(picture)
    [run] = results(client_as(cast.doctor), picture)
    assert "could not be started" in run["reason"]


def test_nothing_but_the_models_own_tables_and_the_log_changes(
    consult: Consult, picture: str, register: Register
) -> None:
    def saved() -> dict[str, list[Any]]:
        own = {"model_run", "model_statement", "audit_row"}
        with db.read_session() as session:
            tables = [table for table in Base.metadata.sorted_tables if table.name not in own]
            return {table.name: list(session.execute(select(table)).mappings()) for table in tables}

    before = saved()
    register(registration())
    looking.look(picture)
    assert saved() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"hold": {"state": "open", "fields": ["name"]}},
        {"state": "processing"},
        {"state": "provisional", "sha256": None},
        {"kind": "document"},
    ],
    ids=str,
)
def test_a_picture_that_is_held_or_not_whole_is_neither_asked_about_nor_spoken_of(
    client_as: ClientAs, cast: Cast, picture: str, register: Register, changed: dict[str, Any]
) -> None:
    with db.write_transaction() as session:
        instance = session.get_one(Instance, picture)
        for name, value in changed.items():
            setattr(instance, name, value)
    register(registration())
    looking.look(picture)
    with db.read_session() as session:
        assert session.scalar(select(ModelRun)) is None


def test_a_result_disappears_while_its_picture_is_held_and_cannot_be_decided(
    client_as: ClientAs, cast: Cast, consult: Consult, picture: str, register: Register
) -> None:
    register(registration())
    looking.look(picture)
    doctor = client_as(cast.doctor)
    [run] = results(doctor, picture)
    with db.write_transaction() as session:
        session.get_one(Instance, picture).hold = {"state": "open", "fields": ["name"]}
    assert results(doctor, picture) == []
    address = f"/api/model-statements/{run['statements'][0]['id']}"
    assert doctor.put(address, json={"judgement": "accepted"}).status_code == 409


def test_a_picture_is_asked_about_when_it_is_attached_and_when_it_is_no_longer_held(
    client_as: ClientAs, cast: Cast, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huey, "_immediate", True)
    register(registration())
    unit = Actor("device", "unit", "X-ray", "device", cast.program.id, cast.facility.id)
    named = {"BitsStored": 12, "HighBit": 11, "PatientSex": "M"}
    path = files.save(files.dicom(np.full((90, 80), 1000, np.uint16), **named), tmp_path / "chest.dcm")
    arrivals.take(unit, None, path, file_name="chest.dcm")
    with db.write_transaction() as session:
        consult_in(session, cast, "in_progress")
        study = session.scalars(select(Study)).one()
        assert session.scalar(select(ModelRun)) is None
    told = {"case": cast.case.id, "reason": "I was there"}
    assert client_as(cast.colleague).post(f"/inbox/studies/{study.id}/attach", data=told).status_code == 302
    with db.read_session() as session:
        instance = session.scalars(select(Instance)).one()
        assert (instance.is_held, session.scalar(select(ModelRun))) == (True, None)
    decision = {"decision": "same_patient", "reason": "The unit had no patient entered"}
    assert client_as(cast.doctor).post(f"/imaging/instances/{instance.id}/hold", json=decision).status_code == 200
    assert results(client_as(cast.doctor), instance.id)


def test_guests_and_readers_decide_nothing(
    client_as: ClientAs, cast: Cast, consult: Consult, picture: str, register: Register
) -> None:
    register(registration())
    looking.look(picture)
    [run] = results(client_as(cast.colleague), picture)
    address = f"/api/model-statements/{run['statements'][0]['id']}"
    assert client_as(cast.colleague).put(address, json={"judgement": "accepted"}).status_code == 403
    assert client_as(cast.outsider).put(address, json={"judgement": "accepted"}).status_code == 404
    with db.write_transaction() as session:
        guest = guest_client(client_as(None).application, guest_of(session, consult, cast)[1])
    assert guest.get(f"/api/instances/{picture}/model-results").status_code == 403


def test_a_decision_that_means_nothing_is_refused(
    client_as: ClientAs, cast: Cast, consult: Consult, picture: str, register: Register
) -> None:
    register(registration())
    looking.look(picture)
    doctor = client_as(cast.doctor)
    [run] = results(doctor, picture)
    address = f"/api/model-statements/{run['statements'][0]['id']}"
    bodies: list[Any] = [
        [],
        {"judgement": 5},
        {"judgement": "maybe"},
        {"judgement": "accepted", "note": "x" * 501},
        None,
    ]
    for body in bodies:
        answer = doctor.put(address, json=body)
        assert answer.status_code == 422, body
        assert answer.get_json()["error"]["message"].endswith(".")
    assert results(doctor, picture)[0]["statements"][0]["judgement"] == "open"


def test_a_registration_needs_name_version_approval_and_use_and_a_wrong_one_registers_nothing(
    tmp_path: Path, client_as: ClientAs, cast: Cast, picture: str, register: Register
) -> None:
    wrongs: tuple[dict[str, Any], ...] = (
        *({name: ""} for name in ("name", "version", "approval", "intended_use")),
        {"command": []},
        {"seconds": 0},
        {"memory_mb": 10**6},
        {"name": "<b>Grey</b>"},
        {"writes_opinions": True},
    )
    for wrong in wrongs:
        path = tmp_path / "wrong.json"
        path.write_text(json.dumps({"models": [registration(**wrong)]}), encoding="utf-8")
        with pytest.raises(ValueError, match="cannot be used"):
            read_registration(path)
    register(registration(), registration())
    looking.look(picture)
    assert results(client_as(cast.doctor), picture) == []


def test_results_are_read_strictly() -> None:
    model = SiteModel.model_validate(registration())
    good = {
        "contract": 1,
        "name": "Mean grey",
        "version": "1.0",
        "statements": [{"text": "Grey.", "box": [1, 2, 3, 4]}],
    }
    assert read_result(json.dumps(good).encode(), model, 1)[0].box == [1, 2, 3, 4]
    for wrong in (
        {"contract": 2},
        {"statements": [{"text": ""}]},
        {"statements": [{"text": "a\nb"}]},
        {"statements": [{"text": "x" * 301}]},
        {"statements": [{"text": "x", "probability": 1.5}]},
        {"statements": [{"text": "x", "probability": "0.5"}]},
        {"statements": [{"text": "x"}] * 21},
        {"statements": [{"text": "x", "diagnosis": "y"}]},
    ):
        with pytest.raises(ValueError, match="as agreed"):
            read_result(json.dumps({**good, **wrong}).encode(), model, 1)
    with pytest.raises(ValueError, match="as agreed"):
        read_result(json.dumps(good).replace("1.0", "NaN").encode().replace(b'"NaN"', b"NaN"), model, 1)


def test_the_page_that_documents_the_contract_shows_examples_that_keep_it(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "site-models.md").read_text(encoding="utf-8")
    blocks = [json.loads(part.partition("```")[0]) for part in page.split("```json\n")[1:]]
    path = tmp_path / "from-the-page.json"
    path.write_text(json.dumps(blocks[0]), encoding="utf-8")
    [model] = read_registration(path)
    assert blocks[1]["name"] == model.name
    assert len(read_result(json.dumps(blocks[2]).encode(), model, 1)) == 1
