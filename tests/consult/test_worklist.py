"""The worklist: its order, and who sees which request on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app import clock, db
from app.auth.models import User
from app.errors import NotAllowed
from consult import operations
from consult.models import Consult
from consult.worklist import Worklist, arrange, worklist_of
from tests.cast import Cast, consult_in

Browser = Callable[[User | None], FlaskClient]


def asked(name: str, *, urgency: str = "routine", minutes: int = 1, state: str = "requested", **more: str) -> Consult:
    """A consult out of thin air; `name` is its question."""
    given = {"specialty": "radiology", **more}
    return Consult(question=name, urgency=urgency, state=state, requested_at=NOW - timedelta(minutes=minutes), **given)


NOW = clock.now()


def names(consults: list[Consult]) -> list[str]:
    return [consult.question for consult in consults]


def test_the_more_urgent_come_first_and_of_equals_who_waited_longest() -> None:
    given = [
        asked("routine, long", minutes=300),
        asked("urgent, short", urgency="urgent"),
        asked("emergency", urgency="emergency"),
        asked("urgent, long", urgency="urgent", minutes=40),
    ]
    arranged = arrange(given, "me", "radiology")
    assert names(arranged.own_specialty) == ["emergency", "urgent, long", "urgent, short", "routine, long"]


def test_my_own_come_first_then_my_specialty_then_the_others() -> None:
    given = [
        asked("others", specialty="surgery", urgency="emergency"),
        asked("own"),
        asked("mine", state="accepted", specialist_id="me"),
        asked("signed", state="opinion_signed", specialist_id="me", urgency="emergency"),
        asked("somebody's", state="accepted", specialist_id="you"),
    ]
    arranged = arrange(given, "me", "radiology")
    assert names(arranged.everything) == ["mine", "signed", "own", "others"]
    assert names(arranged.others) == ["others"]


def test_a_specialist_without_a_specialty_sees_every_request_as_their_own() -> None:
    arranged = arrange([asked("a", specialty="surgery"), asked("b")], "me", "")
    assert len(arranged.own_specialty) == 2
    assert arranged.others == []


def test_other_programs_and_drafts_stay_off_the_worklist(cast: Cast) -> None:
    with db.write_transaction() as session:
        for state in ("draft", "requested", "accepted", "concluded"):
            consult_in(session, cast, state)
    with db.read_session() as session:
        assert [one.state for one in worklist_of(session, cast.second_specialist.actor()).everything] == ["requested"]
        assert worklist_of(session, cast.outsider.actor()) == Worklist()
        assert len(worklist_of(session, cast.specialist.actor()).mine) == 1
        with pytest.raises(NotAllowed):
            worklist_of(session, cast.doctor.actor())


def test_the_row_says_question_waiting_place_and_offers_to_take_it(cast: Cast, client_as: Browser) -> None:
    with db.write_transaction() as session:
        consult_in(session, cast, "requested")
    page = client_as(cast.specialist).get("/worklist").text
    assert "Is this effusion or collapse?" in page
    assert "Site A" in page
    assert "/accept" in page
    assert cast.patient.full_name not in page  # a name is not needed to decide whether to take it


def test_the_rows_are_sent_again_only_when_they_changed(cast: Cast, client_as: Browser) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
    browser = client_as(cast.specialist)
    rows = browser.get("/worklist/rows").text
    known = rows.split('data-digest="')[1].split('"')[0]
    assert browser.get(f"/worklist/rows?known={known}").status_code == 204
    with db.write_transaction() as session:
        operations.cancel(session, cast.doctor.actor(), consult.id, "better now", clock.now())
    assert browser.get(f"/worklist/rows?known={known}").status_code == 200


def test_a_request_that_somebody_took_says_who(cast: Cast, client_as: Browser) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "requested")
    client_as(cast.specialist).post(f"/consults/{consult.id}/accept")
    answer = client_as(cast.second_specialist).post(f"/consults/{consult.id}/accept", follow_redirects=True)
    assert answer.status_code == 200
    assert "Specialist Delta took it a moment ago." in answer.text
