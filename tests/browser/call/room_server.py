"""The room's server as a child process: started, killed and started again on the same port and data."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.browser.service import ROOT, free_port

START_SECONDS = 30


class RoomServer:
    """`python -m tests.browser.call.server` on a port of its own."""

    def __init__(self, python: str, client: Path, data: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--port", str(self.port), "--dist", str(client), "--data", str(data)]
        self._command = [python, "-m", "tests.browser.call.server", *options]
        self._log = data / "server.log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(self._command, cwd=ROOT, stdout=log, stderr=log)
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
