"""What happens to a link in mid-call: gone and back, UDP blocked."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import clock
from tests.browser.call.person import Person
from tests.browser.call.thin.conftest import Ends
from tests.browser.call.thin.ears import listen, talking, tone
from tests.browser.service import free_port
from tests.browser.thin_link import CITY_ADDRESS, ThinLink, inside
from video.policy import ice_servers

Enter = Callable[..., Person]
SECRET = "only-for-tests"


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


@pytest.fixture
def turn(ends: Ends, tmp_path: Path) -> Iterator[str]:
    """coturn in the city; its TCP address."""
    program = shutil.which("turnserver")
    assert program is not None, "coturn is missing: `make test` installs it"
    port = free_port()
    options = f"""-n --use-auth-secret --static-auth-secret={SECRET} --realm=test --no-cli --no-dtls --no-tls
        --listening-ip={CITY_ADDRESS} --relay-ip={CITY_ADDRESS} --listening-port={port} --log-file=stdout
        --userdb={tmp_path / "turn.db"} --pidfile={tmp_path / "turn.pid"}""".split()
    with (tmp_path / "turn.log").open("wb") as log:
        server = subprocess.Popen(inside(ends.link.city, program, *options), stdout=log, stderr=log, cwd=tmp_path)
    yield f"turn:{CITY_ADDRESS}:{port}?transport=tcp"
    server.kill()
    server.wait()


class Configured:
    """What the product's configuration would say."""

    ice_servers = ()
    turn_secret = SECRET

    def __init__(self, url: str) -> None:
        self.turn_urls = (url,)


def test_where_udp_is_blocked_the_call_goes_through_turn_over_tcp(enter: Enter, link: ThinLink, turn: str) -> None:
    link.shape("rate=1000,delay=50,udp=0")
    servers = json.dumps(ice_servers(Configured(turn), clock.now(), "asha"))
    asha, bela = talking(enter, ice=servers)
    for one, other in ((asha, bela), (bela, asha)):
        one.wait_member(other, "it.sample !== null && it.sample.relayed")
    before = listen(bela)
    assert tone(bela, asha) > 0.9
    assert listen(bela).since(before)["frames"] > 10
