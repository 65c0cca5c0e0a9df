"""Checks before calls: what is kept for a site and an hour, who reads it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.auth.models import User
from tests.cast import Cast
from video.checks import operations, queries
from video.checks.models import LinkCheck
from video.checks.protocol import Findings

ClientAs = Callable[[User | None], FlaskClient]
FOUND: dict[str, Any] = {
    "microphone": "good",
    "camera": "good",
    "path": "direct",
    "round_trip": 180,
    "loss": 0.02,
    "down_bps": 900_000,
    "up_bps": 300_000,
    "verdict": "picture",
}


def kept() -> list[LinkCheck]:
    with db.read_session() as session:
        return list(session.scalars(select(LinkCheck).order_by(LinkCheck.hour)))


def test_a_check_is_kept_for_its_site_and_hour_and_the_newest_of_an_hour_counts(
    client_as: ClientAs, cast: Cast
) -> None:
    browser = client_as(cast.doctor)
    assert browser.post("/api/check", json=FOUND).status_code == 200
    assert (
        browser.post("/api/check", json={**FOUND, "loss": None, "up_bps": 60_000, "verdict": "voice"}).status_code
        == 200
    )
    assert client_as(cast.specialist).post("/api/check", json=FOUND).status_code == 200
    mine = [one for one in kept() if one.user_id == cast.doctor.id]
    assert [(one.facility_id, one.verdict, one.loss) for one in mine] == [(cast.facility.id, "voice", None)]
    assert len(kept()) == 2


def test_hours_are_kept_apart_and_old_ones_forgotten(cast: Cast) -> None:
    actor = cast.doctor.actor()
    found = Findings(**FOUND)
    first = datetime(2026, 11, 2, 9, 59, tzinfo=UTC)
    for moment, hours in (
        (first, [9]),
        (first + timedelta(minutes=1), [9, 10]),
        (first + operations.KEPT + timedelta(hours=3), [12]),
    ):
        with db.write_transaction() as session:
            operations.keep(session, actor, found, moment)
        assert [one.hour.hour for one in kept()] == hours


def test_managers_and_administrators_of_the_program_read_the_table_and_nobody_else(
    client_as: ClientAs, cast: Cast
) -> None:
    client_as(cast.doctor).post("/api/check", json=FOUND)
    client_as(cast.colleague).post(
        "/api/check", json={**FOUND, "verdict": "stills", "path": "relayed", "up_bps": 90_000}
    )
    with db.read_session() as session:
        (row,) = queries.of_program(session, cast.manager.actor(), clock.now())
    assert (row.site, row.checks, row.verdict, row.path, row.up_bps) == ("Site A", 2, "stills", "relayed", 195_000)
    for reader in (cast.manager, cast.administrator):
        page = client_as(reader).get("/checks")
        assert page.status_code == 200
        assert "Voice and stills" in page.text
        assert "195 kbit/s" in page.text
    assert "Site A" not in client_as(cast.outside_manager).get("/checks").text
    for stranger in (cast.doctor, cast.specialist):
        assert client_as(stranger).get("/checks").status_code == 404
    assert client_as(None).get("/checks").status_code in (302, 401, 404)


@pytest.mark.parametrize(
    "wrong",
    [{"verdict": "fine"}, {"loss": 1.5}, {"round_trip": -1}, {"up_bps": "fast"}, {"more": 1}, {"path": None}],
)
def test_what_no_check_finds_is_refused_and_nothing_is_kept(
    wrong: dict[str, Any], client_as: ClientAs, cast: Cast
) -> None:
    answer = client_as(cast.doctor).post("/api/check", json={**FOUND, **wrong})
    assert answer.status_code in (400, 422)
    assert answer.get_json()["error"]["field"] == next(iter(wrong))
    assert kept() == []


def test_the_page_leads_on_to_a_consult_and_measures_with_few_bytes(client_as: ClientAs, cast: Cast) -> None:
    browser = client_as(cast.doctor)
    consult = "a" * 32
    assert f"/consults/{consult}/room" in browser.get(f"/check?consult={consult}").text
    assert "/room" not in browser.get("/check?consult=//evil.example/").text
    down = browser.get("/check/bytes")
    assert browser.get("/check/ping").status_code == 204
    assert browser.post("/check/bytes", data=b"x" * 48 * 1024).status_code == 204
    assert len(down.data) + 48 * 1024 <= 130_000
    assert browser.post("/check/bytes", data=b"x" * 65 * 1024).status_code in (400, 422)


def test_guests_and_strangers_have_no_check(client_as: ClientAs, cast: Cast) -> None:
    for path in ("/check", "/check/ping", "/check/bytes"):
        assert client_as(None).get(path).status_code in (302, 401, 404)
    assert client_as(None).post("/api/check", json=FOUND).status_code in (302, 401, 404)
    assert kept() == []
