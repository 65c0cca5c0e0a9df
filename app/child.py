"""One process of the supervisor's: started in a group of its own, read line by line, ended with all it started."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1  # prctl(2)
LONGEST_LINE = 64 * 1024


class Child:
    """A command that may be started many times, once at a time."""

    def __init__(self, name: str, command: str, environment: Mapping[str, str], folder: Path, prefix: str = "") -> None:
        self.name = name
        self.command = command
        self.environment = environment
        self.folder = folder
        self.prefix = prefix
        self.pause = 0.0  # before the next start; grows with each failure
        self.start_at = 0.0
        self.started_at = 0.0
        self.process: subprocess.Popen[bytes] | None = None
        self.output: IO[bytes] | None = None  # while there may be more to read
        self._rest = b""

    @property
    def running(self) -> bool:
        """Whether it has been started and not yet been reaped."""
        return self.process is not None

    def start(self, now: float) -> IO[bytes]:
        """Start the command; returns its output (stdout and stderr together), to be waited for."""
        self.started_at = now
        self._rest = b""
        self.process = subprocess.Popen(
            # exec: the shell only reads the command, the process is the program itself
            ["/bin/sh", "-c", f"exec {self.command}"],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a terminal's Ctrl-C reaches the supervisor alone, which stops things in order
            preexec_fn=_ends_with(os.getpid()),
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        self.output = self.process.stdout
        return self.output

    def read_lines(self) -> tuple[list[str], bool]:
        """Whole lines that have come since the last call, and whether that was the end of the output."""
        assert self.output is not None
        ended = False
        with suppress(BlockingIOError):
            while not ended and len(self._rest) < LONGEST_LINE:
                data = os.read(self.output.fileno(), LONGEST_LINE)
                self._rest += data
                ended = not data
        *lines, self._rest = self._rest.split(b"\n")
        if self._rest and (ended or len(self._rest) >= LONGEST_LINE):
            lines.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in lines], ended

    def reap(self) -> int | None:
        """The exit status if the process has ended (negative: the signal that ended it); what it left is killed."""
        if self.process is None:
            return None
        status = self.process.poll()
        if status is not None:
            self._signal_group(signal.SIGKILL)
            self.process = None
        return status

    def terminate(self) -> None:
        """Ask the process to stop."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.terminate()

    def kill(self) -> None:
        """End the process, and every process that it started, now."""
        if self.process is not None:
            self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        assert self.process is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def _ends_with(parent: int) -> Callable[[], None]:
    """What the new process does before its program: ask the kernel for SIGTERM when `parent` dies, however it dies."""
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)  # Linux only; elsewhere a SIGKILL leaves orphans

    def ask() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)  # it died in between

    return ask
