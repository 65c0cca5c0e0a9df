"""What browsers measured is kept within bounds, and a call is summed up in a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from app import db
from app.errors import NotFound
from tests.video.room import START, Room, member
from video.protocol import LinkQuality, ReportQuality
from video.quality import EVERY, MOST, CallQuality, keep, quality_of

CONSULT = "consult-one"
GOOD: dict[str, Any] = {
    "other": "bela",
    "link": "good",
    "path": "direct",
    "rung": "picture",
    "loss_in": 0.01,
    "loss_out": 0.02,
    "concealed": 0.0,
    "round_trip": 120,
    "jitter": 8,
    "voice_in": 24_000,
    "voice_out": 24_000,
    "picture_in": 300_000,
    "picture_out": 250_000,
}


def call_of(*changes: dict[str, Any]) -> CallQuality:
    """A call whose samples differ from a good one by these, one after the other."""
    with db.write_transaction() as session:
        for number, changed in enumerate(changes):
            keep(session, member("asha"), [LinkQuality(**{**GOOD, **changed})], at(number))
        return quality_of(session, [CONSULT])[CONSULT]


def at(number: int) -> datetime:
    return START + number * EVERY


def test_a_good_call_is_good_and_says_its_figures(database: None) -> None:
    assert call_of({}, {"round_trip": 140}, {"round_trip": None}) == CallQuality("good", 0.02, 130, ("direct",))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ([{"link": "weak"}, {}, {}], "weak"),
        ([{"link": "weak"}, *[{}] * 9], "good"),
        ([{"rung": "voice"}, {"rung": "voice"}, {}], "voice"),
        ([{}, {"link": "lost"}], "lost"),
        ([{}, {"link": "lost"}, {}], "good"),
        ([{"link": "no_path"}], "no_path"),
    ],
)
def test_a_call_is_what_people_lived_through(database: None, changes: list[dict[str, Any]], word: str) -> None:
    assert call_of(*changes).word == word


def test_the_ways_are_named_the_most_used_first(database: None) -> None:
    assert call_of({"path": "turn"}, {"path": "relay"}, {"path": "relay"}).paths == ("relay", "turn")


def test_a_consult_without_a_call_has_no_quality(database: None) -> None:
    with db.read_session() as session:
        assert quality_of(session, [CONSULT]) == {}


def test_more_than_one_report_in_ten_seconds_is_not_kept(database: None) -> None:
    link = [LinkQuality(**GOOD)]
    with db.write_transaction() as session:
        assert keep(session, member("asha"), link, START)
        assert not keep(session, member("asha"), link, START + EVERY - timedelta(seconds=1))
        assert keep(session, member("bela"), link, START)
        assert keep(session, member("asha"), link, START + EVERY)


def test_reports_without_end_are_not_kept(database: None) -> None:
    with db.write_transaction() as session:
        kept = [keep(session, member("asha"), [LinkQuality(**GOOD)] * 8, at(number)) for number in range(MOST // 8 + 2)]
    assert kept == [True] * (MOST // 8) + [False] * 2


@pytest.mark.parametrize(
    "changed",
    [
        {"loss_in": 1.5},
        {"loss_in": float("nan")},
        {"voice_in": -1},
        {"path": "pigeon"},
        {"other": ""},
        {"x": 1},
    ],
)
def test_what_cannot_be_measured_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReportQuality.model_validate({"links": [{**GOOD, **changed}]})


def test_only_members_of_the_call_report(database: None) -> None:
    room = Room()
    with pytest.raises(NotFound):
        room.send(member("asha"), "report_quality", {"links": [GOOD]})
    room.join(member("asha"))
    assert room.send(member("asha"), "report_quality", {"links": [GOOD]}) == {}
    with db.read_session() as session:
        assert quality_of(session, [CONSULT])[CONSULT].word == "good"
