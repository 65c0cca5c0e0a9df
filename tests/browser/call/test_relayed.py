"""Calls that go through a relay: when the third comes, when there is no direct path, and when the relay dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.browser.call.person import Person
from tests.browser.call.room_server import RoomServer
from tests.video.relay.janus import JanusServer

Enter = Callable[..., Person]
Engine = dict[str, str]
GONE_MS = 2_000
# When the last packet of anybody's came, on whatever connection; gives the time now.
WATCH_ARRIVALS = """(() => {
  window.arrivedAt = Date.now();
  let before = 0;
  setInterval(async () => {
    const reports = await Promise.all(page.connections.map((one) => one.getStats()));
    const entries = reports.flatMap((report) => [...report.values()]).filter((one) => one.type === 'inbound-rtp');
    const count = entries.reduce((sum, one) => sum + one.packetsReceived, 0);
    if (count > before) window.arrivedAt = Date.now();
    before = count;
  }, 50);
  return Date.now();
})()"""
RELAYED = "page.call.members.all.every((one) => one.path.way === 'relay')"
DIRECT = "page.call.members.all.every((one) => one.path.way === 'direct' && one.path.status === 'connected')"
DIRECT_IS_SILENT = "page.call.members.relaying.directTracks.audio === null"


@pytest.fixture(scope="module")
def janus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JanusServer]:
    made = JanusServer(tmp_path_factory.mktemp("janus"))
    yield made
    made.stop()


@pytest.fixture(params=["relay", "janus"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """The environment of a relay process: our own engine, then Janus."""
    if request.param == "relay":
        return {}
    janus: JanusServer = request.getfixturevalue("janus")
    return janus.environment


def together(enter: Enter, *names: str) -> list[Person]:
    people = [enter(name) for name in names]
    for person in people:
        person.join()
    for person in people:
        person.wait_in(*[other for other in people if other is not person])
    return people


def all_see_and_hear(people: list[Person]) -> None:
    for one in people:
        for other in people:
            if other is not one:
                one.sees(other)
                one.hears(other)


def test_three_talk_through_the_relay_and_whoever_is_put_out_is_gone(
    enter: Enter, server: RoomServer, engine: Engine
) -> None:
    server.start_relay(engine)
    asha, bela = together(enter, "asha", "bela")
    assert asha.do(DIRECT)
    chand = enter("chand")
    chand.join()
    people = [asha, bela, chand]
    for one in people:
        one.wait(RELAYED)
        one.wait(DIRECT_IS_SILENT)
    all_see_and_hear(people)
    began = chand.do(WATCH_ARRIVALS)
    server.put_out("chand")
    asha.wait("page.call.memberViews.map((one) => one.participantId).join() === 'bela'")
    chand.wait("Date.now() - window.arrivedAt > 1000")  # his page was told nothing, and tries what it can
    assert chand.do("window.arrivedAt") - began < GONE_MS
    for one, other in ((asha, bela), (bela, asha)):
        one.wait(f"page.call.members.all.length === 1 && {DIRECT}")
        one.sees(other)
        one.hears(other)


def test_the_voice_is_not_cut_when_the_way_changes(enter: Enter, server: RoomServer) -> None:
    asha, bela = together(enter, "asha", "bela")
    asha.hears(bela)
    asha.start(
        "window.quiet = 0; window.last = performance.now(); setInterval(() => {"
        " if (page.call.members.get('bela').path.level() > 0.003) window.last = performance.now();"
        " window.quiet = Math.max(window.quiet, performance.now() - window.last); }, 20)"
    )
    asha.wait("window.quiet > 100")  # the tone of the fake microphone comes and goes
    beat = asha.do("new Promise((done) => setTimeout(() => done(window.quiet), 4000))")
    server.start_relay()
    asha.do("page.connection.request('ask_for_relay', {})")
    for one in (asha, bela):
        one.wait(RELAYED)
        one.wait(DIRECT_IS_SILENT)
    asha.hears(bela)
    assert asha.do("window.quiet") < beat + 1000


def test_when_the_relay_is_killed_everyone_talks_on(enter: Enter, server: RoomServer, engine: Engine) -> None:
    first = server.start_relay(engine)
    people = together(enter, "asha", "bela", "chand")
    for one in people:
        one.wait(RELAYED)
    server.start_relay(engine)
    before = people[0].do("page.call.members.relaying.route.id")
    first.kill()
    first.wait()
    for one in people:
        one.wait("page.call.members.relaying.route.id !== arg", before)
        one.wait(f"{RELAYED} && page.call.members.all.every((it) => it.path.status === 'connected')")
    all_see_and_hear(people)


def test_without_any_relay_left_they_talk_directly(enter: Enter, server: RoomServer) -> None:
    only = server.start_relay()
    people = together(enter, "asha", "bela", "chand")
    for one in people:
        one.wait(RELAYED)
    only.kill()
    only.wait()
    for one in people:
        one.wait(DIRECT)
    all_see_and_hear(people)


def test_a_relay_that_is_stopped_carries_on_until_its_calls_have_moved(enter: Enter, server: RoomServer) -> None:
    relay = server.start_relay()
    people = together(enter, "asha", "bela", "chand")
    for one in people:
        one.wait(RELAYED)
    relay.terminate()
    for one in people:
        one.wait(DIRECT)
    all_see_and_hear(people)
    assert relay.wait(timeout=60) == 0


def test_two_without_a_direct_path_come_to_the_relay_by_themselves(enter: Enter, server: RoomServer) -> None:
    server.start_relay()
    people = [enter(name, asked={"blocked": "1"}) for name in ("asha", "bela")]
    for one in people:
        one.join()
    for one in people:
        one.wait("page.call.members.all.length === 1")
        one.wait(RELAYED)
    all_see_and_hear(people)
