"""Our relay beside aiortc's MediaRelay and Janus on the same load: `python -m tests.bench.relay`.

Each engine has core 0 for itself, the load core 1; the engines take turns, several times, so that a busy machine spoils
all alike. A forwarded stream is one participant's picture and voice (528 kbit/s) sent to one other participant.
`--steps 6,12,18` looks for how many rooms of three each carries with under 1 % loss. Needs Debian's `janus`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from tests.browser.service import ROOT, free_port
from tests.video.relay.janus import JanusServer

MODES = ("ours", "mediarelay", "janus")
DOORS = {"ours": "tests.video.relay.door", "mediarelay": "tests.bench.media_relay"}


def address() -> str:
    """An address of this machine's that is not the loopback, which Janus does not use."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def pinned(core: int) -> list[str]:
    """A prefix that gives a command a core, and precedence where that is allowed."""
    nice = ["nice", "-n", "-15"] if os.geteuid() == 0 else []
    return [*nice, "taskset", "-c", str(core)]


@contextmanager
def engine(mode: str) -> Iterator[tuple[str, int]]:
    """A running engine on core 0: its door, and its process."""
    if mode == "janus":
        with tempfile.TemporaryDirectory() as folder:
            janus = JanusServer(Path(folder), pinned(0))
            yield janus.url, janus.process.pid
            janus.stop()
        return
    port = free_port()
    command = [*pinned(0), sys.executable, "-m", DOORS[mode], str(port), address()]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    yield str(port), process.pid
    process.kill()
    process.wait()


def run(mode: str, rooms: int, seconds: float) -> dict[str, Any] | None:
    """One measurement; None when the load could not be made."""
    with engine(mode) as (door, pid):
        command = [*pinned(1), sys.executable, "-m", "tests.bench.relay_load", mode, door, address()]
        command += [str(rooms), str(seconds), str(pid)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        print(f"{mode} with {rooms} rooms: {done.stderr.strip().splitlines()[-1:]}", flush=True)
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    show(found)
    return found


def show(one: dict[str, Any]) -> None:
    delay = f"{one['p50']:.1f} / {one['p95']:.1f} ms" if one["p50"] is not None and one["p95"] is not None else "-"
    late = f", load late {one['late']:.1%}" if one["late"] > 0.01 else ""
    print(
        f"{one['mode']:>10} {one['rooms']:>3} rooms {one['streams']:>4} streams: core {one['cpu']:.1%}, "
        f"{one['cpu_ms_per_stream']:.2f} ms/s a stream, pictures {one['pictures']:.2%}, voices {one['voices']:.2%}, "
        f"delay p50/p95 {delay}{late}",
        flush=True,
    )


def compare(rooms: int, seconds: float, turns: int, modes: list[str]) -> dict[str, float]:
    """Each engine's median CPU for a forwarded stream (ms a second), the engines in turns."""
    costs: dict[str, list[float]] = {mode: [] for mode in modes}
    for _ in range(turns):
        for mode in modes:
            found = run(mode, rooms, seconds)
            if found is not None:
                costs[mode].append(found["cpu_ms_per_stream"])
    return {mode: median(own) for mode, own in costs.items() if own}


def capacity(mode: str, steps: list[int], seconds: float) -> int:
    """The most forwarded streams with under 1 % loss, of those tried; stops at the first that loses more."""
    best = 0
    for rooms in steps:
        found = run(mode, rooms, seconds)
        if found is None or found["pictures"] < 0.99 or found["voices"] < 0.99:
            break
        best = found["streams"]
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, nargs="+", default=[1, 12])
    parser.add_argument("--steps", default="")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--modes", default=",".join(MODES))
    given = parser.parse_args()
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        print("relay is skipped: it needs two cores and taskset.")
        return
    modes = [one for one in given.modes.split(",") if one != "janus" or shutil.which("janus")]
    for rooms in given.rooms:
        able = [mode for mode in modes if mode != "mediarelay" or rooms == 1]  # more than one is too many for it
        costs = compare(rooms, given.seconds, given.turns, able)
        for mode, cost in costs.items():
            print(f"{rooms} rooms, {mode}: {cost:.2f} ms/s a stream, {cost / costs[able[0]]:.2f} of {able[0]}")
    for mode in modes if given.steps else ():
        most = capacity(mode, [int(one) for one in given.steps.split(",")], given.seconds)
        print(f"{mode}: {most} streams with under 1 % loss")


if __name__ == "__main__":
    main()
