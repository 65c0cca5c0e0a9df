"""What a call gives up, and keeps, as the link between the two gets thinner: judged at the side that receives."""

from __future__ import annotations

from collections.abc import Callable

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
