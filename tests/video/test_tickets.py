"""A ticket opens one thing, once, for a minute, and only if we wrote it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from video import tickets
from video.tickets import BadTicket

SECRET = "a secret of this test's own"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def a_ticket(secret: str = SECRET) -> str:
    return tickets.make(secret, NOW, room="room", participant="a", session="s", purpose="subscribe", publisher="b")


def test_a_ticket_says_what_its_holder_may_do() -> None:
    ticket = tickets.read(SECRET, a_ticket(), NOW)
    assert (ticket.room, ticket.participant, ticket.session) == ("room", "a", "s")
    assert (ticket.purpose, ticket.publisher) == ("subscribe", "b")


def test_two_tickets_for_the_same_are_told_apart() -> None:
    assert tickets.read(SECRET, a_ticket(), NOW).nonce != tickets.read(SECRET, a_ticket(), NOW).nonce


@pytest.mark.parametrize(
    "forged",
    [
        "",
        ".",
        "a.b",
        "é.é",
        a_ticket("another secret"),
        a_ticket()[:-2],
        a_ticket().swapcase(),
        "x" * 5000,
        a_ticket().split(".")[0],
        a_ticket().split(".")[0] + "." + a_ticket().split(".")[1],
    ],
    ids=[
        "empty",
        "dot",
        "short",
        "not ascii",
        "other secret",
        "cut",
        "case",
        "long",
        "unsigned",
        "another's signature",
    ],
)
def test_what_we_did_not_write_opens_nothing(forged: str) -> None:
    with pytest.raises(BadTicket) as refused:
        tickets.read(SECRET, forged, NOW)
    assert refused.value.code == "forged"


def test_without_a_secret_nothing_is_opened() -> None:
    with pytest.raises(BadTicket):
        tickets.read("", a_ticket(""), NOW)


def test_a_ticket_ends_after_its_minute() -> None:
    text = a_ticket()
    assert tickets.read(SECRET, text, NOW + tickets.LIFE - timedelta(seconds=1))
    with pytest.raises(BadTicket) as refused:
        tickets.read(SECRET, text, NOW + tickets.LIFE)
    assert refused.value.code == "expired"
