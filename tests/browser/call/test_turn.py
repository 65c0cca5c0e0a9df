"""Calls over a real coturn, with the credentials that the product makes: UDP, TCP, TLS; and none without good ones."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock
from app.https import certificate
from tests.browser.call.person import Person
from tests.browser.service import free_port
from video.policy import CREDENTIAL_LIFE, ice_servers

Enter = Callable[..., Person]
SECRET = "only for tests"


@dataclass(frozen=True)
class Turn:
    """A running coturn; `ice_servers` and so on are what the product's configuration would say."""

    port: int
    tls_port: int
    log: Path
    turn_secret: str = SECRET
    ice_servers: tuple[dict[str, Any], ...] = ()
    turn_urls: tuple[str, ...] = ()

    def servers(self, way: str, now: datetime, secret: str = SECRET) -> str:
        """The RTCIceServers of a participant who may use this one way only, as JSON."""
        urls = {
            "udp": f"turn:127.0.0.1:{self.port}?transport=udp",
            "tcp": f"turn:127.0.0.1:{self.port}?transport=tcp",
            "tls": f"turns:localhost:{self.tls_port}?transport=tcp",
        }
        return json.dumps(ice_servers(Turn(0, 0, self.log, secret, (), (urls[way],)), now, "asha"))


def wait_for_listener(process: subprocess.Popen[bytes], port: int) -> None:
    """Until somebody listens on the port; the process must not end before."""
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
    raise AssertionError(f"coturn ended with {process.returncode}")


@pytest.fixture(scope="module")
def turn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Turn]:
    program = shutil.which("turnserver")
    assert program is not None, "coturn is missing: `make test` installs it"
    folder = tmp_path_factory.mktemp("turn")
    made = Turn(free_port(), free_port(), folder / "turn.log")
    chain, key = certificate(folder, ["localhost"])
    options = f"""
        -n --use-auth-secret --static-auth-secret={SECRET.replace(" ", "_")} --realm=test --no-cli --no-dtls
        --listening-ip=127.0.0.1 --relay-ip=127.0.0.1 --allow-loopback-peers --no-software-attribute
        --listening-port={made.port} --tls-listening-port={made.tls_port} --cert={chain} --pkey={key}
        --log-file=stdout --simple-log --userdb={folder / "turn.db"} --pidfile={folder / "turn.pid"}
    """.split()
    options = [one.replace(SECRET.replace(" ", "_"), SECRET) for one in options]
    with made.log.open("wb") as log:
        process = subprocess.Popen([program, *options], stdout=log, stderr=log, cwd=folder)
    for port in (made.port, made.tls_port):
        wait_for_listener(process, port)
    yield made
    process.kill()
    process.wait()


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_two_who_reach_only_the_turn_server_talk_through_it(enter: Enter, turn: Turn, way: str) -> None:
    servers = turn.servers(way, clock.now())
    asha, bela = (enter(name, asked={"ice": servers}) for name in ("asha", "bela"))
    asha.join()
    bela.join()
    asha.wait_in(bela)
    bela.wait_in(asha)
    for one, other in ((asha, bela), (bela, asha)):
        one.sees(other)
        one.hears(other)
        one.wait_member(other, "it.sample !== null && it.sample.relayed")


def test_the_way_that_looks_like_a_secure_web_page_carries_too(turn: Turn) -> None:
    [server] = json.loads(turn.servers("tls", clock.now()))
    program = shutil.which("turnutils_uclient")
    assert program is not None
    who = ["-u", server["username"], "-w", server["credential"]]
    command = [program, "-S", "-t", "-y", "-n", "5", "-m", "1", "-p", str(turn.tls_port), *who, "127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "method=TLS" in done.stdout
    # This client gives up what comes late, and the first message of each of its sessions: most must have come.
    sent, received = map(int, re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)$", done.stdout, re.MULTILINE)[-1])
    assert received > sent // 2


@pytest.mark.parametrize("fault", ["expired", "forged"])
def test_the_turn_server_lets_nobody_in_without_good_credentials(enter: Enter, turn: Turn, fault: str) -> None:
    now = clock.now() - (2 * CREDENTIAL_LIFE if fault == "expired" else timedelta(0))
    servers = turn.servers("udp", now, "a guess" if fault == "forged" else SECRET)
    stranger = enter("asha", asked={"ice": servers})
    found = stranger.do(
        """(async () => {
          const peer = new RTCPeerConnection({ iceServers: JSON.parse(arg), iceTransportPolicy: "relay" });
          const candidates = [];
          peer.addEventListener("icecandidate", ({ candidate }) => candidate?.candidate && candidates.push(candidate));
          peer.createDataChannel("x");
          await peer.setLocalDescription();
          await new Promise((done) => {
            const look = () => peer.iceGatheringState === "complete" && done();
            peer.addEventListener("icegatheringstatechange", look);
            look();
          });
          return candidates.length;
        })()""",
        servers,
    )
    assert found == 0
