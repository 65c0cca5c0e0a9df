"""A call of two: they see and hear each other, through everything that a person or a link may do to it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.call.person import Person

Enter = Callable[..., Person]
FAIL_LINK = """
  for (const one of page.connections) {
    Object.defineProperty(one, 'connectionState', { value: 'failed', configurable: true });
    one.dispatchEvent(new Event('connectionstatechange'));
    delete one.connectionState;
  }
"""


def both_in(enter: Enter) -> tuple[Person, Person]:
    asha, bela = enter("asha"), enter("bela")
    asha.join()
    bela.join()
    asha.wait_in(bela)
    bela.wait_in(asha)
    return asha, bela


def test_they_see_and_hear_each_other(enter: Enter) -> None:
    asha, bela = both_in(enter)
    for one, other in ((asha, bela), (bela, asha)):
        one.sees(other)
        one.hears(other)
        one.wait_member(other, "it.sample !== null && it.sample.frames > 0 && it.sample.width > 0")


def test_who_joins_first_does_not_matter_nor_does_joining_at_the_same_moment(enter: Enter) -> None:
    for first, second in (("asha", "bela"), ("dina", "chand")):
        one, other = enter(first), enter(second)
        one.join()
        other.join()
        one.wait_in(*[other])
        one.start("page.call.leave()")
        other.start("page.call.leave()")
        one.wait("page.call.state.kind === 'idle'")
        other.wait("page.call.state.kind === 'idle'")


def test_the_voice_asks_for_error_correction_silence_and_few_bits(enter: Enter) -> None:
    asha, bela = both_in(enter)
    bela.sees(asha)
    for one in (asha, bela):
        asked = one.do("page.live().remoteDescription.sdp.match(/a=fmtp:\\d+ .*maxaveragebitrate.*/)[0]")
        assert "useinbandfec=1" in asked
        assert "usedtx=1" in asked
        audio, video = one.do("page.live().getSenders().map((sender) => sender.getParameters().encodings[0])")
        assert (audio["priority"], video["priority"]) == ("high", "low")
        assert audio["maxBitrate"] <= 24_000
        assert video["maxBitrate"] <= 600_000


def test_pointers_go_from_browser_to_browser(enter: Enter) -> None:
    asha, bela = both_in(enter)
    asha.wait("page.call.members.all.every((one) => one.link.channelOpen)")
    pointer = {"instance": "i1", "frame": 1, "x": 10.5, "y": 20}
    asha.do("page.call.awareness.send({ pointer: arg, view: null, at: Date.now() })", pointer)
    bela.wait("page.heard.length > 0")
    heard = bela.do("page.heard[0]")
    assert heard["from"] == "asha"
    assert heard["state"]["pointer"] == pointer


def test_pointers_go_through_the_server_to_those_who_are_not_in_the_call(enter: Enter) -> None:
    asha, bela = both_in(enter)
    chand = enter("chand")
    asha.wait("page.call.members.all.every((one) => one.link.channelOpen)")
    asha.do("page.call.awareness.send({ pointer: null, view: { zoom: 2 }, at: Date.now() })")
    for one in (bela, chand):
        one.wait("page.heard.length > 0")
        assert one.do("page.heard.map((each) => each.state.view.zoom)") == [2]


def test_both_sides_restarting_at_once_again_and_again_costs_neither_the_picture(enter: Enter) -> None:
    asha, bela = both_in(enter)
    for _ in range(5):
        for one in (asha, bela):
            one.start("page.call.restartIce()")
        for one in (asha, bela):
            one.wait("page.live().signalingState === 'stable' && page.live().connectionState === 'connected'")
    assert [one.do("page.connections.length") for one in (asha, bela)] == [1, 1]
    bela.sees(asha)
    asha.sees(bela)


@pytest.mark.parametrize("who", ["asha", "bela"])
def test_a_failed_link_finds_new_addresses_on_the_same_connection(enter: Enter, who: str) -> None:
    asha, bela = both_in(enter)
    before = asha.do("page.live().localDescription.sdp.match(/ice-ufrag:(.*)/)[1]")
    failing = asha if who == "asha" else bela
    failing.start(FAIL_LINK)
    asha.wait("page.live().localDescription.sdp.match(/ice-ufrag:(.*)/)[1] !== arg", before)
    asha.wait_in(bela)
    asha.sees(bela)
    assert asha.do("page.connections.length") == 1


def test_a_connection_that_cannot_be_saved_is_replaced_by_a_new_one(enter: Enter) -> None:
    asha, bela = both_in(enter)
    bela.start("page.live().close(); page.call.restartIce()")
    bela.wait("page.connections.length === 2")
    asha.wait_in(bela)
    bela.wait_in(asha)
    asha.sees(bela)
    bela.sees(asha)


def test_hanging_up_lets_go_of_the_devices_and_joining_again_works(enter: Enter) -> None:
    asha, bela = both_in(enter)
    bela.start("window.before = [page.capture.audioTrack, page.capture.videoTrack]; page.call.leave()")
    asha.wait("page.call.memberViews.length === 0")
    bela.wait("page.call.state.kind === 'idle'")
    assert bela.do("window.before.map((track) => track.readyState)") == ["ended", "ended"]
    bela.join()
    asha.wait_in(bela)
    bela.sees(asha)
    asha.sees(bela)


def test_the_other_camera_comes_without_a_new_negotiation(enter: Enter) -> None:
    asha, bela = both_in(enter)
    bela.sees(asha)
    before = asha.do("[page.capture.videoTrack.getSettings().deviceId, page.live().localDescription.sdp]")
    asha.start("page.call.flip()")
    asha.wait("page.capture.videoTrack && page.capture.videoTrack.getSettings().deviceId !== arg", before[0])
    bela.wait_member(asha, "it.camera === 'rear'")
    bela.sees(asha)
    assert asha.do("page.live().localDescription.sdp") == before[1]
    assert asha.do("page.call.own.problem") is None


def test_muting_is_told_and_keeps_the_microphone_open(enter: Enter) -> None:
    asha, bela = both_in(enter)
    bela.hears(asha)
    asha.page.get_by_role("button", name="Mute").click()
    bela.wait_member(asha, "!it.audio")
    bela.wait_member(asha, "it.level < 0.005")
    assert asha.do("[page.capture.audioTrack.readyState, page.capture.audioTrack.enabled]") == ["live", False]
    asha.page.get_by_role("button", name="Unmute").click()
    bela.wait_member(asha, "it.audio")
    bela.hears(asha)


def test_a_camera_turned_off_goes_dark_and_comes_back(enter: Enter) -> None:
    asha, bela = both_in(enter)
    bela.sees(asha)
    asha.page.get_by_role("button", name="Camera off").click()
    bela.wait_member(asha, "!it.video")
    assert asha.do("page.capture.videoTrack") is None
    asha.page.get_by_role("button", name="Camera on").click()
    bela.wait_member(asha, "it.video")
    bela.sees(asha)


def test_voice_only_stops_both_pictures_and_not_the_voices(enter: Enter) -> None:
    asha, bela = both_in(enter)
    asha.sees(bela)
    asha.page.get_by_role("button", name="Voice only").click()
    bela.wait("page.live().getTransceivers()[1].currentDirection === 'inactive'")
    asha.hears(bela)
    bela.hears(asha)
    asha.page.get_by_role("button", name="Voice only").click()
    bela.wait("page.live().getTransceivers()[1].currentDirection === 'sendrecv'")
    asha.sees(bela)


def test_joining_with_voice_only_and_a_camera_later(enter: Enter) -> None:
    asha, bela = enter("asha"), enter("bela")
    asha.join()
    bela.join(video=False)
    asha.wait_in(bela)
    asha.hears(bela)
    bela.start("page.call.setVideo(true)")
    asha.sees(bela)
    bela.sees(asha)
