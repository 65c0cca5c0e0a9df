"""The web process as it is deployed, on a data folder of a test's own; it can be killed and started again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from app.auth.models import User
from app.auth.sessions import SignedIn
from app.config import Config

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class WebProcess:
    """Gunicorn with our configuration, serving the whole application."""

    config: Config
    mode: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        environment = {
            "ASYNC_MODE": self.mode,
            "PORT": str(self.port),
            "DATA_DIR": str(self.config.data_dir),
            "DATABASE_URL": self.config.database_url,
            "SECRET_KEY": self.config.secret_key,
            "PYTHONWARNINGS": "ignore",
        }
        with (self.config.data_dir / "web.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "app.wsgi:app"],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        pause, end = threading.Event(), time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                return
            pause.wait(0.05)
        raise RuntimeError((self.config.data_dir / "web.log").read_text(errors="replace")[-4000:])

    def kill(self) -> None:
        """SIGKILL for the master and its worker, both at once."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_SECONDS)

    def worker_pid(self) -> int:
        """The process that serves; the other one only watches it."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])


def cookie_of(app: Flask, user: User) -> str:
    """The Cookie header of a browser in which the user is signed in."""
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["_user_id"] = SignedIn.as_user(user).get_id()
        session["_fresh"] = True
    cookie = browser.get_cookie("nidaan")
    assert cookie is not None
    return f"nidaan={cookie.value}"
