"""When a receiver's picture is stopped for the voice's sake, and when not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from video.relay.outgoing import Names, Outgoing
from video.relay.subscriber import STARVED_SECONDS, TRY_AGAIN_SECONDS, UNMEASURED, Subscriber


@dataclass
class Line:
    """A subscriber without a connection, sent a picture of so many bits a second; time is moved by hand."""

    now: float = 100.0
    picture: Outgoing = field(default_factory=lambda: Outgoing(Names(1, 96), lambda data: None, "video"))

    def __post_init__(self) -> None:
        self.subscriber = Subscriber.__new__(Subscriber)
        self.subscriber.prepare_figures()
        self.subscriber.streams = {"picture": self.picture}

    def pass_time(self, seconds: float, rate: int, **figures: Any) -> None:
        for name, value in figures.items():
            setattr(self.subscriber, name, value)
        for _ in range(round(seconds * 20)):
            self.now += 0.05
            if not self.picture.paused:
                self.picture.octets += rate // 160
            self.subscriber.tick(self.now)


@pytest.fixture
def line() -> Line:
    return Line()


def test_a_path_that_cannot_take_what_is_sent_is_left_to_the_voice_and_tried_again(line: Line) -> None:
    line.pass_time(STARVED_SECONDS + 1, 300_000, estimate=70_000)
    assert line.picture.paused
    assert line.subscriber.starved
    line.pass_time(TRY_AGAIN_SECONDS[0] + 1, 300_000)
    assert not line.picture.paused


def test_a_low_estimate_of_a_path_that_is_hardly_used_starves_nobody(line: Line) -> None:
    line.pass_time(20, 30_000, estimate=60_000)
    assert not line.picture.paused
    assert line.subscriber.capacity == UNMEASURED


def test_a_path_that_is_filled_says_what_it_can_take(line: Line) -> None:
    line.pass_time(5, 300_000, estimate=310_000)
    assert line.subscriber.capacity == 310_000
