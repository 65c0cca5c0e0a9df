"""The room's server as a child process: started, killed and started again on the same port and data."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.browser.service import ROOT, free_port
from tests.browser.thin_link import inside

START_SECONDS = 30
RELAY_SECRET = "only for tests"


class RoomServer:
    """`python -m tests.browser.call.server` on a port of its own."""

    def __init__(self, python: str, client: Path, data: Path, address: str = "127.0.0.1", namespace: str = "") -> None:
        self.port = free_port()
        self.address = address
        self.url = f"http://{address}:{self.port}"
        self._namespace = namespace
        options = ["--host", address, "--port", str(self.port), "--dist", str(client), "--data", str(data)]
        self._command = self._inside(python, "-m", "tests.browser.call.server", *options)
        self._log = data / "server.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._environment = {**os.environ, "DATA_DIR": str(data), "RELAY_SECRET": RELAY_SECRET}
        self._relays: list[subprocess.Popen[bytes]] = []

    def start_relay(self, engine: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """A relay of this server's calls; killed with it. `engine`: the environment of another media engine."""
        own = {"RELAY_WEB_URL": self.url, "RELAY_ADDRESSES": self.address, **(engine or {})}
        with self._log.open("ab") as log:
            command = self._inside(sys.executable, "-m", "video.relay")
            relay = subprocess.Popen(command, cwd=ROOT, env={**self._environment, **own}, stdout=log, stderr=log)
        self._relays.append(relay)
        give_up_at = time.monotonic() + START_SECONDS
        while self.relays() < sum(one.poll() is None for one in self._relays):
            if time.monotonic() > give_up_at:
                raise RuntimeError(self._log.read_text(encoding="utf-8"))
        return relay

    def relays(self) -> int:
        """How many relays the server has."""
        return int(self.ask("/relays")["relays"])

    def ask(self, path: str) -> dict[str, Any]:
        """What the server answers as JSON; asked from where it lives. Raises OSError while it does not listen."""
        curl = self._inside("curl", "-sS", "-f", "-m", "5", f"{self.url}{path}")
        done = subprocess.run(curl, capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(done.stderr)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def relay_pids(self) -> list[int]:
        """The processes of its relays that run."""
        return [one.pid for one in self._relays if one.poll() is None]

    def put_out(self, participant: str) -> None:
        """The host removes somebody."""
        self.ask(f"/put-out/{participant}")

    def stop(self) -> None:
        """The server and its relays."""
        for relay in self._relays:
            relay.kill()
            relay.wait()
        self.kill()

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)
        give_up_at = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up_at:
            with contextlib.suppress(OSError):
                self.ask("/relays")
                return
            time.sleep(0.05)
        raise RuntimeError(self._log.read_text(encoding="utf-8"))

    def _inside(self, *command: str) -> list[str]:
        return inside(self._namespace, *command) if self._namespace else list(command)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
