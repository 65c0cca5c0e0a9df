"""What a call gives up, and keeps, as the link between the two gets thinner: judged at the side that receives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.call.person import Person
from tests.browser.call.thin.ears import listen, talking, tone
from tests.browser.thin_link import ThinLink

Enter = Callable[..., Person]


def test_both_are_seen_and_heard_over_two_hundred_kilobits(enter: Enter, link: ThinLink) -> None:
    asha, bela = talking(enter)
    link.shape("rate=256,delay=100,loss=1")
    bela.wait_member(asha, "it.sample !== null && it.sample.roundTrip > 150")
    bela.wait_member(asha, "it.strain.queue < 300")
    before = listen(bela)
    assert tone(bela, asha) > 0.9
    assert tone(asha, bela) > 0.9
    after = listen(bela).since(before)
    assert after["frames"] > 10
    assert after["level"] > 0.05


@pytest.mark.parametrize("rung", ["voice", "picture"])
def test_a_rung_is_chosen_by_hand_and_the_other_side_is_told(enter: Enter, rung: str) -> None:
    asha, bela = talking(enter)
    asha.do("page.call.choose('voice')")
    bela.wait_member(asha, "it.theirRung === 'voice' && !it.pictureMoving")
    asha.sees(bela)  # what they send is theirs to choose
    if rung == "picture":
        asha.do("page.call.choose('picture')")
        bela.sees(asha)
    assert tone(bela, asha) > 0.9
