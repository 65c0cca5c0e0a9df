"""Searching: every level, every kind of matching, and nothing that is not the asker's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import db
from imaging.dicomweb import matching
from imaging.models import Instance
from tests.cast import Cast
from tests.imaging.dicomweb.conftest import Headers, found_by, made

StoreWith = Callable[..., TestResponse]
Find = Callable[..., list[str]]
pytestmark = pytest.mark.usefixtures("no_children", "jobs_run_at_once")

CHEST = {
    "PatientName": "Devi^Sunita",
    "PatientID": "H42",
    "AccessionNumber": "A-1",
    "StudyDate": "20261101",
    "StudyTime": "080000",
    "StudyDescription": "Chest_PA 100%",
    "ReferringPhysicianName": "Rao^K",
}
WRIST = {
    "PatientName": "Kumar^Ravi=कुमार^रवि",
    "SpecificCharacterSet": "ISO_IR 192",
    "PatientID": "h7",
    "AccessionNumber": "B-1",
    "StudyDate": "20261115",
    "StudyTime": "233000",
    "PatientBirthDate": "20170115",
    "StudyID": "77",
}


@pytest.fixture
def find(door: FlaskClient, doctor_headers: Headers, store_with: StoreWith) -> Find:
    """Two studies in the facility's inbox; find the UIDs that a search gives."""
    chest = [made(number, "1.1", "1.1.1", Modality="CR", **CHEST) for number in (1, 2, 10)]
    chest.append(made(1, "1.1", "1.1.2", Modality="US", SeriesNumber="2", SeriesDescription="Lung", **CHEST))
    wrist = [made(1, "1.2", "1.2.1", Modality="DX", **WRIST)]
    assert store_with(doctor_headers, [*chest, *wrist]).status_code == 200

    def found(path: str, headers: Headers = doctor_headers) -> list[str]:
        results = found_by(door.get(f"/dicomweb/{path}", headers=headers))
        level = path.partition("?")[0].rpartition("/")[2]
        tag = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}[level]
        return [result[tag]["Value"][0] for result in results]

    return found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["1.2", "1.1"]),
        ("PatientName=devi^sunita", ["1.1"]),
        ("PatientName=DEVI*", ["1.1"]),
        ("PatientName=*r*", ["1.2"]),
        ("PatientName=Devi^Sunit?", ["1.1"]),
        ("PatientName=D_vi*", []),
        ("PatientName=%E0%A4%95%E0%A5%81%E0%A4%AE%E0%A4%BE%E0%A4%B0*", ["1.2"]),
        ("PatientName=Devi^Sunita^^", ["1.1"]),
        ("00100010=Kumar^Ravi", ["1.2"]),
        ("PatientName=", ["1.2", "1.1"]),
        ("PatientName=*", ["1.2", "1.1"]),
        ("PatientID=H42", ["1.1"]),
        ("PatientID=H4", []),
        ("PatientID=H*", ["1.2", "1.1"]),
        ("StudyDescription=chest_pa+100%25", ["1.1"]),
        ("StudyDescription=*100%25*", ["1.1"]),
        ("StudyDescription=%25", []),
        ("AccessionNumber=B-1", ["1.2"]),
        ("StudyID=77", ["1.2"]),
        ("ReferringPhysicianName=rao*", ["1.1"]),
        ("StudyDate=20261101", ["1.1"]),
        ("StudyDate=20261101-20261130", ["1.2", "1.1"]),
        ("StudyDate=20261102-", ["1.2"]),
        ("StudyDate=-20261102", ["1.1"]),
        ("StudyTime=0800", ["1.1"]),
        ("StudyTime=2300-235959", ["1.2"]),
        ("PatientBirthDate=20170115", ["1.2"]),
        ("ModalitiesInStudy=US", ["1.1"]),
        ("ModalitiesInStudy=us,dx", ["1.2", "1.1"]),
        ("ModalitiesInStudy=MR", []),
        ("StudyInstanceUID=1.1", ["1.1"]),
        ("StudyInstanceUID=1.1,1.2,1.3", ["1.2", "1.1"]),
        ("StudyInstanceUID=1.1%5C1.2", ["1.2", "1.1"]),
        ("StudyInstanceUID=1.1&StudyInstanceUID=1.2", ["1.2", "1.1"]),
        ("limit=1", ["1.2"]),
        ("limit=1&offset=1", ["1.1"]),
        ("offset=5", []),
        ("limit=0", []),
        ("PatientName=Devi*&StudyDate=20261115", []),
        ("PatientID=H42%27%20OR%201=1--", []),
    ],
)
def test_studies_are_matched(find: Find, query: str, found: list[str]) -> None:
    assert find(f"studies?{query}") == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("studies/1.1/series", ["1.1.1", "1.1.2"]),
        ("studies/1.1/series?Modality=US", ["1.1.2"]),
        ("studies/1.1/series?SeriesDescription=l*", ["1.1.2"]),
        ("studies/1.1/series?SeriesNumber=2", ["1.1.2"]),
        ("series", ["1.2.1", "1.1.1", "1.1.2"]),
        ("series?PatientID=H42&Modality=CR", ["1.1.1"]),
        ("studies/1.1/series/1.1.1/instances", ["1.1.1.1", "1.1.1.2", "1.1.1.10"]),
        ("studies/1.1/series/1.1.2/instances", ["1.1.2.1"]),
        ("studies/1.1/instances", ["1.1.1.1", "1.1.1.2", "1.1.1.10", "1.1.2.1"]),
        ("studies/1.1/instances?SOPInstanceUID=1.1.1.2,1.1.2.1", ["1.1.1.2", "1.1.2.1"]),
        ("studies/1.1/instances?InstanceNumber=10", ["1.1.1.10"]),
        ("instances?limit=2", ["1.2.1.1", "1.1.1.1"]),
        ("instances?SeriesInstanceUID=1.1.2", ["1.1.2.1"]),
        ("instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.1&StudyInstanceUID=1.2", ["1.2.1.1"]),
        ("studies/1.2/series/1.1.1/instances", []),
        ("studies/9.9/series", []),
    ],
)
def test_series_and_instances_are_matched(find: Find, path: str, found: list[str]) -> None:
    assert find(path) == found


def result_of(door: FlaskClient, headers: Headers, path: str) -> dict[str, Any]:
    return found_by(door.get(f"/dicomweb/{path}", headers=headers))[0]


def test_a_study_says_what_the_standard_asks(find: Find, door: FlaskClient, doctor_headers: Headers) -> None:
    study = result_of(door, doctor_headers, "studies?StudyInstanceUID=1.1")
    values = {tag: element.get("Value") for tag, element in study.items()}
    assert values["00100010"] == [{"Alphabetic": "Devi^Sunita"}]
    assert values["00080061"] == ["CR", "US"]
    assert values["00080056"] == ["ONLINE"]
    assert values["00081190"] == ["http://localhost/dicomweb/studies/1.1"]
    assert (values["00201206"], values["00201208"]) == ([2], [4])
    assert list(study) == sorted(study)
    assert "00280010" not in study


def test_a_series_and_an_instance_say_what_the_standard_asks(
    find: Find, door: FlaskClient, doctor_headers: Headers
) -> None:
    series = result_of(door, doctor_headers, "studies/1.1/series")
    assert series["00201209"]["Value"] == [3]
    assert series["00081190"]["Value"] == ["http://localhost/dicomweb/studies/1.1/series/1.1.1"]
    assert "00100010" not in series
    instance = result_of(door, doctor_headers, "studies/1.1/series/1.1.1/instances")
    assert instance["00080016"]["Value"] == ["1.2.840.10008.5.1.4.1.1.1"]
    assert instance["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert (instance["00280010"]["Value"], instance["00280011"]["Value"]) == ([48], [64])
    whole = result_of(door, doctor_headers, "instances?SOPInstanceUID=1.1.1.1")
    assert whole["00100010"]["Value"] == [{"Alphabetic": "Devi^Sunita"}]
    assert whole["00080060"]["Value"] == ["CR"]


def test_more_is_said_when_it_is_asked_for(find: Find, door: FlaskClient, doctor_headers: Headers) -> None:
    path = "studies/1.1/series/1.1.1/instances"
    assert "00281050" not in result_of(door, doctor_headers, path)
    assert "00280004" in result_of(door, doctor_headers, f"{path}?includefield=PhotometricInterpretation")
    assert "00280004" in result_of(door, doctor_headers, f"{path}?includefield=00080008,00280004")
    assert "00280004" in result_of(door, doctor_headers, f"{path}?includefield=all")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("fuzzymatching=true", "fuzzymatching"),
        ("PatientComments=x", "PatientComments"),
        ("Rows=5", "Rows"),
        ("00400275.0040A30A=5", "00400275.0040A30A"),
        ("orderby=x", "orderby"),
        ("includefield=00091010", "00091010"),
    ],
)
def test_what_is_not_supported_is_ignored_and_said(
    find: Find, door: FlaskClient, doctor_headers: Headers, query: str, words: str
) -> None:
    answer = door.get(f"/dicomweb/studies?{query}", headers=doctor_headers)
    assert len(found_by(answer)) == 2
    assert answer.headers["Warning"].startswith('299 localhost "')
    assert words in answer.headers["Warning"]


def test_results_beyond_the_servers_own_limit_are_announced(
    find: Find, door: FlaskClient, doctor_headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(matching.MOST_RESULTS, "study", 1)
    for query in ("", "?limit=5"):
        answer = door.get(f"/dicomweb/studies{query}", headers=doctor_headers)
        assert len(found_by(answer)) == 1
        assert "Additional results can be requested" in answer.headers["Warning"]
    assert "Warning" not in door.get("/dicomweb/studies?limit=1", headers=doctor_headers).headers
    assert "Warning" not in door.get("/dicomweb/studies?offset=1", headers=doctor_headers).headers


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=x",
        "offset=1.5",
        "limit=²",
        "StudyDate=yesterday",
        "StudyDate=2026-11-01",
        "StudyDate=-",
        "StudyInstanceUID=1.2;drop",
        "StudyInstanceUID=*",
        "PatientID=a&PatientID=b",
        "PatientName=" + "x" * 5000,
        "StudyInstanceUID=" + ",".join(["1"] * 600),
    ],
)
def test_a_search_that_means_nothing_is_refused(
    find: Find, door: FlaskClient, doctor_headers: Headers, query: str
) -> None:
    answer = door.get(f"/dicomweb/studies?{query}", headers=doctor_headers)
    if query == "StudyInstanceUID=*":
        assert answer.status_code == 200  # universal matching
    else:
        assert answer.status_code == 400
        assert answer.get_json()["error"]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/json"),
        ("application/dicom+json, application/json", "application/dicom+json"),
        ("application/json;q=0.1, application/dicom+json;q=0.9", "application/dicom+json"),
        ("*/*", "application/dicom+json"),
        (None, "application/dicom+json"),
        ('multipart/related; type="application/dicom+xml", application/json', "application/json"),
    ],
)
def test_json_is_given_to_whoever_takes_it(
    find: Find, door: FlaskClient, doctor_headers: Headers, accept: str | None, kind: str
) -> None:
    headers = {**doctor_headers, **({"Accept": accept} if accept else {})}
    assert door.get("/dicomweb/studies", headers=headers).content_type == kind


@pytest.mark.parametrize(
    "accept", ['multipart/related; type="application/dicom+xml"', "text/html", "application/dicom+json;q=0"]
)
def test_whoever_takes_no_json_is_told(door: FlaskClient, doctor_headers: Headers, accept: str) -> None:
    assert door.get("/dicomweb/studies", headers={**doctor_headers, "Accept": accept}).status_code == 406


def test_nothing_found_is_no_content(door: FlaskClient, doctor_headers: Headers) -> None:
    answer = door.get("/dicomweb/studies", headers=doctor_headers)
    assert (answer.status_code, answer.data) == (204, b"")


def test_one_instance_in_two_cases_is_one_result(
    find: Find, store_with: StoreWith, door: FlaskClient, doctor_headers: Headers, cast: Cast
) -> None:
    wrist = made(1, "1.2", "1.2.1", Modality="DX", **WRIST)
    assert store_with(doctor_headers, [wrist], f"/dicomweb/studies?case={cast.case.id}").status_code == 200
    study = result_of(door, doctor_headers, "studies?StudyInstanceUID=1.2")
    assert (study["00201206"]["Value"], study["00201208"]["Value"]) == ([1], [1])
    assert find("studies/1.2/instances") == ["1.2.1.1"]


def test_a_picture_that_names_another_patient_is_not_found(find: Find) -> None:
    with db.write_transaction() as session:
        for instance in session.query(Instance).where(Instance.sop_instance_uid == "1.2.1.1"):
            instance.hold = {"state": "open", "fields": []}
    assert find("studies") == ["1.1"]
    with db.write_transaction() as session:
        for instance in session.query(Instance).where(Instance.sop_instance_uid == "1.2.1.1"):
            instance.hold = {"state": "confirmed", "fields": []}
    assert find("studies") == ["1.2", "1.1"]


def test_searches_are_written_down_without_what_was_searched_for(
    find: Find, door: FlaskClient, doctor_headers: Headers
) -> None:
    from app.audit import AuditRow

    door.get("/dicomweb/studies?PatientName=Devi*", headers=doctor_headers)
    with db.read_session() as session:
        rows = [row for row in session.query(AuditRow) if row.action == "search_dicom"]
    assert json.loads(rows[-1].detail) == {"found": 1, "level": "study"}
