"""What a call lives through: a third person, a server that dies, a second tab, devices that are refused."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.call.person import Person
from tests.browser.call.room_server import RoomServer

Enter = Callable[..., Person]


def all_in(enter: Enter, *names: str) -> list[Person]:
    people = [enter(name) for name in names]
    for one in people:
        one.join()
    for one in people:
        one.wait_in(*(other for other in people if other is not one))
    return people


def test_three_people_are_connected_directly_each_to_each(enter: Enter) -> None:
    people = all_in(enter, "asha", "bela", "chand")
    for one in people:
        for other in people:
            if other is not one:
                one.sees(other, frames=5)
                one.hears(other)
    limits = people[0].do("page.connections.map((one) => one.getSenders()[1].getParameters().encodings[0].maxBitrate)")
    assert all(limit <= 250_000 for limit in limits)


def test_when_one_of_three_hangs_up_the_other_two_go_on(enter: Enter) -> None:
    asha, bela, chand = all_in(enter, "asha", "bela", "chand")
    bela.start("page.call.leave()")
    asha.wait_in(chand)
    chand.wait_in(asha)
    asha.sees(chand)
    assert asha.do("page.connections.filter((one) => one.connectionState === 'connected').length") == 1


def test_media_flows_on_while_the_server_is_dead_and_the_call_goes_on_after(enter: Enter, server: RoomServer) -> None:
    asha, bela = all_in(enter, "asha", "bela")
    server.kill()
    for one in (asha, bela):
        one.wait("page.connection.state.status === 'down'")
    asha.sees(bela)
    bela.sees(asha)
    server.start()
    for one in (asha, bela):
        one.wait("page.connection.state.status === 'up'")
    asha.sees(bela)
    assert [one.do("page.connections.length") for one in (asha, bela)] == [1, 1]
    bela.start("page.call.leave()")
    asha.wait("page.call.memberViews.length === 0")


def test_a_newcomer_after_a_restart_of_the_server_reaches_everyone(enter: Enter, server: RoomServer) -> None:
    asha, bela = all_in(enter, "asha", "bela")
    server.kill()
    server.start()
    for one in (asha, bela):
        one.wait("page.connection.state.status === 'up'")
    chand = enter("chand")
    chand.join()
    chand.wait_in(asha, bela)
    asha.sees(chand)
    chand.sees(bela)


def test_a_second_tab_takes_over_and_the_first_goes_quiet(enter: Enter) -> None:
    asha, bela = all_in(enter, "asha", "bela")
    again = enter("bela")
    bela.wait("page.call.state.kind === 'idle'")
    again.join()
    asha.wait_in(again)
    asha.sees(again)
    assert bela.do("page.capture.audioTrack") is None


def test_someone_outside_the_call_sees_who_is_waiting_in_it(enter: Enter) -> None:
    asha, bela = enter("asha"), enter("bela")
    asha.join()
    asha.wait("page.call.state.kind === 'in'")
    expect(bela.page.get_by_text("Dr Asha Rao is in the call")).to_be_visible()
    late = enter("chand")
    late.start("page.call.watch()")
    expect(late.page.get_by_text("Dr Asha Rao is in the call")).to_be_visible()


def test_without_camera_and_microphone_one_still_listens_and_reads_what_to_do(enter: Enter) -> None:
    asha = enter("asha")
    bela = enter("bela")
    refuse = "() => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    bela.start(f"navigator.mediaDevices.getUserMedia = {refuse}")
    asha.join()
    bela.join()
    bela.wait_in(asha)
    bela.sees(asha)
    bela.hears(asha)
    expect(bela.page.get_by_role("alert")).to_contain_text("The browser may not use the microphone. Tap the lock")
    asha.wait_member(bela, "!it.audio && !it.video")
    bela.page.get_by_role("button", name="Understood").click()
    expect(bela.page.get_by_role("alert")).to_have_count(0)


def test_talking_time_is_counted(enter: Enter, server: RoomServer) -> None:
    asha, bela = all_in(enter, "asha", "bela")
    asha.sees(bela, frames=40)
    bela.start("page.call.leave()")
    asha.wait("page.call.memberViews.length === 0")
    give_up_at = time.monotonic() + 10
    seconds = 0.0
    while seconds == 0 and time.monotonic() < give_up_at:
        with urllib.request.urlopen(f"{server.url}/talking/{'c' * 32}", timeout=5) as answer:
            seconds = json.load(answer)["seconds"]
    assert seconds > 1
