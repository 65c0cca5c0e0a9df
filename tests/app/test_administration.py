"""People, sites and the audit page: for the administrator of one program, and never about another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app import audit, clock, db
from app.auth import operations, passwords
from app.auth.models import Facility, Program, User
from app.errors import Invalid
from tests.cast import Cast

ClientAs = Callable[[User | None], FlaskClient]

PAGES = (
    "/people",
    "/people/new",
    "/sites",
    "/sites/new",
    "/tokens",
    "/tokens/new",
    "/devices",
    "/devices/new",
    "/audit",
)


@pytest.fixture
def administrator(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The administrator's browser."""
    return client_as(cast.administrator)


def person_form(cast: Cast, **changed: str) -> dict[str, str]:
    """A form that adds a doctor, with some of it changed."""
    return {
        "full_name": "Dr New Doctor",
        "email": "New@example.org",
        "role": "treating_doctor",
        "facility_id": cast.facility.id,
        "registration_number": "REG-9",
        "specialty": "",
        **changed,
    }


def find(email: str) -> User | None:
    """The account of an address."""
    with db.read_session() as session:
        return session.scalar(select(User).where(User.email == email))


@pytest.mark.parametrize("page", PAGES)
def test_the_administrator_opens_every_page(administrator: FlaskClient, page: str) -> None:
    assert administrator.get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["doctor", "specialist", "manager", "nobody"])
def test_for_everybody_else_there_is_no_such_page(client_as: ClientAs, cast: Cast, page: str, who: str) -> None:
    assert client_as(getattr(cast, who, None)).get(page).status_code == 404


def test_a_new_person_gets_a_password_that_is_told_once(administrator: FlaskClient, cast: Cast) -> None:
    answer = administrator.post("/people/new", data=person_form(cast))
    user = find("new@example.org")
    assert user is not None
    assert user.program_id == cast.program.id
    told = answer.text.split('id="temporary" readonly value="')[1].split('"')[0]
    assert passwords.matches(told, user.password_hash)
    assert told not in administrator.get(f"/people/{user.id}").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"full_name": " "}, "Please fill this in."),
        ({"email": "no address"}, "An address has an @ in it"),
        ({"email": "doctor@example.org"}, "Somebody has an account with this address already."),
        ({"registration_number": " "}, "Doctors need their registration number"),
        ({"role": "specialist"}, "Choose what this specialist is asked about."),
        ({"role": "owner"}, "Role: "),
        ({"facility_id": "0" * 32}, "Site: "),
    ],
)
def test_a_person_that_cannot_be_is_refused_at_the_field(
    administrator: FlaskClient, cast: Cast, changed: dict[str, str], said: str
) -> None:
    answer = administrator.post("/people/new", data=person_form(cast, **changed))
    assert answer.status_code == 422
    assert said in answer.text
    assert find("new@example.org") is None


def test_another_programs_site_is_refused_even_by_the_operation(cast: Cast) -> None:
    with db.write_transaction() as session:
        foreign = session.scalars(select(Facility).where(Facility.name == "Site C")).one()
        wanted = operations.Person("Dr X", "x@example.org", "treating_doctor", foreign.id, "", "REG-1")
        with pytest.raises(Exception, match="nothing here"):
            operations.add_person(session, cast.administrator.actor(), wanted)


def test_managers_need_no_registration_number(administrator: FlaskClient, cast: Cast) -> None:
    form = person_form(cast, role="program_manager", registration_number="left over")
    assert administrator.post("/people/new", data=form).status_code == 200
    user = find("new@example.org")
    assert user is not None
    assert user.registration_number == ""


def test_a_change_of_site_ends_the_sessions_that_carry_the_old_one(
    administrator: FlaskClient, client_as: ClientAs, cast: Cast
) -> None:
    doctor = client_as(cast.doctor)
    form = person_form(cast, full_name="Doctor Alpha", email="doctor@example.org", facility_id=cast.other_facility.id)
    assert administrator.post(f"/people/{cast.doctor.id}", data=form).location == "/people"
    assert doctor.get("/account").status_code == 404


def test_a_corrected_name_ends_no_session(administrator: FlaskClient, client_as: ClientAs, cast: Cast) -> None:
    doctor = client_as(cast.doctor)
    administrator.post(f"/people/{cast.doctor.id}", data=person_form(cast, email="doctor@example.org"))
    assert "Dr New Doctor" in doctor.get("/account").text


def test_deactivation_ends_every_session_at_once(administrator: FlaskClient, client_as: ClientAs, cast: Cast) -> None:
    doctor = client_as(cast.doctor)
    assert doctor.get("/account").status_code == 200
    administrator.post(f"/people/{cast.doctor.id}/deactivate")
    assert doctor.get("/account").status_code == 404
    administrator.post(f"/people/{cast.doctor.id}/activate")
    assert doctor.get("/account").status_code == 404  # the old session does not come back to life


def test_administrators_cannot_lock_themselves_out(administrator: FlaskClient, cast: Cast) -> None:
    administrator.post(f"/people/{cast.administrator.id}/deactivate")
    form = person_form(cast, email="admin@example.org", role="program_manager")
    assert administrator.post(f"/people/{cast.administrator.id}", data=form).status_code == 422
    assert administrator.get("/people").status_code == 200


def test_a_reset_password_works_and_ends_sessions(administrator: FlaskClient, client_as: ClientAs, cast: Cast) -> None:
    doctor = client_as(cast.doctor)
    answer = administrator.post(f"/people/{cast.doctor.id}/password")
    told = answer.text.split('id="temporary" readonly value="')[1].split('"')[0]
    user = find("doctor@example.org")
    assert user is not None
    assert passwords.matches(told, user.password_hash)
    assert doctor.get("/account").status_code == 404


@pytest.mark.parametrize("path", ["", "/deactivate", "/activate", "/password"])
def test_another_programs_person_is_not_found(administrator: FlaskClient, cast: Cast, path: str) -> None:
    assert administrator.post(f"/people/{cast.outsider.id}{path}").status_code == 404


def test_another_programs_people_and_sites_are_not_listed(administrator: FlaskClient, cast: Cast) -> None:
    people, sites = administrator.get("/people").text, administrator.get("/sites").text
    assert "Doctor Alpha" in people
    assert cast.outsider.full_name not in people
    assert "Site A" in sites
    assert "Site C" not in sites


def test_a_site_is_added_and_renamed(administrator: FlaskClient, cast: Cast) -> None:
    administrator.post("/sites/new", data={"name": "Site D", "district": "North"})
    administrator.post(f"/sites/{cast.facility.id}", data={"name": "Site A, new building", "district": ""})
    page = administrator.get("/sites").text
    assert "Site D" in page
    assert "Site A, new building" in page


def test_two_sites_cannot_share_a_name(administrator: FlaskClient) -> None:
    answer = administrator.post("/sites/new", data={"name": " Site A "})
    assert answer.status_code == 422
    assert "There is a site of this name already." in answer.text


def test_another_programs_site_is_not_found(administrator: FlaskClient, cast: Cast) -> None:
    assert administrator.get(f"/sites/{cast.outsider.facility_id}").status_code == 404


def test_the_first_administrator_brings_a_program_and_a_site(database: None) -> None:
    with db.write_transaction() as session:
        first = operations.add_first_administrator(
            session, program="Plains", facility="Main", email="A@b.example", full_name="Ada", password="words and more"
        )
        assert (first.role, first.email) == ("administrator", "a@b.example")
        assert session.scalars(select(Program)).one().name == "Plains"
        with pytest.raises(Invalid):
            operations.add_first_administrator(
                session,
                program="Plains",
                facility="Main",
                email="a@b.example",
                full_name="B",
                password="quite other words",
            )


# The audit page


def test_the_audit_page_shows_the_program_alone(administrator: FlaskClient, cast: Cast) -> None:
    with db.write_transaction() as session:
        audit.record(session, cast.doctor.actor(), "open_room", "consult", "ab" * 16)
        audit.record(session, cast.outsider.actor(), "open_room", "consult", "cd" * 16)
    page = administrator.get("/audit").text
    assert "Opened the consult room" in page
    assert "abababab" in page
    assert "cdcdcdcd" not in page


def test_the_audit_page_filters_by_person_and_object(administrator: FlaskClient, cast: Cast) -> None:
    with db.write_transaction() as session:
        audit.record(session, cast.doctor.actor(), "read_case", "case", "ab" * 16)
        audit.record(session, cast.specialist.actor(), "read_case", "case", "cd" * 16)
    by_person = administrator.get("/audit", query_string={"person": cast.doctor.id}).text
    assert "abababab" in by_person
    assert "cdcdcdcd" not in by_person
    by_object = administrator.get("/audit?object=CDCDCDCD").text
    assert "cdcdcdcd" in by_object
    assert "abababab" not in by_object


def test_a_day_begins_at_the_readers_midnight(administrator: FlaskClient, cast: Cast) -> None:
    clock.set_source(lambda: datetime(2026, 11, 4, 20, 0, tzinfo=UTC))  # already the 5th in India
    with db.write_transaction() as session:
        audit.record(session, cast.doctor.actor(), "read_case", "case", "ab" * 16)
    assert "abababab" in administrator.get("/audit?day=2026-11-05&offset=-330").text
    assert "abababab" not in administrator.get("/audit?day=2026-11-04&offset=-330").text


def test_older_entries_are_a_page_away(administrator: FlaskClient, cast: Cast) -> None:
    with db.write_transaction() as session:
        for number in range(60):
            audit.record(session, cast.doctor.actor(), "read_case", "case", f"{number:032x}")
    page = administrator.get("/audit").text
    assert f"{59:032x}" in page
    assert f"{0:032x}" not in page
    older = page.split("before=")[1].split('"')[0].split("&")[0]
    assert f"{0:032x}" in administrator.get(f"/audit?before={older}").text


def test_the_chain_is_whole_until_somebody_changes_a_row(administrator: FlaskClient, cast: Cast) -> None:
    with db.write_transaction() as session:
        for _ in range(3):
            audit.record(session, cast.doctor.actor(), "read_case", "case", "ab" * 16)
    assert "are whole and in order" in administrator.get("/audit?check=1").text
    with db.write_transaction() as session:
        session.execute(text("update audit_row set actor_name = 'Somebody else' where id = 2"))
    assert "Entry 2 is not as it was written" in administrator.get("/audit?check=1").text


def test_reading_the_audit_log_is_written_down(administrator: FlaskClient) -> None:
    administrator.get("/audit")
    assert "Read the audit log" in administrator.get("/audit").text


def test_nonsense_in_the_filter_filters_nothing(administrator: FlaskClient) -> None:
    query = "/audit?day=soon&person=nobody&offset=9999999&before=x"
    assert administrator.get(query).status_code == 200


def test_an_old_day_has_nothing_to_show(administrator: FlaskClient) -> None:
    day = (clock.now() - timedelta(days=400)).date().isoformat()
    assert "No entries" in administrator.get(f"/audit?day={day}").text


def test_a_site_gets_a_data_saver_and_a_monthly_allowance_and_loses_them_again(
    administrator: FlaskClient, cast: Cast
) -> None:
    address = f"/sites/{cast.facility.id}"
    data = {"name": "Site A", "district": "", "data_saver": "y", "monthly_data_mb": "500"}
    administrator.post(address, data=data)
    page = administrator.get(address).text
    assert "checked" in page
    assert 'value="500"' in page
    refused = administrator.post(address, data={**data, "monthly_data_mb": "-3"})
    assert refused.status_code == 422
    assert "Please give a number of megabytes, or nothing." in refused.text
    administrator.post(address, data={"name": "Site A", "district": "", "monthly_data_mb": ""})
    page = administrator.get(address).text
    assert "checked" not in page
    assert 'value="500"' not in page
