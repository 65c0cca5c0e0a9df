"""Joining by link: who may ask, what a link opens, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db, outbox
from app.audit import AuditRow
from app.auth.models import User
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from consult import access, invitations
from consult.models import Consult, Invitation, Participant
from tests.cast import Cast, consult_in

ClientAs = Callable[[User | None], FlaskClient]

RIGHT_YEAR = "1972"


@pytest.fixture
def consult(cast: Cast) -> Consult:
    """A consult that a specialist has taken."""
    with db.write_transaction() as session:
        return consult_in(session, cast, "accepted")


@pytest.fixture
def link(cast: Cast, consult: Consult) -> str:
    """The path of a link for the patient."""
    with db.write_transaction() as session:
        made = invitations.create(session, cast.doctor.actor(), consult.id, "patient", "Patient One", 4)
        return f"/join/{invitations.token_of(made)}"


def only_invitation() -> Invitation:
    """The one invitation of the database."""
    with db.read_session() as session:
        return session.scalars(select(Invitation)).one()


def later(amount: timedelta) -> None:
    """Move the clock."""
    moment = clock.now() + amount
    clock.set_source(lambda: moment)


def test_the_link_tells_nothing_of_the_patient(link: str) -> None:
    assert re.fullmatch(r"/join/[0-9a-f]{32}\.[A-Za-z0-9_-]{43}", link)


def test_the_join_page_names_both_doctors_and_asks_one_thing(client_as: ClientAs, link: str) -> None:
    page = client_as(None).get(link).text
    assert "Doctor Alpha" in page
    assert "Specialist Delta" in page
    assert "1972" not in page
    assert "Cough" not in page
    assert len(re.findall(r'<input(?![^>]*type="hidden")', page)) == 1


def test_the_right_year_leads_into_the_room_and_nowhere_else(
    client_as: ClientAs, consult: Consult, link: str, cast: Cast
) -> None:
    guest = client_as(None)
    answer = guest.post(link, data={"birth_year": RIGHT_YEAR})
    assert answer.location == f"/consults/{consult.id}/room"
    for path in ("/account", "/people", "/log", f"/people/{cast.doctor.id}"):
        assert guest.get(path).status_code == 404
    assert guest.get("/").location == f"/consults/{consult.id}/room"


def test_a_guest_is_an_actor_of_this_consult_alone(
    client_as: ClientAs, consult: Consult, link: str, cast: Cast
) -> None:
    client_as(None).post(link, data={"birth_year": RIGHT_YEAR})
    with db.write_transaction() as session:
        seat = session.scalars(select(Participant).where(Participant.invitation_id.is_not(None))).one()
        actor = invitations.load_guest(session, seat.id)
        assert actor is not None
        assert (actor.kind, actor.role, actor.consult_id) == ("guest", "patient", consult.id)
        assert access.consult(session, actor, consult.id, "join_room").role == "patient"
        other = consult_in(session, cast, "accepted")
        with pytest.raises(NotFound):
            access.consult(session, actor, other.id, "join_room")


def test_coming_again_by_the_same_link_is_the_same_participant(client_as: ClientAs, link: str) -> None:
    for _ in range(2):
        client_as(None).post(link, data={"birth_year": RIGHT_YEAR})
    with db.read_session() as session:
        assert len(session.scalars(select(Participant).where(Participant.invitation_id.is_not(None))).all()) == 1


def test_a_year_may_be_typed_in_devanagari(client_as: ClientAs, link: str) -> None:
    assert client_as(None).post(link, data={"birth_year": "१९७२"}).status_code == 302


@pytest.mark.parametrize("typed", ["", "72", "197²", "born in 1972", "3000", "-1972", "1" * 400])
def test_what_is_no_year_is_no_try(client_as: ClientAs, link: str, typed: str) -> None:
    answer = client_as(None).post(link, data={"birth_year": typed})
    assert answer.status_code == 401
    assert "Type the year with four digits" in answer.text
    assert only_invitation().failed_tries == 0


def test_a_wrong_year_says_how_many_tries_are_left(client_as: ClientAs, link: str) -> None:
    answer = client_as(None).post(link, data={"birth_year": "1950"})
    assert answer.status_code == 401
    assert "Tries left: 4." in answer.text


def test_five_wrong_years_lock_the_link_even_for_the_right_one(client_as: ClientAs, link: str) -> None:
    for year in range(1950, 1955):
        answer = client_as(None).post(link, data={"birth_year": str(year)})
    assert "rests for a while" in answer.text
    answer = client_as(None).post(link, data={"birth_year": RIGHT_YEAR})
    assert answer.status_code == 401
    assert "rests for a while" in answer.text
    later(timedelta(minutes=16))
    assert client_as(None).post(link, data={"birth_year": RIGHT_YEAR}).status_code == 302


def test_tries_and_joining_are_written_down(client_as: ClientAs, link: str, cast: Cast) -> None:
    client_as(None).post(link, data={"birth_year": "1950"})
    client_as(None).post(link, data={"birth_year": RIGHT_YEAR})
    with db.read_session() as session:
        rows = list(session.scalars(select(AuditRow).order_by(AuditRow.id)))
    assert [row.action for row in rows] == ["invitation_created", "join_refused", "joined_by_link"]
    assert {row.program_id for row in rows} == {cast.program.id}


@pytest.mark.parametrize("forged", ["/join/x", "/join/" + "0" * 32, "/join/" + "0" * 32 + "." + "A" * 43])
def test_a_forged_link_is_one_calm_page(client_as: ClientAs, link: str, forged: str) -> None:
    for answer in (client_as(None).get(forged), client_as(None).post(forged, data={"birth_year": RIGHT_YEAR})):
        assert answer.status_code == 404
        assert "This link is not complete" in answer.text


def test_a_link_whose_signature_was_changed_opens_nothing(client_as: ClientAs, link: str) -> None:
    changed = link[:-1] + ("A" if link[-1] != "A" else "B")
    assert client_as(None).post(changed, data={"birth_year": RIGHT_YEAR}).status_code in (404, 302)
    # the last character of base64 carries spare bits: another one must always be refused
    middle = link[:50] + ("A" if link[50] != "A" else "B") + link[51:]
    assert client_as(None).post(middle, data={"birth_year": RIGHT_YEAR}).status_code == 404


def test_an_expired_link_says_whom_to_ask(client_as: ClientAs, link: str) -> None:
    later(timedelta(hours=5))
    answer = client_as(None).post(link, data={"birth_year": RIGHT_YEAR})
    assert answer.status_code == 410
    assert "Ask Doctor Alpha at Site A for a new link." in answer.text


def test_an_expired_link_ends_the_session_that_came_by_it(client_as: ClientAs, consult: Consult, link: str) -> None:
    guest = client_as(None)
    guest.post(link, data={"birth_year": RIGHT_YEAR})
    later(timedelta(hours=5))
    assert guest.get(f"/consults/{consult.id}").status_code == 404


@pytest.mark.parametrize("state", ["concluded", "cancelled", "declined"])
def test_a_link_to_a_consult_that_has_ended_says_so(
    client_as: ClientAs, link: str, consult: Consult, state: str
) -> None:
    with db.write_transaction() as session:
        session.get_one(Consult, consult.id).state = state
    answer = client_as(None).get(link)
    assert answer.status_code == 410
    assert "This consult is over" in answer.text


def test_a_doctor_who_joins_on_their_device_is_warned_and_then_signed_out(
    client_as: ClientAs, link: str, cast: Cast
) -> None:
    client = client_as(cast.doctor)
    assert "Joining here signs that account out." in client.get(link).text
    client.post(link, data={"birth_year": RIGHT_YEAR})
    assert client.get("/account").status_code == 404


# The doctor's side


def test_the_treating_doctor_makes_a_link_and_withdraws_it(client_as: ClientAs, consult: Consult, cast: Cast) -> None:
    doctor = client_as(cast.doctor)
    form = {"role": "attendant", "display_name": "Her sister", "hours": "2", "next": f"/consults/{consult.id}"}
    assert doctor.post(f"/consults/{consult.id}/invitations", data=form).location == f"/consults/{consult.id}"
    made = only_invitation()
    assert (made.role, made.display_name) == ("attendant", "Her sister")
    assert made.expires_at - made.created_at == timedelta(hours=2)
    doctor.post(f"/consults/{consult.id}/invitations/{made.id}/revoke")
    assert only_invitation().revoked_at is not None


def test_a_withdrawn_link_takes_the_guest_out_of_the_room(
    client_as: ClientAs, consult: Consult, link: str, cast: Cast
) -> None:
    guest = client_as(None)
    guest.post(link, data={"birth_year": RIGHT_YEAR})
    client_as(cast.doctor).post(f"/consults/{consult.id}/invitations/{only_invitation().id}/revoke")
    assert guest.get(f"/consults/{consult.id}/room").status_code == 404
    assert guest.post(link, data={"birth_year": RIGHT_YEAR}).status_code == 410
    with db.read_session() as session:
        seat = session.scalars(select(Participant).where(Participant.invitation_id.is_not(None))).one()
        assert seat.removed_at is not None
        notice = session.scalars(select(outbox.OutboxRow).where(outbox.OutboxRow.event == "removed")).one()
    assert notice.topic == f"consult:{consult.id}"
    assert seat.id in notice.payload


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"role": "specialist"}, "role"),
        ({"display_name": " "}, "display_name"),
        ({"hours": 0}, "hours"),
        ({"hours": 9999}, "hours"),
    ],
)
def test_a_link_that_cannot_be_names_its_field(
    app: Flask, consult: Consult, cast: Cast, changed: dict[str, object], field: str
) -> None:
    wanted = {"role": "patient", "display_name": "Patient One", "hours": 4, **changed}
    with db.write_transaction() as session, pytest.raises(Invalid) as refusal:
        invitations.create(session, cast.doctor.actor(), consult.id, **wanted)  # type: ignore[arg-type]
    assert refusal.value.field == field


def test_nobody_is_asked_to_a_consult_that_has_ended(app: Flask, cast: Cast) -> None:
    with db.write_transaction() as session:
        ended = consult_in(session, cast, "concluded")
        with pytest.raises(Conflict):
            invitations.create(session, cast.doctor.actor(), ended.id, "patient", "Patient One")


@pytest.mark.parametrize("who", ["specialist", "colleague"])
def test_readers_of_a_consult_may_not_invite(app: Flask, consult: Consult, cast: Cast, who: str) -> None:
    actor = getattr(cast, who).actor()
    with db.write_transaction() as session:
        for refused in (
            lambda: invitations.create(session, actor, consult.id, "patient", "X"),
            lambda: invitations.listed(session, actor, consult.id),
            lambda: invitations.revoke(session, actor, consult.id, "0" * 32),
        ):
            with pytest.raises(NotAllowed):
                refused()


@pytest.mark.parametrize("who", ["far_doctor", "outsider", "manager", "administrator", "nobody"])
def test_outsiders_find_no_invitations(client_as: ClientAs, consult: Consult, cast: Cast, who: str) -> None:
    client = client_as(getattr(cast, who, None))
    form = {"role": "patient", "display_name": "X"}
    assert client.post(f"/consults/{consult.id}/invitations", data=form).status_code == 404
    assert client.post(f"/consults/{consult.id}/invitations/{'0' * 32}/revoke").status_code == 404


def test_the_doctor_sees_the_links_with_how_they_stand(app: Flask, consult: Consult, link: str, cast: Cast) -> None:
    with db.write_transaction() as session:
        invitations.create(session, cast.doctor.actor(), consult.id, "attendant", "Her sister", 100)
        later(timedelta(hours=5))
        found = invitations.listed(session, cast.doctor.actor(), consult.id)
    assert {one.display_name: one.standing for one in found} == {"Her sister": "open", "Patient One": "expired"}


def test_another_consults_invitation_cannot_be_withdrawn(app: Flask, link: str, cast: Cast) -> None:
    with db.write_transaction() as session:
        other = consult_in(session, cast, "accepted")
        with pytest.raises(NotFound):
            invitations.revoke(session, cast.doctor.actor(), other.id, only_invitation().id)
