"""The carrier of notices: unhurried, but not while somebody waits for one."""

from __future__ import annotations

import pytest
from flask import Flask

from app import notices, outbox


class Stopped(Exception):
    """The carrier's loop ends here."""


class Clockwork:
    """What the carrier sleeps on: keeps each pause, and ends the loop at the second."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == 2:
            raise Stopped
        outbox.expect_soon()


def test_a_notice_that_somebody_waits_for_is_looked_for_often(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_expected_until", 0.0)
    clockwork = Clockwork()
    with pytest.raises(Stopped):
        notices.Carrier(clockwork).run()  # type: ignore[arg-type]
    assert clockwork.pauses == [notices.POLL_SECONDS, notices.EAGER_SECONDS]
