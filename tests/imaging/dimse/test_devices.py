"""The administrator's pages of the units that may send: only their own program's, each told apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.auth.models import User
from imaging.dimse import callers
from imaging.dimse.models import Device
from tests.cast import Cast
from tests.imaging.dimse.conftest import UNIT, add_unit

ClientAs = Callable[[User | None], FlaskClient]


@pytest.fixture
def administrator(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The administrator's browser."""
    return client_as(cast.administrator)


def form(cast: Cast, **changed: str) -> dict[str, str]:
    values = {"name": "Labour room", "facility_id": cast.facility.id, "ae_title": "SONO1", "addresses": "192.168.1.20"}
    return {**values, **changed}


def found(title: str) -> Device | None:
    with db.read_session() as session:
        return session.scalar(select(Device).where(Device.ae_title == title))


def test_a_new_unit_may_send_from_its_address_and_nobody_else(administrator: FlaskClient, cast: Cast) -> None:
    assert administrator.post("/devices/new", data=form(cast, addresses="192.168.1.20; 10.1.0.0/16")).status_code == 302
    actor = callers.recognise("SONO1", "10.1.7.7")
    assert actor is not None
    assert (actor.kind, actor.role, actor.facility_id) == ("device", "device", cast.facility.id)
    assert callers.recognise("SONO1", "10.2.0.1") is None
    assert callers.recognise("SONO1", "not an address") is None
    assert callers.recognise("SONO2", "192.168.1.20") is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("ae_title", "A TITLE THAT IS TOO LONG", "At most 16 characters"),
        ("ae_title", "SÖNO", "1 to 16 plain letters"),
        ("addresses", "the blue one", "the is no address"),
        ("addresses", "192.168.1.999", "192.168.1.999 is no address"),
        ("name", " ", "Please fill this in"),
    ],
)
def test_what_cannot_be_a_unit_is_told_at_its_field(
    administrator: FlaskClient, cast: Cast, field: str, value: str, sentence: str
) -> None:
    answer = administrator.post("/devices/new", data=form(cast, **{field: value}))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert found("SONO1") is None


def test_two_units_of_one_title_at_one_address_are_refused_even_across_programs(
    administrator: FlaskClient, cast: Cast, client_as: ClientAs
) -> None:
    add_unit(cast, "SONO1", "192.168.1.20/32")
    answer = administrator.post("/devices/new", data=form(cast))
    assert answer.status_code == 422
    assert "Another unit sends with this AE title" in answer.text
    assert administrator.post("/devices/new", data=form(cast, addresses="192.168.1.21")).status_code == 302


def test_nobody_puts_a_unit_into_another_programs_network(cast: Cast, client_as: ClientAs) -> None:
    add_unit(cast, "SONO1", "192.168.1.0/24")
    with db.write_transaction() as session:
        stranger = session.get_one(User, cast.outside_doctor.id)
        stranger.role = "administrator"
    theirs = form(cast, facility_id=stranger.facility_id or "")
    for addresses in ("192.168.1.20", "192.168.0.0/16"):
        answer = client_as(stranger).post("/devices/new", data={**theirs, "addresses": addresses})
        assert answer.status_code == 422
    found = callers.recognise("SONO1", "192.168.1.20")
    assert found is not None
    assert found.program_id == cast.program.id


def test_a_unit_is_changed_switched_off_and_let_in_again(administrator: FlaskClient, cast: Cast) -> None:
    unit = add_unit(cast, UNIT, "127.0.0.1/32")
    assert (
        administrator.post(f"/devices/{unit.id}", data=form(cast, ae_title="OTHER", addresses="::1")).status_code == 302
    )
    assert callers.recognise("OTHER", "::1") is not None
    assert administrator.post(f"/devices/{unit.id}/active", data={"active": "0"}).status_code == 302
    assert callers.recognise("OTHER", "::1") is None
    assert "Switched off" in administrator.get("/devices").text
    assert administrator.post(f"/devices/{unit.id}/active", data={"active": "1"}).status_code == 302
    assert callers.recognise("OTHER", "::1") is not None


def test_the_page_says_when_a_unit_was_seen_and_from_where_it_was_refused(
    administrator: FlaskClient, cast: Cast
) -> None:
    add_unit(cast, UNIT, "127.0.0.1/32")
    assert "Never" in administrator.get("/devices").text
    callers.recognise(UNIT, "10.9.8.7")
    assert "10.9.8.7" in administrator.get("/devices").text
    callers.recognise(UNIT, "127.0.0.1")
    page = administrator.get("/devices").text
    assert "10.9.8.7" not in page
    assert "Never" not in page


def test_another_programs_administrator_and_every_other_role_find_nothing(client_as: ClientAs, cast: Cast) -> None:
    unit = add_unit(cast, UNIT, "127.0.0.1/32")
    for who in (cast.doctor, cast.specialist, cast.manager, None):
        client = client_as(who)
        assert client.get(f"/devices/{unit.id}").status_code == 404
        assert client.post(f"/devices/{unit.id}/active", data={"active": "0"}).status_code == 404
    with db.write_transaction() as session:
        administrator = session.get_one(User, cast.outside_doctor.id)
        administrator.role = "administrator"
    with db.read_session() as session:
        stranger = client_as(session.get_one(User, cast.outside_doctor.id))
    assert stranger.get(f"/devices/{unit.id}").status_code == 404
    assert UNIT not in stranger.get("/devices").text
    assert stranger.post(f"/devices/{unit.id}", data=form(cast)).status_code == 404
