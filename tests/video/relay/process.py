"""A relay of a test's own, as a process, and a line to its door."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

from tests.browser.service import ROOT, free_port


class Relay:
    """`python -m tests.video.relay.door`, and a line to its door."""

    def __init__(self) -> None:
        port = free_port()
        command = [sys.executable, "-m", "tests.video.relay.door", str(port)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.process.stdout.readline()
        self._line = socket.create_connection(("127.0.0.1", port)).makefile("rw")

    def ask(self, **request: Any) -> dict[str, Any]:
        """One request and its reply."""
        self._line.write(json.dumps(request) + "\n")
        self._line.flush()
        reply: dict[str, Any] = json.loads(self._line.readline())
        return reply

    def stop(self) -> None:
        self._line.close()
        self.process.kill()
        self.process.wait()
