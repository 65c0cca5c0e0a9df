"""What happens to a link in mid-call: gone, and back."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.call.person import Person
from tests.browser.call.thin.ears import talking, tone
from tests.browser.thin_link import ThinLink

Enter = Callable[..., Person]


def test_a_call_that_was_cut_off_is_back_when_the_link_is(enter: Enter, link: ThinLink) -> None:
    asha, bela = talking(enter)
    link.cut()
    for one, other in ((asha, bela), (bela, asha)):
        one.wait_member(other, "it.goneSince !== null")
    link.shape("rate=2000,delay=50")
    for one, other in ((asha, bela), (bela, asha)):
        one.wait_member(other, "it.connection === 'connected'")
        one.sees(other)
    assert tone(bela, asha) > 0.9
