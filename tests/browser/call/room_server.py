"""The room's server as a child process: started, killed and started again on the same port and data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.browser.service import ROOT, free_port

START_SECONDS = 30
RELAY_SECRET = "only for tests"


class RoomServer:
    """`python -m tests.browser.call.server` on a port of its own."""

    def __init__(self, python: str, client: Path, data: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--port", str(self.port), "--dist", str(client), "--data", str(data)]
        self._command = [python, "-m", "tests.browser.call.server", *options]
        self._log = data / "server.log"
        self._child: subprocess.Popen[bytes] | None = None
        self._environment = {**os.environ, "DATA_DIR": str(data), "RELAY_SECRET": RELAY_SECRET}
        self._relays: list[subprocess.Popen[bytes]] = []

    def start_relay(self) -> subprocess.Popen[bytes]:
        """A relay of this server's calls; killed with it."""
        own = {"RELAY_WEB_URL": self.url, "RELAY_ADDRESSES": "127.0.0.1"}
        with self._log.open("ab") as log:
            command = [sys.executable, "-m", "video.relay"]
            relay = subprocess.Popen(command, cwd=ROOT, env={**self._environment, **own}, stdout=log, stderr=log)
        self._relays.append(relay)
        give_up_at = time.monotonic() + START_SECONDS
        while self.relays() < sum(one.poll() is None for one in self._relays):
            if time.monotonic() > give_up_at:
                raise RuntimeError(self._log.read_text(encoding="utf-8"))
        return relay

    def relays(self) -> int:
        """How many relays the server has."""
        with urllib.request.urlopen(f"{self.url}/relays", timeout=5) as answer:
            return int(json.load(answer)["relays"])

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
            try:
                urllib.request.urlopen(self.url, timeout=2).close()
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
        raise RuntimeError(self._log.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
