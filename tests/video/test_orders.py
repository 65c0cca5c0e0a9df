"""An order to record is the web process's, or it is nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from video import orders
from video.orders import BadOrder

SECRET = "a secret of this test's own"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))


def an_order(secret: str = SECRET) -> str:
    return orders.make(secret, NOW, room="room", recording="r" * 32, take="t", people={"anna": ["voice"]}, key=KEY)


def test_an_order_says_who_agreed_to_what_and_holds_the_key() -> None:
    order, key = orders.read(SECRET, an_order(), NOW)
    assert (order.room, order.recording, order.take, order.people) == ("room", "r" * 32, "t", {"anna": ["voice"]})
    assert key == KEY
    assert KEY.hex() not in an_order()


def test_an_order_runs_out_by_itself() -> None:
    with pytest.raises(BadOrder) as refused:
        orders.read(SECRET, an_order(), NOW + orders.LEASE)
    assert refused.value.code == "expired"


@pytest.mark.parametrize(
    "forged",
    [
        "",
        ".",
        "é.é",
        "YQ==.é",
        an_order("another secret"),
        an_order()[:-2],
        "x" * 9000,
        an_order().partition(".")[0],
        an_order().partition(".")[0] + "." + an_order().partition(".")[2],
    ],
    ids=["empty", "dot", "not ascii", "signature not ascii", "other secret", "cut", "long", "unsigned", "another's"],
)
def test_what_the_web_process_did_not_write_is_no_order(forged: str) -> None:
    with pytest.raises(BadOrder) as refused:
        orders.read(SECRET, forged, NOW)
    assert refused.value.code == "forged"
