"""The consult log: right figures, right rows, no names, and nobody but the program's manager."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import clock, db
from app.auth.models import User
from consult import log
from consult.log import LogFilter
from consult.log_routes import in_words, safe_cell
from consult.models import Consult
from consult.reports.models import Opinion
from tests.cast import Cast, consult_in
from tests.video.room import member
from video import quality
from video.models import CallSpan
from video.protocol import LinkQuality

ClientAs = Callable[[User | None], FlaskClient]


@pytest.fixture
def manager(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The manager's browser."""
    return client_as(cast.manager)


def add(cast: Cast, state: str, *, waited: float = 2, ago: float = 30, **fields: object) -> Consult:
    """A consult requested `ago` minutes before now; taken after `waited` minutes if its state says so."""
    now = clock.now()
    with db.write_transaction() as session:
        made = consult_in(session, cast, state, **fields)
        if made.requested_at:
            made.requested_at = now - timedelta(minutes=ago)
        if made.accepted_at and made.requested_at:
            made.accepted_at = made.requested_at + timedelta(minutes=waited)
        return made


def rows_of(answer_text: str) -> list[list[str]]:
    """The CSV file's rows without its headings."""
    return list(csv.reader(io.StringIO(answer_text.removeprefix("\ufeff"))))[1:]


@pytest.mark.parametrize("page", ["/log", "/log.csv"])
@pytest.mark.parametrize("who", ["doctor", "specialist", "administrator", "nobody"])
def test_for_everybody_else_there_is_no_log(client_as: ClientAs, cast: Cast, page: str, who: str) -> None:
    assert client_as(getattr(cast, who, None)).get(page).status_code == 404


def test_the_log_names_no_patient(manager: FlaskClient, cast: Cast) -> None:
    add(cast, "concluded")
    for page in ("/log", "/log.csv"):
        text = manager.get(page).text
        assert cast.case.id[:8] in text
        assert cast.case.id not in text
        for secret in ("Patient One", "Cough", "effusion", "90000", "Upper Village"):
            assert secret not in text


def test_another_programs_manager_sees_nothing_of_it(client_as: ClientAs, cast: Cast) -> None:
    add(cast, "concluded")
    outside = client_as(cast.outside_manager)
    assert "No consults yet" in outside.get("/log").text
    assert rows_of(outside.get("/log.csv").text) == []


def test_drafts_are_nobodys_business_yet(manager: FlaskClient, cast: Cast) -> None:
    add(cast, "draft")
    assert rows_of(manager.get("/log.csv").text) == []


def test_the_three_figures(cast: Cast) -> None:
    add(cast, "requested", ago=9, urgency="emergency")
    add(cast, "requested", ago=11, urgency="emergency")
    add(cast, "requested", ago=59, urgency="urgent")
    for waited in (2, 4, 60):
        add(cast, "concluded", waited=waited, ago=90)
    with db.read_session() as session:
        found = log.figures(session, cast.manager.actor(), LogFilter(), clock.now())
    assert (found.waiting, found.overdue) == (3, 1)
    assert found.median_wait == timedelta(minutes=4)


def test_without_answers_there_is_no_median(manager: FlaskClient, cast: Cast) -> None:
    add(cast, "requested")
    with db.read_session() as session:
        assert log.figures(session, cast.manager.actor(), LogFilter(), clock.now()).median_wait is None
    assert manager.get("/log").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=requested", ["Waiting for a specialist"]),
        ("specialty=cardiology", ["Concluded"]),
        ("specialty=surgery", []),
        ("state=nonsense", ["Waiting for a specialist", "Concluded"]),
        ("since=2020-01-01&until=2020-12-31", []),
        ("since=2020-01-01", ["Waiting for a specialist", "Concluded"]),
        ("since=soon", ["Waiting for a specialist", "Concluded"]),
    ],
)
def test_filters_choose_the_same_rows_for_page_and_file(
    manager: FlaskClient, cast: Cast, query: str, found: list[str]
) -> None:
    add(cast, "requested", ago=5)
    add(cast, "concluded", specialty="cardiology", ago=10)
    assert [row[5] for row in rows_of(manager.get(f"/log.csv?{query}").text)] == found
    assert manager.get(f"/log?{query}").text.count("<code>") == len(found)


def test_a_site_filter_chooses_its_consults(manager: FlaskClient, cast: Cast) -> None:
    add(cast, "concluded")
    assert len(rows_of(manager.get(f"/log.csv?site={cast.facility.id}").text)) == 1
    assert rows_of(manager.get(f"/log.csv?site={cast.other_facility.id}").text) == []


def test_the_filters_stay_in_every_address(manager: FlaskClient, cast: Cast) -> None:
    page = manager.get("/log?state=requested&specialty=radiology&x=1").text
    assert "/log.csv?state=requested&amp;specialty=radiology" in page
    assert '<option selected value="requested">' in page


def test_filters_that_find_nothing_say_so(manager: FlaskClient, cast: Cast) -> None:
    add(cast, "concluded")
    assert "No consult fits these filters" in manager.get("/log?specialty=surgery").text


def test_talking_and_signing_are_told(manager: FlaskClient, cast: Cast) -> None:
    made = add(cast, "opinion_signed")
    now = clock.now()
    with db.write_transaction() as session:
        started = now - timedelta(minutes=12)
        session.add(CallSpan(consult_id=made.id, started_at=started, heartbeat_at=now, ended_at=now))
        session.add(
            Opinion(
                consult_id=made.id, author_id=cast.specialist.id, updated_at=now, signed_at=now, content_sha256="0" * 64
            )
        )
    (row,) = rows_of(manager.get("/log.csv").text)
    assert row[6:8] == ["2", "12"]
    assert row[8:11] == ["", "", ""]
    assert row[11].startswith(now.strftime("%Y-%m-%dT%H:%M"))
    assert row[12] == ""
    assert "12 min" in manager.get("/log").text


def test_the_log_says_how_the_call_was(manager: FlaskClient, cast: Cast) -> None:
    made = add(cast, "concluded", ago=30)
    weak = LinkQuality(
        other="other",
        link="weak",
        path="direct",
        rung="picture",
        loss_in=0.12,
        loss_out=0.0,
        concealed=0.0,
        round_trip=640,
        jitter=None,
        voice_in=0,
        voice_out=0,
        picture_in=0,
        picture_out=0,
    )
    with db.write_transaction() as session:
        quality.keep(session, member("asha", made.id), [weak], clock.now())
    assert "Weak: 12 % lost, 640 ms" in manager.get("/log").text
    (row,) = rows_of(manager.get("/log.csv").text)
    assert row[8:11] == ["Weak", "12", "640"]


def nothing(_session: Session, _ids: Iterable[str]) -> dict[str, Any]:
    return {}


def test_a_request_that_nobody_took_stops_waiting_when_it_ends(cast: Cast) -> None:
    now = clock.now()
    add(cast, "cancelled", ago=30, ended_at=now - timedelta(minutes=10))
    with db.read_session() as session:
        (row,), _more = log.rows(
            session, cast.manager.actor(), LogFilter(), now, nothing, nothing, lambda session, ids: set(ids), page=0
        )
    assert row.waited is not None
    assert round(row.waited.total_seconds() / 60) == 20
    assert not row.still_waiting


def test_older_rows_are_a_page_away(manager: FlaskClient, cast: Cast) -> None:
    for number in range(log.PAGE + 1):
        add(cast, "concluded", ago=number)
    page = manager.get("/log").text
    assert page.count("<code>") == log.PAGE
    assert "page=1" in page
    assert manager.get("/log?page=1").text.count("<code>") == 1


def test_the_file_opens_as_utf8_and_computes_nothing(manager: FlaskClient, cast: Cast) -> None:
    with db.write_transaction() as session:
        site = session.merge(cast.facility)
        site.name = "=HYPERLINK(1)"
    add(cast, "concluded")
    answer = manager.get("/log.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert rows_of(answer.text)[0][2] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_cell_can_start_a_formula(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 min"), (20, "under a minute"), (150, "2 min"), (3600, "1 h"), (3900, "1 h 5 min"), (200_000, "2 days")],
)
def test_lengths_of_time_are_said_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
