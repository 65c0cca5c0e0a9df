"""What the pages of a consult say, and what they lead to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit, db
from app.auth.models import User
from consult.lifecycle import STATES
from consult.models import Consult
from consult.patients.models import Case
from tests.cast import Cast, consult_in

Browser = Callable[[User | None], FlaskClient]
SCRIPT = "<script>alert(1)</script>"


def make(cast: Cast, state: str, **fields: object) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, state, **fields)


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_page_for_both_doctors_and_a_line_on_their_lists(
    cast: Cast, client_as: Browser, state: str
) -> None:
    consult = make(cast, state, reason="No longer needed")
    doctor, specialist = client_as(cast.doctor), client_as(cast.specialist)
    assert doctor.get(f"/consults/{consult.id}", follow_redirects=True).status_code == 200
    assert cast.patient.full_name in doctor.get("/today").text
    seen = specialist.get(f"/consults/{consult.id}").status_code
    assert seen == (404 if state in ("draft", "declined", "cancelled") else 200)
    assert specialist.get("/worklist").status_code == 200


def test_what_people_wrote_is_never_markup(cast: Cast, client_as: Browser) -> None:
    consult = make(cast, "requested", question=SCRIPT)
    with db.write_transaction() as session:
        session.get_one(Case, cast.case.id).complaint = SCRIPT
    for browser, url in (
        (client_as(cast.doctor), f"/consults/{consult.id}"),
        (client_as(cast.doctor), "/today"),
        (client_as(cast.doctor), f"/cases/{cast.case.id}"),
        (client_as(cast.doctor), f"/patients/{cast.patient.id}"),
        (client_as(cast.specialist), "/worklist"),
    ):
        page = browser.get(url).text
        assert SCRIPT not in page, url
        assert "&lt;script&gt;" in page, url


def test_a_reason_of_cancelling_reaches_the_page_and_a_missing_one_is_asked_for(cast: Cast, client_as: Browser) -> None:
    consult, browser = make(cast, "requested"), client_as(cast.doctor)
    refused = browser.post(f"/consults/{consult.id}/cancel", data={}, follow_redirects=True)
    assert "Say why, in a few words" in refused.text
    done = browser.post(f"/consults/{consult.id}/cancel", data={"reason": "Better now"}, follow_redirects=True)
    assert "Better now" in done.text
    assert "Ask again" in done.text


def test_a_discarded_draft_leads_home_and_is_listed_nowhere(cast: Cast, client_as: Browser) -> None:
    consult, browser = make(cast, "draft", requested_at=None), client_as(cast.doctor)
    assert browser.post(f"/consults/{consult.id}/cancel").headers["Location"] == "/"
    assert consult.id not in browser.get("/today").text
    assert consult.id not in browser.get(f"/cases/{cast.case.id}").text


def test_only_the_treating_doctor_sees_links_for_guests(cast: Cast, client_as: Browser) -> None:
    consult = make(cast, "accepted")
    assert "Make a link" in client_as(cast.doctor).get(f"/consults/{consult.id}").text
    assert "Make a link" not in client_as(cast.specialist).get(f"/consults/{consult.id}").text


def test_a_specialist_reads_of_a_case_only_the_consults_that_are_theirs(cast: Cast, client_as: Browser) -> None:
    theirs, earlier = make(cast, "accepted"), make(cast, "concluded", specialist_id=cast.second_specialist.id)
    page = client_as(cast.specialist).get(f"/cases/{cast.case.id}").text
    assert theirs.id in page
    assert earlier.id not in page


@pytest.mark.parametrize("url", ["/consults/{0}", "/cases/{1}", "/patients/{2}", "/today", "/api/cases/{1}"])
def test_every_reading_of_a_record_is_an_audit_row(cast: Cast, client_as: Browser, url: str) -> None:
    consult = make(cast, "requested")
    client_as(cast.doctor).get(url.format(consult.id, cast.case.id, cast.patient.id))
    with db.read_session() as session:
        rows = list(session.scalars(select(audit.AuditRow)))
    assert [(row.actor_id, row.action.startswith("read_")) for row in rows] == [(cast.doctor.id, True)]
    assert cast.patient.full_name not in "".join(row.detail for row in rows)


def test_the_preparing_page_says_what_is_missing_and_opens_only_for_a_draft(cast: Cast, client_as: Browser) -> None:
    browser = client_as(cast.doctor)
    draft = make(cast, "draft", requested_at=None, question="")
    page = browser.get(f"/consults/{draft.id}/prepare").text
    assert "Write your question to the specialist." in page
    sent = make(cast, "requested")
    assert browser.get(f"/consults/{sent.id}/prepare").headers["Location"] == f"/consults/{sent.id}"


def test_a_request_through_the_browser_names_what_is_missing(cast: Cast, client_as: Browser) -> None:
    draft = make(cast, "draft", requested_at=None)
    answer = client_as(cast.doctor).post(f"/api/consults/{draft.id}/request", json={})
    assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "consent")
