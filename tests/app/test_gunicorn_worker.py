"""The web process as it is deployed: gunicorn, our configuration, under eventlet and under gevent."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import socketio

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds
TRUSTING = ssl._create_unverified_context()


def eventually(happened: Callable[[], Any]) -> Any:
    """What `happened` gives once it gives something true; OSError counts as not yet."""
    pause = threading.Event()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            value = happened()
        except OSError:
            value = None
        if value:
            return value
        pause.wait(0.05)
    raise AssertionError("it did not happen in time")


class Server:
    """Gunicorn serving the tiny application on a free port."""

    def __init__(self, mode: str, log: Path, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = log
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "tests.app.tiny_socket_app:app"],
            cwd=ROOT,
            env={**os.environ, "ASYNC_MODE": mode, "PORT": str(self.port), **environment},
            stderr=log.open("wb"),
        )

    @property
    def secure(self) -> bool:
        return "HTTPS" in self.environment

    def get(self, path: str = "/") -> http.client.HTTPResponse:
        kind = partial(http.client.HTTPSConnection, context=TRUSTING) if self.secure else http.client.HTTPConnection
        connection = kind("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", path)
        return connection.getresponse()

    def worker(self) -> int:
        return int(json.loads(self.get().read())["pid"])

    def client(self, *transports: str) -> socketio.SimpleClient:
        made = socketio.SimpleClient(ssl_verify=False, request_timeout=PATIENCE)
        address = f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"
        made.connect(address, transports=list(transports), wait_timeout=PATIENCE)
        return made

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def serving(mode: str, folder: Path, **environment: str) -> Iterator[Server]:
    started = Server(mode, folder / "server.log", **environment)
    try:
        eventually(started.worker)
        yield started
    finally:
        started.process.kill()
        started.process.wait()


@pytest.fixture(params=["eventlet", "gevent"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server that the test may break."""
    with serving(request.param, tmp_path) as started:
        yield started


@pytest.fixture(scope="module", params=["eventlet", "gevent"])
def steady_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that several tests share."""
    with serving(request.param, tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
def test_commands_and_bytes_are_answered_over_every_transport(
    steady_server: Server, transports: tuple[str, ...]
) -> None:
    with steady_server.client(*transports) as client:
        assert client.call("echo", {"text": "अस्पताल"}, timeout=PATIENCE) == {"text": "अस्पताल"}
        assert client.call("echo", {"update": bytes(range(256))}, timeout=PATIENCE) == {"update": bytes(range(256))}


def test_one_connection_serves_several_requests_and_whole_files(steady_server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", steady_server.port, timeout=10)
    for _ in range(3):
        connection.request("GET", "/file")
        assert connection.getresponse().read() == (ROOT / "tests/app/tiny_socket_app.py").read_bytes()
    connection.close()


def test_closed_web_sockets_leave_no_noise_in_the_log(steady_server: Server) -> None:
    with steady_server.client("websocket") as client:
        client.call("echo", 1, timeout=PATIENCE)
    assert steady_server.get().status == 200
    said = steady_server.log.read_text()
    assert [noise for noise in ("Errno 9", "Traceback", "deprecated") if noise in said] == []


def test_sigterm_lets_a_running_request_finish_and_ends_web_sockets_at_once(server: Server) -> None:
    clients = [server.client("websocket") for _ in range(5)]
    slow = server.get("/slow")
    assert slow.read(9) == b"started, "
    server.process.terminate()
    assert slow.read() == b"finished"
    server.stop()
    assert "were cut" not in server.log.read_text()
    for client in clients:
        client.client.eio.disconnect()


def test_a_killed_worker_is_replaced(server: Server) -> None:
    before = server.worker()
    os.kill(before, signal.SIGKILL)
    assert eventually(lambda: (now := server.worker()) != before and now)


def test_a_worker_does_not_outlive_its_master(server: Server) -> None:
    worker = server.worker()
    server.process.kill()
    server.process.wait()

    def gone() -> bool:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return True
        return Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0] == "Z"

    assert eventually(gone)


@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_https_serves_sockets_and_drops_who_does_not_speak_tls(mode: str, tmp_path: Path) -> None:
    with serving(mode, tmp_path, HTTPS="1", DATA_DIR=str(tmp_path)) as served:
        with (
            socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as plain,
            suppress(ConnectionResetError),
        ):
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert b"200 OK" not in plain.recv(1000)
        with served.client("websocket") as client:
            assert client.call("echo", {"update": b"\x00\xff"}, timeout=PATIENCE) == {"update": b"\x00\xff"}
            served.stop()  # while somebody is still connected
        if mode == "eventlet":  # gevent's own server prints each failed handshake
            assert "Traceback" not in served.log.read_text()
