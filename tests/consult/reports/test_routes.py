"""The documents over HTTP: who gets what, what a draft shows to others, and what comes back when two windows write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import db
from app.auth.models import User
from app.auth.sessions import SignedIn
from consult.models import Consult
from consult.reports import jobs, queries
from tests.cast import Cast, consult_in, guest_of
from tests.consult.reports import written

ClientAs = Callable[[User | None], FlaskClient]
DRAFT = {
    "findings": "Opacity.",
    "impression": "Effusion.",
    "recommendations": "",
    "urgency": "urgent",
    "version": 0,
}
OUTCOME = {
    "decision": "accepted",
    "decision_note": "",
    "diagnosis": "Effusion",
    "plan": "Tap",
    "follow_up_on": "",
    "version": 0,
}


@pytest.fixture
def consult(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, "in_progress")


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs are noted instead of queued."""
    asked: list[str] = []
    monkeypatch.setattr(jobs, "make_report", asked.append)
    return asked


def api(consult: Consult, path: str) -> str:
    return f"/api/consults/{consult.id}/{path}"


def routes(consult: Consult) -> list[tuple[str, str]]:
    page = f"/consults/{consult.id}"
    return [
        ("GET", api(consult, "record")),
        ("GET", api(consult, "opinion")),
        ("PUT", api(consult, "opinion")),
        ("POST", api(consult, "opinion/sign")),
        ("GET", api(consult, "outcome")),
        ("PUT", api(consult, "outcome")),
        ("POST", api(consult, "outcome/sign")),
        ("POST", api(consult, "addenda")),
        ("POST", api(consult, "report")),
        ("GET", f"{page}/record"),
        ("GET", f"{page}/record.pdf"),
    ]


def body_for(path: str) -> dict[str, Any]:
    bodies: dict[str, dict[str, Any]] = {
        "opinion": DRAFT,
        "outcome": OUTCOME,
        "sign": {"version": 1},
        "addenda": {"text": "more"},
    }
    return bodies.get(path.rsplit("/", 1)[-1], {})


@pytest.mark.parametrize("who", ["outsider", "outside_doctor", "far_doctor", "second_specialist", "manager", None])
def test_whoever_has_no_part_in_a_consult_finds_nothing(
    cast: Cast, consult: Consult, client_as: ClientAs, who: str | None
) -> None:
    client = client_as(getattr(cast, who) if who else None)
    for method, path in routes(consult):
        answer = client.open(path, method=method, json=body_for(path) if method != "GET" else None)
        assert answer.status_code == 404, (method, path, answer.status_code)


def test_a_patient_of_the_consult_is_refused_its_record(cast: Cast, consult: Consult, client_as: ClientAs) -> None:
    with db.write_transaction() as session:
        _, guest = guest_of(session, session.get_one(Consult, consult.id), cast)
    client = client_as(None)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn.as_guest(guest).get_id()
        cookie["_fresh"] = True
    for method, path in routes(consult):
        answer = client.open(path, method=method, json=body_for(path) if method != "GET" else None)
        assert answer.status_code == 403, (method, path, answer.status_code)


def test_a_colleague_reads_and_does_not_write(cast: Cast, consult: Consult, client_as: ClientAs) -> None:
    client = client_as(cast.colleague)
    assert client.get(api(consult, "record")).status_code == 200
    assert client.put(api(consult, "opinion"), json=DRAFT).status_code == 403
    assert client.put(api(consult, "outcome"), json=OUTCOME).status_code == 403
    assert client.post(api(consult, "addenda"), json={"text": "x"}).status_code == 403


def test_a_consult_goes_from_draft_to_signed_outcome(
    cast: Cast, consult: Consult, client_as: ClientAs, queued: list[str]
) -> None:
    specialist, doctor = client_as(cast.specialist), client_as(cast.doctor)
    saved = specialist.put(api(consult, "opinion"), json=DRAFT)
    assert (saved.status_code, saved.get_json()["version"]) == (200, 1)
    seen = doctor.get(api(consult, "record")).get_json()
    assert seen["opinion"]["state"] == "writing"
    assert seen["opinion"]["fields"] is None  # a draft is advice to nobody
    signed = specialist.post(api(consult, "opinion/sign"), json={"version": 1})
    assert signed.get_json()["signature"]["whole"] is True
    seen = doctor.get(api(consult, "record")).get_json()
    assert seen["opinion"]["fields"]["impression"] == "Effusion."
    assert seen["rights"] == ["write_outcome"]
    assert doctor.put(api(consult, "outcome"), json=OUTCOME).status_code == 200
    assert doctor.post(api(consult, "outcome/sign"), json={"version": 1}).status_code == 200
    assert doctor.post(api(consult, "addenda"), json={"text": "Later."}).status_code == 201
    seen = specialist.get(api(consult, "record")).get_json()
    assert (seen["state"], seen["outcome"]["fields"]["plan"]) == ("concluded", "Tap")
    assert [one["text"] for one in seen["addenda"]] == ["Later."]
    assert queued == [consult.id] * 3


def test_a_conflict_brings_the_newer_text_along(cast: Cast, consult: Consult, client_as: ClientAs) -> None:
    client = client_as(cast.specialist)
    client.put(api(consult, "opinion"), json={**DRAFT, "findings": "first"})
    answer = client.put(api(consult, "opinion"), json={**DRAFT, "findings": "second"})
    assert answer.status_code == 409
    assert answer.get_json()["error"]["code"] == "newer_draft"
    assert answer.get_json()["current"]["fields"]["findings"] == "first"
    assert answer.get_json()["current"]["version"] == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"findings": 7}, "findings"),
        ({"findings": "x" * 10_001}, "findings"),
        ({"findings": "\ud800"}, "findings"),
        ({"urgency": "soon"}, "urgency"),
        ({"urgency": ["urgent"]}, "urgency"),
        ({"version": -1}, "version"),
        ({"version": True}, "version"),
        ({"version": None}, "version"),
        ({"author_id": "x"}, "author_id"),
    ],
)
def test_what_cannot_be_an_opinion_is_refused_by_its_field(
    cast: Cast, consult: Consult, client_as: ClientAs, changes: dict[str, Any], field: str
) -> None:
    answer = client_as(cast.specialist).put(api(consult, "opinion"), json={**DRAFT, **changes})
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize("day", ["2026-13-01", "tomorrow", 20261220, "20261220", "2026-W01-1"])
def test_a_follow_up_day_is_a_day(cast: Cast, consult: Consult, client_as: ClientAs, day: object) -> None:
    answer = client_as(cast.doctor).put(api(consult, "outcome"), json={**OUTCOME, "follow_up_on": day})
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "follow_up_on")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"text"'])
def test_a_body_that_is_no_object_is_refused(cast: Cast, consult: Consult, client_as: ClientAs, body: bytes) -> None:
    answer = client_as(cast.specialist).put(
        api(consult, "opinion"), data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422


def test_the_pdf_is_waited_for_then_served_with_its_hash(cast: Cast, consult: Consult, client_as: ClientAs) -> None:
    client = client_as(cast.doctor)
    url = f"/consults/{consult.id}/record.pdf"
    assert client.get(url).status_code == 404  # nothing is signed yet
    with db.write_transaction() as session:
        own = session.get_one(Consult, consult.id)
        written.sign_opinion(session, cast.specialist.actor(), own)
    waiting = client.get(url)
    assert (waiting.status_code, b'http-equiv="refresh"' in waiting.data) == (202, True)
    jobs.make(consult.id, written.photo)
    ready = client.get(url)
    assert (ready.status_code, ready.mimetype, ready.data[:5]) == (200, "application/pdf", b"%PDF-")
    with db.read_session() as session:
        report = queries.report_of(session, consult.id)
        assert report is not None
        assert ready.headers["ETag"] == f'"{report.sha256}"'
    assert "private" in ready.headers["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": ready.headers["ETag"]}).status_code == 304


def test_a_failed_pdf_says_so_and_can_be_asked_for_again(
    cast: Cast, consult: Consult, client_as: ClientAs, queued: list[str]
) -> None:
    client = client_as(cast.doctor)
    assert client.post(api(consult, "report"), json={}).status_code == 409
    with db.write_transaction() as session:
        own = session.get_one(Consult, consult.id)
        written.sign_opinion(session, cast.specialist.actor(), own)
        report = queries.report_of(session, consult.id)
        assert report is not None
        report.state = "failed"
    failed = client.get(f"/consults/{consult.id}/record.pdf")
    assert "could not be made" in failed.get_data(as_text=True)
    assert client.post(api(consult, "report"), json={}).get_json() == {"state": "making"}
    assert queued == [consult.id]


def test_the_record_page_shows_what_is_signed_and_says_when_it_is_not_whole(
    cast: Cast, consult: Consult, client_as: ClientAs
) -> None:
    client = client_as(cast.doctor)
    page = f"/consults/{consult.id}/record"
    assert "Nothing is signed yet" in client.get(page).get_data(as_text=True)
    with db.write_transaction() as session:
        own = session.get_one(Consult, consult.id)
        written.sign_opinion(session, cast.specialist.actor(), own, findings="<b>not markup</b>")
        written.sign_outcome(session, cast.doctor.actor(), own)
    text = client.get(page).get_data(as_text=True)
    assert "REG-specialist" in text
    assert "REG-doctor" in text
    assert "&lt;b&gt;not markup" in text
    assert "not what was signed" not in text
    with db.write_transaction() as session:
        session.connection().exec_driver_sql("update opinion set findings = 'other'")
    assert "not what was signed" in client.get(page).get_data(as_text=True)
