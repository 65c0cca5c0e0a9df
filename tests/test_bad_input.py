"""Bad input to the whole application: each gets one sentence that names the field or the file, and what was saved
before stays as it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock, config, db
from app.auth.models import User
from app.jobs import huey
from app.models import Base
from consult.models import Consult
from consult.stage import operations as stage
from tests.cast import Cast, consult_in
from tests.consult.sitting import Line, LineAs, lines
from tests.consult.stage.drawing import Copy, annotation
from tests.imaging import files

ClientAs = Callable[[User | None], FlaskClient]
Rows = dict[str, dict[str, dict[str, Any]]]
TUS = {"Tus-Resumable": "1.0.0"}
LOGS = {"audit_row", "outbox_row"}  # a refusal may be told and written down
TOMORROW = (clock.today() + timedelta(days=1)).isoformat()
MEGABYTE = 1_048_576
PERSON = {"full_name": "Sunita Devi", "age": "54", "sex": "female"}


@pytest.fixture(autouse=True)
def jobs_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is queued for the worker is done before the request that queued it is answered."""
    monkeypatch.setattr(huey, "_immediate", True)


@pytest.fixture
def doctor(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The treating doctor's browser."""
    return client_as(cast.doctor)


@pytest.fixture
def consult(cast: Cast) -> Consult:
    """A consult that is being prepared, its question written."""
    with db.write_transaction() as session:
        return consult_in(session, cast, "draft")


@pytest.fixture
def opinion(client_as: ClientAs, cast: Cast) -> tuple[FlaskClient, str]:
    """The specialist's browser and the address of an opinion with a draft saved."""
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
    browser, address = client_as(cast.specialist), f"/api/consults/{consult.id}/opinion"
    assert browser.put(address, json={"findings": "Effusion.", "version": 0}).status_code == 200
    return browser, address


def saved() -> Rows:
    """Every row of every table but the logs: table -> key -> columns."""
    with db.read_session() as session:
        return {
            table.name: {
                "/".join(str(row[column.name]) for column in table.primary_key): dict(row)
                for row in session.execute(select(table)).mappings()
            }
            for table in Base.metadata.sorted_tables
            if table.name not in LOGS
        }


def assert_nothing_lost(before: Rows) -> None:
    """Rows may have come; none went and none changed."""
    after = saved()
    for table, rows in before.items():
        assert rows.items() <= after[table].items(), table


def error_of(answer: TestResponse) -> dict[str, str]:
    error: dict[str, str] = answer.get_json()["error"]
    assert_one_sentence(error["message"])
    return error


def assert_one_sentence(words: str) -> None:
    """Plain words that end, and no trace of a program in them."""
    assert words.endswith(".")
    assert words[0].isupper()
    assert not any(mark in words for mark in ("Traceback", "Error", "None", "{", "  "))


# --- files ----------------------------------------------------------------------------------------------------------


def announced(browser: FlaskClient, cast: Cast, name: str, size: int) -> TestResponse:
    told = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in {"filename": name, "case_id": cast.case.id}.items()
    )
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": told}
    return browser.post("/imaging/uploads", headers=headers)


def sent(browser: FlaskClient, cast: Cast, name: str, content: bytes) -> dict[str, Any]:
    """Send a whole file through the door; how it is listed once the worker is done with it."""
    address = announced(browser, cast, name, len(content)).headers["Location"]
    headers = {**TUS, "Upload-Offset": "0"}
    answer = browser.patch(address, headers=headers, data=content, content_type="application/offset+octet-stream")
    assert answer.status_code == 204, answer.text
    found: dict[str, Any] = browser.get(address).get_json()
    return found


def listing(browser: FlaskClient, cast: Cast) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"/imaging/cases/{cast.case.id}").get_json()
    return found


def files_kept() -> list[str]:
    """Every file that uploads and pictures have left on the disk."""
    folders = [config.current().data_dir / name for name in ("uploads", "originals", "renditions")]
    return sorted(str(path) for folder in folders for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def with_a_picture(doctor: FlaskClient, cast: Cast) -> Rows:
    """The rows of a case that holds one good picture already."""
    assert sent(doctor, cast, "first.png", files.png(_grey(1)))["state"] == "stored"
    return saved()


def _grey(seed: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (60, 50), dtype=np.uint8)


def test_a_truncated_dicom_file_is_refused_by_name_and_the_other_pictures_stay(
    doctor: FlaskClient, cast: Cast, with_a_picture: Rows, tmp_path: Any
) -> None:
    pixels = np.random.default_rng(3).integers(0, 4096, (90, 80), dtype=np.uint16)
    whole = files.save(files.dicom(pixels, BitsStored=12, HighBit=11), tmp_path / "whole.dcm").read_bytes()
    kept = files_kept()
    upload = sent(doctor, cast, "chest.dcm", whole[: len(whole) // 2])
    assert (upload["file_name"], upload["state"], upload["reason_code"]) == ("chest.dcm", "refused", "truncated")
    assert_one_sentence(upload["reason"].partition(": ")[0] + ".")
    assert files_kept() == kept
    assert_nothing_lost(with_a_picture)
    assert [one["file_name"] for one in listing(doctor, cast)["uploads"]] == ["first.png", "chest.dcm"]


def test_a_png_named_dcm_simply_works(doctor: FlaskClient, cast: Cast, with_a_picture: Rows) -> None:
    content = files.png(_grey(2))
    upload = sent(doctor, cast, "scan.dcm", content)
    assert (upload["state"], upload["reason"]) == ("stored", None)
    [instance_id] = upload["instances"]
    manifest = doctor.get(f"/imaging/instances/{instance_id}").get_json()
    assert (manifest["state"], manifest["rows"], manifest["columns"]) == ("ready", 60, 50)
    assert doctor.get(manifest["renditions"]["preview"]["url"]).mimetype == "image/webp"
    assert doctor.get(f"/imaging/instances/{instance_id}/original").data == content
    assert_nothing_lost(with_a_picture)


@pytest.mark.usefixtures("consult")
def test_an_empty_file_is_refused_before_it_is_sent(doctor: FlaskClient, cast: Cast) -> None:
    before, kept = saved(), files_kept()
    answer = announced(doctor, cast, "empty.dcm", 0)
    assert (answer.status_code, error_of(answer)["code"]) == (422, "empty_file")
    assert answer.get_json()["upload"]["file_name"] == "empty.dcm"
    assert files_kept() == kept
    assert_nothing_lost(before)


@pytest.mark.usefixtures("consult")
def test_600_megabytes_are_refused_when_announced_and_nothing_is_written(doctor: FlaskClient, cast: Cast) -> None:
    before, kept = saved(), files_kept()
    answer = announced(doctor, cast, "long.mp4", 600 * MEGABYTE)
    assert answer.status_code == 413
    assert "600 MB" in error_of(answer)["message"]
    assert answer.get_json()["upload"]["file_name"] == "long.mp4"
    assert files_kept() == kept
    assert_nothing_lost(before)


@pytest.mark.parametrize(
    ("headers", "named"), [({"Upload-Length": "1e3"}, "Upload-Length"), ({"Upload-Metadata": "case_id ?"}, "case_id")]
)
def test_an_announcement_that_means_nothing_names_what_is_wrong(
    doctor: FlaskClient, cast: Cast, headers: dict[str, str], named: str
) -> None:
    before = saved()
    case = base64.b64encode(cast.case.id.encode()).decode()
    whole = {**TUS, "Upload-Length": "10", "Upload-Metadata": f"case_id {case}", **headers}
    answer = doctor.post("/imaging/uploads", headers=whole)
    assert (answer.status_code, error_of(answer)["field"]) == (422, named)
    assert saved() == before


# --- forms ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "named", "words"),
    [
        ({"age": ""}, "age", "Give an age or a date of birth."),
        ({"age": "", "birth_date": TOMORROW}, "birth_date", "The date of birth cannot be in the future."),
        ({"age": "", "birth_date": "31 June"}, "birth_date", ""),
        ({"sex": "\x00"}, "sex", ""),
    ],
)
def test_a_patient_who_cannot_be_is_not_registered_and_the_form_keeps_what_was_typed(
    doctor: FlaskClient, changed: dict[str, str], named: str, words: str
) -> None:
    before = saved()
    answer = doctor.post("/patients/new", data={**PERSON, **changed})
    assert f'href="#{named}"' in answer.text
    assert words in answer.text
    assert 'value="Sunita Devi"' in answer.text
    assert saved() == before


def test_a_form_too_large_for_any_person_is_refused(doctor: FlaskClient) -> None:
    before = saved()
    answer = doctor.post("/patients/new", data={**PERSON, "village": "x" * 3 * MEGABYTE})
    assert answer.status_code == 413
    assert "This is too large to send in one piece" in answer.text
    assert saved() == before


# --- JSON -----------------------------------------------------------------------------------------------------------


def version_of(browser: FlaskClient, consult: Consult, field: str) -> str:
    return str(browser.get(f"/api/consults/{consult.id}").get_json()["fields"][field]["version"])


def test_a_question_of_65_kilobytes_is_too_long_and_the_one_before_stays(doctor: FlaskClient, consult: Consult) -> None:
    before = saved()
    body = {"field": "question", "value": "x" * 65 * 1024, "version": version_of(doctor, consult, "question")}
    answer = doctor.patch(f"/api/consults/{consult.id}", json=body)
    assert answer.status_code == 422
    error = error_of(answer)
    assert error["field"] == "question"
    assert "2000" in error["message"]
    assert saved() == before


WRONG_EDITS: list[tuple[Any, str]] = [
    ([], "field"),
    ("question", "field"),
    (None, "field"),
    ({"field": 7, "value": "x", "version": "x"}, "field"),
    ({"field": "question", "value": ["x"], "version": "x"}, "value"),
    ({"field": "question", "value": None, "version": "x"}, "value"),
    ({"field": "question", "value": "\ud800", "version": "x"}, "value"),
    ({"field": "question", "value": "x", "version": 3}, "version"),
    ({"field": "state", "value": "concluded", "version": "x"}, "field"),
]
NOT_JSON = ["", "{", "\x00", "NaN", '{"field": }', "[" * 5000, '{"field":' * 5000]
NO_TEMPERATURES = ["NaN", "inf", "1e999", "-5", "high", "12;13"]
WRONG_OPINIONS: list[tuple[Any, str]] = [
    ([], "body"),
    ({"version": 1, "findings": 5}, "findings"),
    ({"version": 1, "findings": "\ud800"}, "findings"),
    ({"version": 1, "impression": "x" * 65 * 1024}, "impression"),
    ({"version": 1, "urgency": {}}, "urgency"),
    ({"version": True}, "version"),
    ({"version": 1.5}, "version"),
    ({"version": 1, "signed_at": "now"}, "signed_at"),
]
EMPTY_CONSENTS: list[Any] = [[], {"version": 7}, {"version": "x", "language": ["en"], "given_by": {}}]


def assert_named(answer: TestResponse, field: str, what: object) -> None:
    assert (answer.status_code, error_of(answer)["field"]) == (422, field), what


def test_an_edit_of_the_wrong_types_names_the_first_that_is_wrong(doctor: FlaskClient, consult: Consult) -> None:
    before = saved()
    for body, named in WRONG_EDITS:
        for address in (f"/api/consults/{consult.id}", f"/api/cases/{consult.case_id}"):
            answer = doctor.patch(address, data=json.dumps(body), content_type="application/json")
            assert_named(answer, named, (address, body))
    assert saved() == before


def test_what_is_not_json_is_refused_like_what_lacks_its_fields(doctor: FlaskClient, consult: Consult) -> None:
    before = saved()
    for text in NOT_JSON:
        answer = doctor.patch(f"/api/consults/{consult.id}", data=text, content_type="application/json")
        assert_named(answer, "field", text[:20])
    assert saved() == before


def test_a_temperature_that_is_no_measurement_names_its_field(doctor: FlaskClient, consult: Consult) -> None:
    fields = doctor.get(f"/api/cases/{consult.case_id}").get_json()["fields"]
    before = saved()
    for value in NO_TEMPERATURES:
        body = {"field": "vitals.temperature", "value": value, "version": fields["vitals.temperature"]["version"]}
        assert_named(doctor.patch(f"/api/cases/{consult.case_id}", json=body), "vitals.temperature", value)
    assert saved() == before


def test_an_opinion_of_the_wrong_types_names_the_field_and_the_draft_stays(opinion: tuple[FlaskClient, str]) -> None:
    browser, address = opinion
    before = saved()
    for body, named in WRONG_OPINIONS:
        assert_named(browser.put(address, json=body), named, body)
    assert saved() == before


def test_a_consent_that_says_nothing_is_not_written_down(doctor: FlaskClient, consult: Consult) -> None:
    before = saved()
    for body in EMPTY_CONSENTS:
        assert_named(doctor.post(f"/api/cases/{consult.case_id}/consents", json=body), "version", body)
    assert saved() == before


# --- the stage ------------------------------------------------------------------------------------------------------


@pytest.fixture
def line_as(app: Flask) -> Iterator[LineAs]:
    stage.registry.clear()
    yield from lines(app)
    stage.registry.clear()


@pytest.fixture
def line(line_as: LineAs, cast: Cast) -> Line:
    """The treating doctor's socket."""
    return line_as(cast.doctor)


@pytest.fixture
def drawn(line: Line, cast: Cast) -> tuple[str, Copy]:
    """The doctor is in the room with one stroke on the stage: their participant id, and their copy of the stage."""
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
    me, copy = str(line.join(consult.id)["participant_id"]), Copy()
    assert line.ask("update_stage", {"update": copy.put("annotations", "e" * 32, annotation(me))}) == {"ok": True}
    return me, copy


NAN, ENDLESS = float("nan"), float("inf")


WRONG_STROKES: list[tuple[dict[str, Any], str]] = [
    ({"points": [1.0, NAN, 3.0, 4.0]}, "points"),
    ({"points": [1.0, ENDLESS, 3.0, 4.0]}, "points"),
    ({"points": [1.0, 2.0, 3.0]}, "points"),
    ({"points": "1 2 3 4"}, "points"),
    ({"frame": NAN}, "frame"),
    ({"created_at": NAN}, "created_at"),
    ({"colour": 7.0}, "colour"),
]
NO_CHANGES: list[Any] = [None, [], "stroke", {"update": 5}, {"update": "AAAA"}, {"update": b"not one"}]


def test_a_stroke_with_what_is_no_number_is_refused_and_the_stage_stays(line: Line, drawn: tuple[str, Copy]) -> None:
    me, mine = drawn
    before = saved()
    for changes, named in WRONG_STROKES:
        copy = Copy()
        copy.take_in(mine.doc.get_update())
        answer = line.ask("update_stage", {"update": copy.put("annotations", "f" * 32, annotation(me, **changes))})
        assert (answer["ok"], answer["error"]["code"]) == (False, "invalid"), changes
        assert answer["error"]["field"] == named
        assert_one_sentence(answer["error"]["message"])
    assert saved() == before
    cold = Copy()
    cold.take_in(line.ask("sync_stage", {"state_vector": b"\0"})["update"])
    assert set(cold.content()["annotations"]) == {"e" * 32}


def test_a_change_that_is_none_is_refused_and_the_stage_stays(line: Line, drawn: tuple[str, Copy]) -> None:
    before = saved()
    for message in NO_CHANGES:
        answer = line.ask("update_stage", message)
        assert not answer["ok"], message
        assert answer["error"]["code"] in ("invalid", "protocol_error")
        assert_one_sentence(answer["error"]["message"])
    assert saved() == before
