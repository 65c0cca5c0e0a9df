"""The frame of every page: navigation by role, account menu, language."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app import db
from app.auth.models import User
from app.pages import home_of, navigation
from app.policies import CasePolicy
from tests.cast import Cast, consult_in, guest_of

ClientAs = Callable[[User | None], FlaskClient]


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("doctor", ["/today", "/patients", "/inbox", "/teaching"]),
        ("specialist", ["/worklist", "/teaching"]),
        ("manager", ["/log", "/teaching"]),
        ("administrator", ["/people", "/sites", "/devices", "/tokens", "/kept-recordings", "/audit"]),
    ],
)
def test_everybody_is_offered_their_own_places(cast: Cast, who: str, places: list[str]) -> None:
    assert [place.url for place in navigation(getattr(cast, who).actor(), "/")] == places


def test_a_page_below_a_place_marks_it(cast: Cast) -> None:
    found = navigation(cast.administrator.actor(), "/people/new")
    assert [place.url for place in found if place.here] == ["/people"]


def test_visitors_are_offered_nothing() -> None:
    assert navigation(None, "/") == []


def test_a_guests_home_is_the_room(cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "accepted")
        _seat, guest = guest_of(session, consult, cast)
    assert home_of(guest) == f"/consults/{consult.id}/room"
    assert navigation(guest, "/") == []


def test_every_page_names_who_is_signed_in_and_how_to_leave(client_as: ClientAs, cast: Cast) -> None:
    page = client_as(cast.administrator).get("/people").text
    assert "Administrator Eta" in page
    assert 'action="/sign-out"' in page
    assert '<a class="skip-link" href="#main">' in page
    assert '<meta name="csrf-token" content="' in page


def test_pictures_follow_the_cases_own_gate(cast: Cast) -> None:
    policy = CasePolicy()
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "accepted")
        _seat, guest = guest_of(session, consult, cast)
        sees = {
            name: (policy.may_see(session, actor, cast.case.id), policy.may_add(session, actor, cast.case.id))
            for name, actor in {
                "doctor": cast.doctor.actor(),
                "specialist": cast.specialist.actor(),
                "patient": guest,
                "far_doctor": cast.far_doctor.actor(),
                "outsider": cast.outsider.actor(),
                "manager": cast.manager.actor(),
            }.items()
        }
        assert not policy.may_see(session, cast.doctor.actor(), "0" * 32)
    assert sees == {
        "doctor": (True, True),
        "specialist": (True, True),
        "patient": (True, False),
        "far_doctor": (False, False),
        "outsider": (False, False),
        "manager": (False, False),
    }
