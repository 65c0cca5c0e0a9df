"""The whole product as `make run` starts it, on a port and a data folder of a test's own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
READY = b"Ctrl-C stops everything"  # the last line of app.greeting


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Service:
    """Every process of the product under the supervisor; `address` is what a browser opens."""

    data_dir: Path
    port: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "DIMSE_PORT": "0",
            "DEMO": "1",
            "SIGN_IN_LIMIT": "1000 per minute",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore",
        }
        return {**os.environ, **own, **self.settings}

    def prepare(self) -> None:
        """Make the database and the demo program."""
        for command in ("migrate", "seed-demo"):
            subprocess.run([sys.executable, "-m", "app.cli", command], cwd=ROOT, env=self.environment, check=True)

    def start(self) -> None:
        """Start the supervisor and wait until it says that all is well. Raises with the log's end if it never does."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.supervisor"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        ready = threading.Event()
        threading.Thread(target=self._keep_log, args=(self.process.stdout, ready), daemon=True).start()
        if not ready.wait(START_SECONDS) or self.health() != 200:
            end = (self.data_dir / "service.log").read_text(errors="replace")[-4000:]
            raise RuntimeError(f"the service was not well within {START_SECONDS} s:\n{end}")

    def _keep_log(self, lines: IO[bytes] | None, ready: threading.Event) -> None:
        with (self.data_dir / "service.log").open("ab", buffering=0) as log:
            for line in lines or ():
                log.write(line)
                if READY in line:
                    ready.set()

    def health(self) -> int:
        """The status of /healthz; 0 while nothing listens."""
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=5) as answer:
                json.load(answer)
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            return int(refusal.code)
        except OSError:
            return 0

    def kill(self, name: str) -> list[int]:
        """SIGKILL every process of the kind `name` (web, worker); returns their pids. The supervisor starts others."""
        pids = [pid for pid in self._descendants() if _command_has(pid, _MARKS[name])]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids

    def stop(self) -> None:
        """Stop everything cleanly."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def _descendants(self) -> list[int]:
        assert self.process is not None
        found, todo = [], [self.process.pid]
        while todo:
            parent = todo.pop()
            children = Path(f"/proc/{parent}/task/{parent}/children")
            for child in map(int, children.read_text().split() if children.exists() else []):
                found.append(child)
                todo.append(child)
        return found


_MARKS = {"web": "gunicorn", "worker": "app.worker"}


def _command_has(pid: int, mark: str) -> bool:
    try:
        return mark in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return False
