"""`make fuzz N=20000` or `python -m tests.fuzz [CASES] [FIRST]`: changed copies of real files through the decoders.

Most cases run many to a process (forked, limited as the sandbox is); one in SANDBOXED goes through the real sandbox and
is rendered. Reported are crashes (the process died), hangs (longer than SECONDS), growth of memory from case to case,
and exceptions that are no refusal. What failed is kept in build/fuzz, named by its case: the same number makes the same
file. Exit status 1 when anything was found.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import json
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path
from types import FrameType
from typing import NoReturn

import numpy as np

from imaging import sandbox, sandbox_child, tiles
from imaging.codecs import load_decoders
from imaging.refusals import Refusal
from imaging.source import open_source
from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import seeds

OUT = Path(__file__).resolve().parents[2] / "build" / "fuzz"
SECONDS = 20
BATCH = 250
SANDBOXED = 100
FRAMES = 3  # of each file that opens
GROWTH_MB = 150  # of one process over its batch


class Hang(BaseException):
    """A case took too long."""


def case_bytes(case: int) -> tuple[str, bytes]:
    """The file of a case: always the same for the same number and seeds."""
    rng = random.Random(case)
    name, original = rng.choice(seeds())
    return name, mutate(original, rng)


def open_and_draw(path: Path, workspace: Path) -> str:
    """What ingest and rendering do to a file, in this process; "shown" or the refusal's code."""
    try:
        source = open_source(path, workspace)
        source.facts.as_json()
        for index in range(min(FRAMES, source.facts.frames)):
            shown = source.to_display(source.frame(index), index=index)
            if shown.dtype != np.uint8 or shown.shape[:2] != (source.facts.rows, source.facts.columns):
                raise AssertionError(f"a frame of {shown.shape} {shown.dtype}")
        return "shown"
    except Refusal as refusal:
        return refusal.code
    except MemoryError:
        return "out_of_memory"


def tile_case(case: int) -> str:
    """A random picture through the tile coder and back; then its payload damaged, which must not pass unnoticed."""
    rng = np.random.default_rng(case)
    bits, channels = int(rng.choice((8, 16))), int(rng.choice((1, 3)))
    shape = (int(rng.integers(1, 80)), int(rng.integers(1, 80)))
    top = int(rng.integers(1, 1 << bits))
    kind = np.uint8 if bits == 8 else np.uint16
    image = rng.integers(0, top + 1, (*shape, 3) if channels == 3 else shape).astype(kind)
    payload = tiles.encode_tile(image, bits)
    if not np.array_equal(tiles.decode_tile(payload, *shape, bits, channels), image):
        raise AssertionError(f"tile {case} came back changed")
    damaged = mutate(payload, random.Random(case))
    try:
        tiles.decode_tile(damaged, *shape, bits, channels)
    except (ValueError, zlib.error, IndexError):
        return "tile refused"
    return "tile read"


def on_alarm(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def work(cases: range, answer: int) -> NoReturn:
    """A forked process: does its cases and tells each before and after."""
    sandbox_child.limit_this_process(SECONDS * BATCH)
    signal.signal(signal.SIGALRM, on_alarm)
    with os.fdopen(answer, "w") as pipe, tempfile.TemporaryDirectory(prefix="nidaan-fuzz-") as folder:
        for case in cases:
            print(json.dumps({"begins": case}), file=pipe, flush=True)
            signal.alarm(SECONDS)
            found: dict[str, object] = {"case": case}
            try:
                if case % 20 == 7:
                    found["end"] = tile_case(case)
                else:
                    path = Path(folder) / "file"
                    path.write_bytes(case_bytes(case)[1])
                    found["end"] = open_and_draw(path, Path(folder))
            except Hang:
                found |= {"end": "HANG", "fault": "hang"}
            except BaseException:
                found |= {"end": "EXCEPTION", "fault": traceback.format_exc(limit=-6)}
            signal.alarm(0)
            found["rss_mb"] = _resident_mb()
            print(json.dumps(found), file=pipe, flush=True)
    os._exit(0)


def _resident_mb() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1_048_576


class Report:
    """Ends counted, faults kept."""

    def __init__(self) -> None:
        self.ends: collections.Counter[str] = collections.Counter()
        self.faults: list[tuple[int, str]] = []
        self.peak_mb = 0

    def fault(self, case: int, words: str) -> None:
        """Note a fault and keep its file."""
        self.faults.append((case, words))
        OUT.mkdir(parents=True, exist_ok=True)
        name, data = case_bytes(case)
        (OUT / f"{case}.bin").write_bytes(data)
        (OUT / f"{case}.txt").write_text(f"{name}\n{words}\n", encoding="utf-8")
        print(f"case {case} ({name}): {words.strip().splitlines()[-1]}", flush=True)


def run_batch(cases: range, report: Report) -> None:
    """All cases of a batch, whatever dies on the way."""
    while cases:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            work(cases, writer)
        os.close(writer)
        last = _listen(reader, cases, report)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if last is None:
            return
        report.ends["CRASH"] += 1
        report.fault(last, "the process died, or was killed for staying in a library")
        cases = range(last + 1, cases.stop)


def _listen(reader: int, cases: range, report: Report) -> int | None:
    """Read a process's lines to its end; the case that it died in, or None."""
    begun: int | None = None
    first_mb = 0
    kept = b""
    deadline = time.monotonic() + 2 * SECONDS
    while True:
        if not select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
            break
        piece = os.read(reader, 65536)
        if not piece:
            break
        *lines, kept = (kept + piece).split(b"\n")
        for line in lines:
            said = json.loads(line)
            deadline = time.monotonic() + 2 * SECONDS
            if "begins" in said:
                begun = said["begins"]
                continue
            begun = None
            report.ends[said["end"]] += 1
            report.peak_mb = max(report.peak_mb, said["rss_mb"])
            first_mb = first_mb or said["rss_mb"]
            if "fault" in said:
                report.fault(said["case"], said["fault"])
            if said["case"] == cases.stop - 1 and said["rss_mb"] - first_mb > GROWTH_MB:
                report.fault(said["case"], f"grew from {first_mb} to {said['rss_mb']} MB over {len(cases)} cases")
    os.close(reader)
    return begun


def run_sandboxed(case: int, report: Report) -> None:
    """One case as the worker does it: rendered, in the real sandbox."""
    with tempfile.TemporaryDirectory(prefix="nidaan-fuzz-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(case_bytes(case)[1])
        workspace = Path(folder) / "work"
        workspace.mkdir()
        try:
            for _event in sandbox.run("render", path, workspace):
                pass
            report.ends["sandbox: shown"] += 1
        except Refusal as refusal:
            report.ends[f"sandbox: {refusal.code}"] += 1
            if refusal.code in {"crashed", "out_of_time"}:
                report.fault(case, f"sandbox: {refusal.code}")


def main(arguments: list[str]) -> int:
    """Run and report."""
    count = int(arguments[0]) if arguments else 2000
    first = int(arguments[1]) if len(arguments) > 1 else 0
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    load_decoders()
    for name in ("animations", "documents", "pictures", "pixels", "videos", "dicomweb.sandboxed"):
        importlib.import_module(f"imaging.{name}")  # once, and not by each process again
    report = Report()
    started = time.monotonic()
    for start in range(first, first + count, BATCH):
        run_batch(range(start, min(start + BATCH, first + count)), report)
        print(f"{start + BATCH - first} of {count}, {len(report.faults)} faults", file=sys.stderr, flush=True)
    for case in range(first, first + count, SANDBOXED):
        run_sandboxed(case, report)
    for end, number in report.ends.most_common():
        print(f"{number:8} {end}")
    seconds = time.monotonic() - started
    print(f"{count} cases, {len(report.faults)} faults, peak {report.peak_mb} MB, {seconds:.0f} s")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
