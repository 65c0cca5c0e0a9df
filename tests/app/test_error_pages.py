"""Errors in plain words, as a page or as JSON; and the headers on everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth.models import User
from app.errors import Conflict, Invalid, NidaanError, NotAllowed, NotFound, ProtocolError
from app.security_headers import policy
from tests.cast import Cast

ClientAs = Callable[[User | None], FlaskClient]

REFUSALS = [
    (NotFound(), 404, "not_found", "There is nothing here for you"),
    (NotAllowed("Only the doctor may."), 403, "not_allowed", "Only the doctor may."),
    (Conflict("It has ended.", code="wrong_state"), 409, "wrong_state", "It has ended."),
    (Invalid("age", "Give an age."), 422, "invalid", "Give an age."),
    (ProtocolError("Not a date."), 400, "protocol_error", "Not a date."),
]


@pytest.fixture
def failing(app: Flask) -> Callable[[Exception], None]:
    """Makes /api/failing and /failing raise what it is given."""

    def fail_with(error: Exception) -> None:
        def fail() -> str:
            raise error

        app.view_functions["home"] = fail

    app.add_url_rule("/failing", "home")
    app.add_url_rule("/api/failing", "home")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return fail_with


@pytest.mark.parametrize(("error", "status", "code", "said"), REFUSALS)
def test_a_refusal_is_a_page_for_people_and_json_for_the_client(
    failing: Callable[[Exception], None], client_as: ClientAs, error: NidaanError, status: int, code: str, said: str
) -> None:
    failing(error)
    page = client_as(None).get("/failing")
    assert page.status_code == status
    assert said in page.text
    answer = client_as(None).get("/api/failing")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["error"]["code"] == code


def test_an_invalid_field_is_named_in_json(failing: Callable[[Exception], None], client_as: ClientAs) -> None:
    failing(Invalid("age", "Give an age."))
    answer = client_as(None).get("/api/failing")
    assert answer.json == {"error": {"code": "invalid", "message": "Give an age.", "field": "age"}}


def test_a_bug_shows_a_reference_and_nothing_else(
    failing: Callable[[Exception], None], client_as: ClientAs, caplog: pytest.LogCaptureFixture
) -> None:
    failing(ValueError("secret of the inside"))
    page = client_as(None).get("/failing")
    assert page.status_code == 500
    assert "secret of the inside" not in page.text
    reference = page.text.split("<code>")[1].split("</code>")[0]
    assert reference in caplog.text
    answer = client_as(None).get("/api/failing")
    assert answer.json is not None
    assert answer.json["error"]["reference"]


def test_an_unknown_page_says_what_to_do(client_as: ClientAs, cast: Cast) -> None:
    page = client_as(cast.doctor).get("/no-such-page")
    assert page.status_code == 404
    assert "Go to my first page" in page.text


def test_too_much_at_once_is_said_so(client_as: ClientAs) -> None:
    page = client_as(None).post("/sign-in", data={"email": "x" * 3_000_000})
    assert page.status_code == 413
    assert "too large" in page.text


def test_signed_out_clients_are_told_so_in_json(client_as: ClientAs) -> None:
    answer = client_as(None).get("/people", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"]["code"] == "signed_out"


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/people", "/api/no-such-thing"])
def test_every_answer_carries_the_headers(client_as: ClientAs, path: str) -> None:
    headers = client_as(None).get(path).headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "camera=(self)" in headers["Permissions-Policy"]


def test_pages_hold_no_inline_scripts_or_styles(client_as: ClientAs, cast: Cast) -> None:
    for path in ("/people", "/people/new", "/audit", "/account"):
        page = client_as(cast.administrator).get(path).text
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count('<script type="module" src=') + page.count('"application/json"')


def test_a_forged_host_cannot_write_into_the_policy() -> None:
    assert "ws://clinic.example:8000" in policy("clinic.example:8000")
    assert "evil" not in policy("x; script-src evil")


def test_https_is_remembered_once_it_was_used(client_as: ClientAs) -> None:
    secure = client_as(None).get("/sign-in", base_url="https://clinic.example")
    assert "Strict-Transport-Security" in secure.headers
    assert "Strict-Transport-Security" not in client_as(None).get("/sign-in").headers
