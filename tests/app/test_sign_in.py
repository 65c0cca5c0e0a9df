"""Signing in and out, one's own password, and what ends a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import config, db
from app.audit import AuditRow
from app.auth import passwords
from app.auth.models import User
from app.auth.routes import own_path
from app.extensions import limiter
from tests.cast import PASSWORD, Cast

ClientAs = Callable[[User | None], FlaskClient]


@pytest.fixture
def doctor(cast: Cast) -> User:
    """The cast's doctor, with a password that opens."""
    with db.write_transaction() as session:
        found = session.get_one(User, cast.doctor.id)
        found.password_hash = passwords.hashed(PASSWORD)
    return found


def send(client: FlaskClient, email: str, password: str, **more: str) -> TestResponse:
    """Fill the sign-in form and send it."""
    return client.post("/sign-in", data={"email": email, "password": password, **more})


def actions() -> list[tuple[str, str]]:
    """The audit log's actions and actors, oldest first."""
    with db.read_session() as session:
        return [(row.action, row.actor_id) for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]


def test_a_doctor_signs_in_and_comes_to_their_first_page(client_as: ClientAs, doctor: User) -> None:
    client = client_as(None)
    answer = send(client, " Doctor@Example.org ", PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/today")
    assert ("sign_in", doctor.id) in actions()
    assert client.get("/account").status_code == 200


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(client_as: ClientAs, doctor: User) -> None:
    cookie = send(client_as(None), doctor.email, PASSWORD).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Expires" in cookie


def test_a_wrong_name_and_a_wrong_password_get_the_same_words(client_as: ClientAs, doctor: User) -> None:
    wrong_password = send(client_as(None), doctor.email, "something else")
    wrong_name = send(client_as(None), "nobody@example.org", "something else")
    assert wrong_password.status_code == wrong_name.status_code == 401
    sentence = "The address or the password is not right."
    assert sentence in wrong_password.text
    assert sentence in wrong_name.text
    assert [action for action, _ in actions()].count("sign_in_refused") == 2


def test_a_wrong_name_costs_the_same_work_as_a_wrong_password(
    client_as: ClientAs, doctor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    hasher = passwords._hasher
    monkeypatch.setattr(
        passwords, "_hasher", type("Counting", (), {"verify": lambda _, stored, given: checked.append(stored)})()
    )
    monkeypatch.setattr(passwords, "_nobodys", lambda: hasher.hash("nobody's"))
    send(client_as(None), "nobody@example.org", "x")
    send(client_as(None), doctor.email, "x")
    assert [stored.split("$")[3] for stored in checked] == ["m=19456,t=2,p=1"] * 2


def test_a_deactivated_person_cannot_sign_in(client_as: ClientAs, doctor: User) -> None:
    with db.write_transaction() as session:
        session.get_one(User, doctor.id).active = False
    assert send(client_as(None), doctor.email, PASSWORD).status_code == 401


def test_what_the_browser_held_before_signing_in_is_gone(client_as: ClientAs, doctor: User) -> None:
    client = client_as(None)
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"
    send(client, doctor.email, PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/consults/1/room", "/consults/1/room"),
        ("/log?state=requested", "/log?state=requested"),
        ("//evil.example", ""),
        ("https://evil.example/", ""),
        ("/\\evil.example", ""),
        ("/a\nb", ""),
        ("javascript:alert(1)", ""),
        (None, ""),
    ],
)
def test_after_signing_in_only_own_paths_are_followed(target: str | None, kept: str) -> None:
    assert own_path(target) == kept


def test_signing_in_goes_on_to_the_page_asked_for(client_as: ClientAs, doctor: User) -> None:
    assert send(client_as(None), doctor.email, PASSWORD, next="/account").location == "/account"
    assert send(client_as(None), doctor.email, PASSWORD, next="//evil.example").location == "/today"


@pytest.fixture
def few_tries(app: Flask) -> None:
    """Three wrong sign-ins a minute."""
    config.use(replace(config.current(), sign_in_limit="3 per minute"))
    limiter.reset()


@pytest.mark.usefixtures("few_tries")
def test_many_wrong_tries_on_one_account_have_to_wait(client_as: ClientAs, doctor: User) -> None:
    def attempt(number: int, password: str) -> int:
        client = client_as(None)
        form = {"email": doctor.email, "password": password}
        address = {"REMOTE_ADDR": f"10.0.0.{number}"}
        return client.post("/sign-in", data=form, environ_overrides=address).status_code

    assert [attempt(number, "wrong") for number in range(4)] == [401, 401, 401, 429]
    assert attempt(9, PASSWORD) == 429


@pytest.mark.usefixtures("few_tries")
def test_many_wrong_tries_from_one_address_have_to_wait(client_as: ClientAs, doctor: User) -> None:
    statuses = [send(client_as(None), f"somebody{number}@example.org", "x").status_code for number in range(4)]
    assert statuses == [401, 401, 401, 429]


@pytest.mark.usefixtures("few_tries")
def test_signing_in_rightly_never_uses_up_the_tries_of_a_clinic(client_as: ClientAs, doctor: User) -> None:
    assert [send(client_as(None), doctor.email, PASSWORD).status_code for _ in range(6)] == [302] * 6


def test_forms_without_a_token_are_refused(app: Flask, client_as: ClientAs, doctor: User) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    answer = send(client_as(None), doctor.email, PASSWORD)
    assert answer.status_code == 400
    assert "load it again" in answer.text


def test_signing_out_ends_the_session_and_empties_the_browser(client_as: ClientAs, doctor: User) -> None:
    client = client_as(doctor)
    answer = client.post("/sign-out")
    assert answer.location == "/sign-in"
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert ("sign_out", doctor.id) in actions()
    assert client.get("/account").status_code == 404


def test_signing_out_leaves_the_files_that_another_account_still_has_to_send(client_as: ClientAs, doctor: User) -> None:
    answer = client_as(doctor).post("/sign-out", data={"keeps_files": "1"})
    assert "Clear-Site-Data" not in answer.headers


def test_signing_out_needs_a_form_and_not_a_link(client_as: ClientAs, doctor: User) -> None:
    assert client_as(doctor).get("/sign-out").status_code == 405


def test_a_changed_password_ends_every_other_session(client_as: ClientAs, doctor: User) -> None:
    tablet, laptop = client_as(doctor), client_as(doctor)
    new = "four quite different words"
    answer = tablet.post("/account/password", data={"present": PASSWORD, "wanted": new, "again": new})
    assert answer.status_code == 302
    assert tablet.get("/account").status_code == 200
    assert laptop.get("/account").status_code == 404
    assert send(client_as(None), doctor.email, PASSWORD).status_code == 401
    assert send(client_as(None), doctor.email, new).status_code == 302


@pytest.mark.parametrize(
    ("present", "wanted", "again", "said"),
    [
        ("not it", "four quite different words", "four quite different words", "This is not your present password."),
        (PASSWORD, "short", "short", "Use at least 10 characters."),
        (PASSWORD, "aaaaaaaaaaaa", "aaaaaaaaaaaa", "too easy to guess"),
        (PASSWORD, "Doctor Alpha", "Doctor Alpha", "too easy to guess"),
        (PASSWORD, "four quite different words", "five", "This is not the same as above."),
    ],
)
def test_a_refused_password_change_says_why(
    client_as: ClientAs, doctor: User, present: str, wanted: str, again: str, said: str
) -> None:
    answer = client_as(doctor).post("/account/password", data={"present": present, "wanted": wanted, "again": again})
    assert answer.status_code == 401
    assert said in answer.text


def test_a_refused_password_change_is_written_down(client_as: ClientAs, doctor: User) -> None:
    new = "four quite different words"
    client_as(doctor).post("/account/password", data={"present": "not it", "wanted": new, "again": new})
    assert ("password_change_refused", doctor.id) in actions()


@pytest.mark.parametrize("demo", [True, False])
def test_demo_accounts_are_shown_in_demo_mode_only(app: Flask, client_as: ClientAs, demo: bool) -> None:
    config.use(replace(config.current(), demo=demo))
    assert ("Demo Radiologist" in client_as(None).get("/sign-in").text) is demo


def test_signed_out_people_get_the_sign_in_form_where_a_page_is_not_theirs(client_as: ClientAs) -> None:
    answer = client_as(None).get("/people?x=1")
    assert answer.status_code == 404
    assert 'name="next" value="/people?x=1"' in answer.text


@pytest.mark.parametrize(
    ("role", "home"),
    [("doctor", "/today"), ("specialist", "/worklist"), ("manager", "/log"), ("administrator", "/people")],
)
def test_everybody_has_a_first_page(client_as: ClientAs, cast: Cast, role: str, home: str) -> None:
    assert client_as(getattr(cast, role)).get("/").location == home


def test_a_visitors_first_page_is_sign_in(client_as: ClientAs) -> None:
    assert client_as(None).get("/").location == "/sign-in"
