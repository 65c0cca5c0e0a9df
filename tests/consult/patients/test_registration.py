"""Registering a patient: which fields are wrong and named, what is kept, and who it may already be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock, db
from app.auth.models import User
from app.errors import Invalid
from consult.models import Consult
from consult.patients import ages, operations, queries
from consult.patients.forms import phone_number, tidy
from consult.patients.models import Patient
from consult.patients.operations import NewPatient
from tests.cast import Cast

Browser = Callable[[User | None], FlaskClient]
GOOD = {"full_name": "Sunita Devi", "age": "54", "sex": "female", "phone": "98765 43210", "village": "Upper Village"}
TOMORROW = (clock.today() + timedelta(days=1)).isoformat()


def person(**changes: object) -> NewPatient:
    given = {"full_name": "Sunita Devi", "birth_date": None, "birth_year": 1972, "sex": "female", **changes}
    return NewPatient(**given)  # type: ignore[arg-type]


def register(cast: Cast, who: str = "doctor", **changes: Any) -> Patient:
    with db.write_transaction() as session:
        return operations.register(session, getattr(cast, who).actor(), person(**changes), clock.now())


def count() -> int:
    with db.read_session() as session:
        return session.scalar(select(func.count(Patient.id))) or 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"full_name": ""}, "full_name"),
        ({"full_name": "1234"}, "full_name"),
        ({"age": ""}, "age"),
        ({"age": "200"}, "age"),
        ({"age": "-3"}, "age"),
        ({"age": "old"}, "age"),
        ({"birth_date": TOMORROW}, "birth_date"),
        ({"birth_date": "1822-01-01"}, "birth_date"),
        ({"birth_date": "31 June"}, "birth_date"),
        ({"sex": ""}, "sex"),
        ({"sex": "robot"}, "sex"),
        ({"phone": "12"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"age": "12"}, "guardian_name"),
        ({"age": "12", "guardian_name": "Meena"}, "guardian_relation"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    cast: Cast, client_as: Browser, wrong: dict[str, str], named: str
) -> None:
    before = count()
    answer = client_as(cast.doctor).post("/patients/new", data={**GOOD, **wrong})
    assert answer.status_code == 200
    assert f'href="#{named}"' in answer.text
    assert count() == before
    for name, text in {**GOOD, **wrong}.items():
        if text and name not in ("sex", "birth_date"):
            assert f'value="{text}"' in answer.text, name


def test_everything_that_is_wrong_shows_at_once(cast: Cast, client_as: Browser) -> None:
    page = client_as(cast.doctor).post("/patients/new", data={"age": "200", "phone": "12"}).text
    assert all(f'href="#{name}"' in page for name in ("full_name", "age", "sex", "phone"))


def test_a_registered_patient_has_a_page_and_for_a_consult_a_draft(cast: Cast, client_as: Browser) -> None:
    browser = client_as(cast.doctor)
    assert "/patients/" in browser.post("/patients/new", data=GOOD).headers["Location"]
    onward = browser.post("/patients/new", data={**GOOD, "full_name": "Other", "purpose": "consult"})
    assert onward.headers["Location"].endswith("/prepare")
    with db.read_session() as session:
        assert session.scalar(select(Consult.state)) == "draft"


def test_a_form_sent_twice_registers_once(cast: Cast, client_as: Browser) -> None:
    before, data = count(), {**GOOD, "once": "ab" * 16}
    first, second = (client_as(cast.doctor).post("/patients/new", data=data).headers["Location"] for _ in range(2))
    assert first == second
    assert count() == before + 1


def test_the_same_name_and_phone_is_asked_about_and_may_be_registered_all_the_same(
    cast: Cast, client_as: Browser
) -> None:
    browser, known = client_as(cast.doctor), register(cast, phone="+919876543210")
    before = count()
    page = browser.post("/patients/new", data={**GOOD, "full_name": "DEVI, sunita"}).text
    assert "Is this somebody you know already?" in page
    assert known.id in page
    assert count() == before
    anyway = page.split('name="anyway" value="')[1].split('"')[0]
    browser.post("/patients/new", data={**GOOD, "full_name": "DEVI, sunita", "anyway": anyway})
    assert count() == before + 1


def test_saying_that_it_is_somebody_else_does_not_hold_for_another_name(cast: Cast, client_as: Browser) -> None:
    register(cast, phone="+919876543210")
    register(cast, phone="+919876543210", full_name="Kamla Devi")
    browser, before = client_as(cast.doctor), count()
    page = browser.post("/patients/new", data=GOOD).text
    anyway = page.split('name="anyway" value="')[1].split('"')[0]
    page = browser.post("/patients/new", data={**GOOD, "full_name": "Kamla Devi", "anyway": anyway}).text
    assert "Is this somebody you know already?" in page
    assert count() == before


def test_of_another_sites_patient_only_the_being_there_is_told(cast: Cast, client_as: Browser) -> None:
    far = register(cast, "far_doctor", phone="+919876543210", village="Far Village")
    page = client_as(cast.doctor).post("/patients/new", data=GOOD).text
    assert "registered at another site" in page
    assert far.id not in page
    assert "Far Village" not in page


def test_another_programs_patient_is_not_told_of_at_all(cast: Cast, client_as: Browser) -> None:
    register(cast, "outside_doctor", phone="+919876543210")
    assert client_as(cast.doctor).post("/patients/new", data=GOOD).status_code == 302


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("98765 43210", "+919876543210"),
        ("09876543210", "+919876543210"),
        ("+91-98765-43210", "+919876543210"),
        ("919876543210", "+919876543210"),
        ("९८७६५४३२१०", "+919876543210"),
        ("+977 1 4412345", "+97714412345"),
        ("", ""),
    ],
)
def test_a_phone_number_is_kept_in_one_form(written: str, kept: str) -> None:
    assert phone_number(written) == kept


@pytest.mark.parametrize("written", ["12", "98765 4321", "+91 12", "phone", "98765432101234567", "1234567890", "98+76"])
def test_what_no_phone_has_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not a phone number"):
        phone_number(written)


def test_names_lose_controls_and_doubled_spaces() -> None:
    assert tidy("  Sunita\t\x07 Devi\n") == "Sunita Devi"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"birth_date": date(2999, 1, 1), "birth_year": 2999}, "birth_date"),
        ({"birth_year": 1800}, "age"),
        ({"birth_year": clock.today().year - 3}, "guardian_name"),
    ],
)
def test_the_operation_itself_refuses_impossible_people(cast: Cast, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(Invalid) as refusal:
        register(cast, **changes)
    assert refusal.value.field == named


@pytest.mark.parametrize(
    ("text", "found"),
    [("sunita", 1), ("SUN dev", 1), ("upper", 1), ("98765", 1), ("43210", 1), ("%", 0), ("_", 0), ("zzz", 0)],
)
def test_patients_are_found_by_name_village_and_phone(cast: Cast, text: str, found: int) -> None:
    register(cast, phone="+919876543210", village="Upper hamlet")
    with db.write_transaction() as session:
        everyone = queries.search(session, cast.colleague.actor(), text)
        assert [one.full_name for one in everyone if one.full_name == "Sunita Devi"] == ["Sunita Devi"] * found
        assert queries.search(session, cast.far_doctor.actor(), text) == []


@pytest.mark.parametrize(
    ("born", "year", "words"),
    [
        (date(2026, 11, 20), 2026, "2 days"),
        (date(2026, 3, 1), 2026, "8 months"),
        (date(2014, 11, 22), 2014, "12 years"),
        (date(2014, 11, 23), 2014, "11 years"),
        (None, 1972, "54 years"),
        (None, 2026, "under 1 year"),
    ],
)
def test_ages_are_said_as_people_say_them(born: date | None, year: int, words: str) -> None:
    patient = Patient(birth_date=born, birth_year=year)
    assert ages.words(patient, date(2026, 11, 22)) == words


def test_eighteen_is_reached_on_the_birthday() -> None:
    born = date(2008, 11, 22)
    assert ages.is_minor(born, 2008, date(2026, 11, 21))
    assert not ages.is_minor(born, 2008, date(2026, 11, 22))
