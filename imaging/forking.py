"""The asker's side of `zygote.py`: one of them a process, started when first needed and again whenever it is gone."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE_SECONDS = 10.0
_LOADING_SECONDS = 60.0  # a second on a machine that has nothing else to do
# One thread each: the limits are per process, the cores belong to the calls, and only one thread survives a fork.
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Lost(Exception):
    """What forks the children died: of the file's child nothing can be said."""


class Ending(NamedTuple):
    """How a child ended: exit status (minus the signal it died of), and what it cost."""

    status: int
    cpu_seconds: float
    peak_bytes: int


class Zygote:
    """A running `python -m imaging.zygote` and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", **_THREADS}
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "imaging.zygote", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders print what they find, and what they find may be a name
                env=environment,
                cwd=_ROOT,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.owner = os.getpid()
        self.socket = ours
        self._lock = threading.Lock()

    @property
    def usable(self) -> bool:
        """Not for a process that was forked from its owner: two askers would read each other's answers."""
        return self.owner == os.getpid() and self.process.poll() is None

    def send(self, data: bytes, descriptors: list[int]) -> None:
        """Ask for a child. Raises OSError when nobody is there."""
        with self._lock:
            sent = socket.send_fds(self.socket, [data], descriptors)
            self.socket.sendall(data[sent:])

    def close(self) -> None:
        """End it and its children."""
        self.socket.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


class Child:
    """A forked child: `events` is the pipe it speaks on (a descriptor)."""

    def __init__(self, zygote: Zygote, events: int, line: socket.socket) -> None:
        self._zygote, self.events, self._line = zygote, events, line
        self._heard = b""
        self._closed = False
        line.settimeout(_PATIENCE_SECONDS)

    def wait_for_birth(self) -> None:
        """Until it lives: its time starts then, not while decoders are being loaded. Raises Lost."""
        self._line.settimeout(_LOADING_SECONDS)
        try:
            self._heard = self._line.recv(1)
        except OSError as error:
            self._zygote.close()
            raise Lost from error
        finally:
            self._line.settimeout(_PATIENCE_SECONDS)
        if not self._heard:
            raise Lost

    def ending(self) -> Ending:
        """How it ended, once it has. Raises Lost."""
        try:
            while piece := self._line.recv(64):
                self._heard += piece
        except OSError as error:  # it does not answer: neither does it fork anything any more
            self._zygote.close()
            raise Lost from error
        try:
            status, cpu_ms, peak_kib = map(int, self._heard.removeprefix(b"+").split())
        except ValueError as error:
            raise Lost from error
        return Ending(status, cpu_ms / 1000, peak_kib * 1024)

    def end(self) -> None:
        """Kill it if it still lives; returns once it is gone."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError, Lost):
            self._line.shutdown(socket.SHUT_WR)
            self.ending()
        self._line.close()
        os.close(self.events)


_current: Zygote | None = None
_starting = threading.Lock()


def _usable_zygote() -> Zygote:
    global _current
    with _starting:
        if _current is None or not _current.usable:
            if _current is not None:
                _current.close()
            _current = Zygote()
        return _current


def fork_child(request: dict[str, Any]) -> Child:
    """A child that does `request` (see `sandbox_child.speak`). Raises Lost when none can be had."""
    data = json.dumps(request).encode("ascii") + b"\n"
    for _attempt in range(3):
        zygote = _usable_zygote()
        events, voice = os.pipe()
        line, theirs = socket.socketpair()
        try:
            zygote.send(data, [voice, theirs.fileno()])
            return Child(zygote, events, line)
        except OSError:  # it died between two files
            zygote.close()
            os.close(events)
            line.close()
        finally:
            os.close(voice)
            theirs.close()
    raise Lost


def warm_up() -> None:
    """Have the decoders loaded before the first file comes; returns at once."""
    _usable_zygote()


@atexit.register
def cool_down() -> None:
    """End what was started here (it would end by itself when this process does)."""
    global _current
    with _starting:
        if _current is not None:
            _current.close()
        _current = None
