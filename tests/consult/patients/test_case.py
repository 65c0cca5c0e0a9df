"""A case that saves itself field by field, and the consents that are recorded in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit, clock, db
from app.auth.models import User
from app.errors import Conflict, Invalid, NotFound
from consult.patients import consent_texts, operations
from consult.patients.models import Case, Consent, Patient
from consult.versions import version_of
from tests.cast import Cast

Browser = Callable[[User | None], FlaskClient]
FIRST = "Cough for three weeks"


def save(cast: Cast, field: str, value: str, seen: Any, *, who: str = "doctor", sure: bool = False) -> Case:
    with db.write_transaction() as session:
        return operations.edit_case(
            session, getattr(cast, who).actor(), cast.case.id, field, value, version_of(seen), clock.now(), sure=sure
        )


def saved(cast: Cast) -> Case:
    with db.read_session() as session:
        return session.get_one(Case, cast.case.id)


def test_a_field_is_saved_over_the_version_that_was_seen(cast: Cast) -> None:
    save(cast, "complaint", "Cough and fever", FIRST)
    assert saved(cast).complaint == "Cough and fever"


def test_a_save_over_somebody_elses_words_is_refused_and_theirs_stay(cast: Cast) -> None:
    save(cast, "complaint", "From the colleague", FIRST, who="colleague")
    with pytest.raises(Conflict) as refusal:
        save(cast, "complaint", "Mine", FIRST)
    assert refusal.value.code == "changed_elsewhere"
    assert saved(cast).complaint == "From the colleague"


def test_two_people_may_save_different_fields_of_one_case(cast: Cast) -> None:
    save(cast, "history", "Never smoked", "", who="colleague")
    save(cast, "vitals.pulse", "96", None)
    save(cast, "complaint", "Cough and fever", FIRST)
    assert (saved(cast).history, saved(cast).vitals) == ("Never smoked", {"pulse": 96.0})


def test_a_save_sent_again_because_its_answer_was_lost_is_no_conflict(cast: Cast) -> None:
    for _ in range(2):
        save(cast, "complaint", "Cough and fever", FIRST)
    with db.read_session() as session:
        rows = session.scalars(select(audit.AuditRow).where(audit.AuditRow.action == "edit_case"))
        assert len(list(rows)) == 1


def test_of_two_saves_at_once_one_wins_and_the_other_is_told(cast: Cast) -> None:
    together, outcomes = threading.Barrier(2), []

    def write(who: str) -> None:
        together.wait(timeout=10)
        try:
            save(cast, "complaint", f"From {who}", FIRST, who=who)
            outcomes.append("saved")
        except Conflict as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=write, args=(who,)) for who in ("doctor", "colleague")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(outcomes) == ["changed_elsewhere", "saved"]


def test_an_unlikely_measurement_is_asked_about_once_and_then_believed(cast: Cast) -> None:
    with pytest.raises(Conflict) as question:
        save(cast, "vitals.spo2", "72", None)
    assert question.value.code == "is_this_right"
    assert saved(cast).vitals == {}
    save(cast, "vitals.spo2", "72", None, sure=True)
    assert saved(cast).vitals == {"spo2": 72.0}
    save(cast, "vitals.spo2", "", 72.0)
    assert saved(cast).vitals == {}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("vitals.spo2", "130", "vitals.spo2"),
        ("vitals.shoe_size", "9", "field"),
        ("patient_id", "x", "field"),
        ("complaint", "x" * 10_001, "complaint"),
    ],
)
def test_what_cannot_be_saved_names_its_field(cast: Cast, field: str, value: str, named: str) -> None:
    with pytest.raises(Invalid) as refusal:
        save(cast, field, value, "")
    assert refusal.value.field == named


def test_contradicting_pressures_are_refused(cast: Cast) -> None:
    save(cast, "vitals.systolic", "90", None)
    with pytest.raises(Invalid):
        save(cast, "vitals.diastolic", "95", None)
    assert saved(cast).vitals == {"systolic": 90.0}


def test_the_browser_saves_and_reads_back_with_versions(cast: Cast, client_as: Browser) -> None:
    browser, url = client_as(cast.doctor), f"/api/cases/{cast.case.id}"
    version = browser.get(url).get_json()["fields"]["complaint"]["version"]
    answer = browser.patch(url, json={"field": "complaint", "value": "Cough and fever", "version": version})
    assert answer.status_code == 200
    assert answer.get_json()["saved_at"]
    again = browser.patch(url, json={"field": "complaint", "value": "Other", "version": version})
    assert (again.status_code, again.get_json()["error"]["code"]) == (409, "changed_elsewhere")


@pytest.mark.parametrize("body", [None, [], {"field": "complaint"}, {"field": 1, "value": "", "version": ""}])
def test_a_save_that_is_not_one_is_refused(cast: Cast, client_as: Browser, body: Any) -> None:
    answer = client_as(cast.doctor).patch(f"/api/cases/{cast.case.id}", json=body)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "invalid")


def consent(cast: Cast, who: str = "doctor", **changes: str) -> Consent:
    given = {"version": consent_texts.CURRENT, "language": "hi", "given_by": "patient", **changes}
    with db.write_transaction() as session:
        actor = getattr(cast, who).actor()
        return operations.record_consent(session, actor, cast.case.id, now=clock.now(), **given)


def test_a_consent_says_who_asked_who_answered_in_which_words_and_when(cast: Cast) -> None:
    given = consent(cast, "colleague")
    assert (given.asked_by, given.given_by) == (cast.colleague.id, "patient")
    assert (given.text_version, given.language) == (consent_texts.CURRENT, "hi")
    assert given.asked_at <= clock.now()
    with db.read_session() as session:
        assert "record_consent" in set(session.scalars(select(audit.AuditRow.action)))


def test_a_second_tap_on_record_writes_no_second_consent(cast: Cast) -> None:
    assert consent(cast).id == consent(cast).id


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"version": "1999-01-01"}, "version"),
        ({"language": "tlh"}, "language"),
        ({"given_by": "neighbour"}, "given_by"),
    ],
)
def test_a_consent_to_no_known_words_is_refused(cast: Cast, changes: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid) as refusal:
        consent(cast, **changes)
    assert refusal.value.field == named


def test_for_a_child_a_guardian_answers(cast: Cast) -> None:
    with db.write_transaction() as session:
        patient = session.get_one(Patient, cast.patient.id)
        patient.birth_date, patient.birth_year = date(clock.today().year - 9, 1, 1), clock.today().year - 9
    with pytest.raises(Invalid) as refusal:
        consent(cast)
    assert refusal.value.field == "given_by"
    assert consent(cast, given_by="guardian").given_by == "guardian"


def test_another_sites_doctor_records_no_consent(cast: Cast) -> None:
    with pytest.raises(NotFound):
        consent(cast, "far_doctor")


def test_a_consent_taken_back_stays_readable(cast: Cast, client_as: Browser) -> None:
    given, browser = consent(cast), client_as(cast.doctor)
    assert browser.post(f"/api/consents/{given.id}/withdraw", json={}).get_json()["withdrawn"] is True
    assert browser.post(f"/api/consents/{'0' * 32}/withdraw", json={}).status_code == 404
    assert "Consent taken back" in browser.get(f"/cases/{cast.case.id}").text


def test_every_version_has_the_same_languages_and_no_empty_paragraph() -> None:
    languages = {
        version: {lang for ver, lang in consent_texts.TEXTS if ver == version} for version, _ in consent_texts.TEXTS
    }
    assert all(found == {"en", "hi"} for found in languages.values())
    assert all(all(text.paragraphs) and len(text.paragraphs) >= 5 for text in consent_texts.TEXTS.values())
    assert {text.version for text in consent_texts.current()} == {consent_texts.CURRENT}
