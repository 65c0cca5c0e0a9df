"""`python -m app.supervisor`: runs the Procfile's processes as one, for `make run` and for a single machine.

A process that ends is started again; SIGINT, SIGTERM and SIGHUP stop them all; and if the supervisor itself is killed
its processes end too. Everything happens in one thread: reading output, reaping and signals wake one selector.
"""

from __future__ import annotations

import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from app.child import Child
from app.greeting import Greeting

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 10.0
STEADY_SECONDS = 30.0  # a process that lived this long starts over with the shortest pause
TICK_SECONDS = 0.25
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def read_procfile(text: str) -> dict[str, str]:
    """Name -> command of each `name: command` line; empty lines and # comments are skipped."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, command = line.partition(":")
        if line.strip() and not line.lstrip().startswith("#"):
            if not colon or not command.strip():
                raise ValueError(f"Procfile: {line!r} is not `name: command`")
            found[name.strip()] = command.strip()
    return found


class Supervisor:
    """Keeps every command running until told to stop."""

    def __init__(
        self, commands: Mapping[str, str], environment: Mapping[str, str], out: TextIO, folder: Path = ROOT
    ) -> None:
        width = max(map(len, commands), default=0)
        self.out = out
        self.selector = selectors.DefaultSelector()
        self.children = [
            Child(name, command, environment, folder, prefix=f"{name:<{width}} | ")
            for name, command in commands.items()
        ]
        self.stop_by: float | None = None  # when patience ends, once stopping

    def run(self, tick: Callable[[], None] = lambda: None) -> None:
        """Start everything; returns when a signal has stopped everything. `tick` is called a few times a second."""
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        self.selector.register(woken, selectors.EVENT_READ)
        before = signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, self._on_signal) for number in (*STOPPING, signal.SIGCHLD)}
        try:
            self._loop(woken, tick)
        finally:
            for child in self.children:
                child.kill()
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            woken.close()
            wake.close()

    def _loop(self, woken: socket.socket, tick: Callable[[], None]) -> None:
        while self.stop_by is None or any(child.running for child in self.children):
            now = time.monotonic()
            for child in self.children:
                self._tend(child, now)
            for key, _ in self.selector.select(TICK_SECONDS):
                if key.fileobj is woken:
                    woken.recv(4096)
                else:
                    self._forward(key.data)
            if self.stop_by is None:
                tick()

    def _tend(self, child: Child, now: float) -> None:
        """Start what is due, reap what has ended, and lose patience with what will not stop."""
        if child.running:
            status = child.reap()
            if status is not None:
                self._ended(child, status, now)
            elif self.stop_by is not None and now > self.stop_by:
                self.say(f"{child.name} does not stop; it is killed")
                child.kill()
        elif self.stop_by is None and now >= child.start_at:
            self.selector.register(child.start(now), selectors.EVENT_READ, child)

    def _ended(self, child: Child, status: int, now: float) -> None:
        if child.output is not None:
            self._forward(child)
            self._forget(child)
        if self.stop_by is not None:
            return
        steady = now - child.started_at > STEADY_SECONDS
        child.pause = FIRST_PAUSE_SECONDS if steady or not child.pause else min(child.pause * 2, LONGEST_PAUSE_SECONDS)
        child.start_at = now + child.pause
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        self.say(f"{child.name} {how}; starting it again in {child.pause:g} s")

    def _forward(self, child: Child) -> None:
        lines, ended = child.read_lines()
        self.out.writelines(f"{child.prefix}{line}\n" for line in lines)
        self.out.flush()
        if ended:
            self._forget(child)

    def _forget(self, child: Child) -> None:
        if child.output is not None:
            self.selector.unregister(child.output)
            child.output.close()
            child.output = None

    def _on_signal(self, number: int, _frame: object) -> None:
        if number not in STOPPING:
            return
        if self.stop_by is not None:
            self.stop_by = 0.0  # asked twice: no more patience
            return
        self.stop_by = time.monotonic() + STOP_SECONDS
        for child in self.children:
            child.terminate()

    def say(self, text: str) -> None:
        """One line of the supervisor's own."""
        self.out.write(f"{text}\n")
        self.out.flush()


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of every process: our own Python first, output unbuffered."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', os.defpath)}"
    return {**environ, "PATH": path, "PYTHONUNBUFFERED": "1"}


def port_is_taken(port: int) -> bool:
    """Whether another program listens on `port` of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def main() -> None:
    """Run the Procfile beside this package; says where the product is once it answers."""
    greeting = Greeting.from_environment(os.environ)
    if port_is_taken(greeting.port):
        sys.exit(f"Port {greeting.port} is taken by another program. Try: make run PORT={greeting.port + 10}")
    commands = read_procfile((ROOT / "Procfile").read_text(encoding="utf-8"))
    supervisor = Supervisor(commands, child_environment(os.environ), sys.stdout)
    supervisor.run(lambda: greeting.look(supervisor.say))
    supervisor.say("Everything is stopped.")


if __name__ == "__main__":
    main()
