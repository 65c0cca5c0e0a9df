"""`python -m tests.bench.renditions`: what renditions cost, in processor seconds, memory, and ratios of these.

Exit status 1 when a reach is missed: 10 s for a 3,000 x 3,000 X-ray of 16 bits, 20 s for 300 frames of 640 x 480, 1 GB.
EVERY=1 renders every sound file of the set as well, and says which took most.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from imaging import sandbox
from imaging.refusals import Refusal
from tests.imaging import files
from tests.imaging.test_file_set import SET

GIGABYTE = 1024**3
CHECKS = 20


def radiograph(path: Path, side: int = 3000) -> Path:
    """Smooth anatomy under a detector's noise."""
    y, x = np.mgrid[0:side, 0:side] / side
    smooth = 20_000 + 15_000 * np.sin(x * 9) * np.cos(y * 7) + 8_000 * np.hypot(x - 0.5, y - 0.5)
    noisy = smooth + np.random.default_rng(1).normal(0, 25, (side, side))
    return files.save(files.dicom(np.clip(noisy, 0, 65_535).astype(np.uint16)), path)


def sweep(path: Path, count: int = 300, rows: int = 480, columns: int = 640) -> Path:
    """A moving fan of speckle."""
    y, x = np.mgrid[0:rows, 0:columns]
    fan = (np.abs(np.arctan2(x - columns / 2, y)) < 0.7) & (np.hypot(x - columns / 2, y) < rows * 0.96)
    speckle = np.random.default_rng(7).normal(120, 30, (rows, columns))
    frames = [np.where(fan, np.clip(np.roll(speckle, number, axis=0), 0, 255), 4) for number in range(count)]
    return files.save(files.jpeg_clip([np.repeat(one.astype(np.uint8)[:, :, None], 3, axis=2) for one in frames]), path)


def rendered(path: Path) -> dict[str, Any]:
    """The end of a rendering: its `cpu_seconds` and `peak_bytes`. Raises Refusal."""
    with tempfile.TemporaryDirectory() as workspace:
        return list(sandbox.run("render", path, Path(workspace)))[-1]


def deflating(path: Path) -> float:
    """Processor seconds that plain zlib takes for the file's bytes on this machine: what the ratios are to."""
    started = time.process_time()
    zlib.compress(path.read_bytes(), 6)
    return time.process_time() - started


def said(name: str, path: Path, most_seconds: float) -> bool:
    cost, unit = rendered(path), deflating(path)
    seconds, peak = cost["cpu_seconds"], cost["peak_bytes"]
    ratio = f"{seconds / unit:.1f} times deflating it"
    print(f"{name}: {seconds:.2f} s of processor ({ratio}), {peak / 1e6:.0f} MB at its peak")
    return bool(seconds < most_seconds and peak < GIGABYTE)


def checking(path: Path) -> None:
    """A check by a forked child against starting Python and loading the decoders for it."""
    with tempfile.TemporaryDirectory() as workspace:
        list(sandbox.run("inspect", path, Path(workspace)))
        started = time.perf_counter()
        for _ in range(CHECKS):
            list(sandbox.run("inspect", path, Path(workspace)))
        forked = (time.perf_counter() - started) / CHECKS
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import imaging.zygote; imaging.zygote.preload()"], check=True)
    fresh = time.perf_counter() - started
    print(f"checking a small file: {forked * 1000:.0f} ms, {fresh / forked:.0f} times less than loading Python for it")


def every_file() -> bool:
    """The costliest of all sound files."""
    costs: list[tuple[float, int, str]] = []
    with (SET / "manifest.csv").open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            if "/malformed/" not in row["file"]:
                try:
                    end = rendered(SET / row["file"])
                except Refusal:
                    continue
                costs.append((end["cpu_seconds"], end["peak_bytes"], row["file"]))
    slowest, largest = max(costs), max(costs, key=lambda one: one[1])
    print(f"{len(costs)} files: at most {slowest[0]:.2f} s ({slowest[2]}), {largest[1] / 1e6:.0f} MB ({largest[2]})")
    return largest[1] < GIGABYTE


def main() -> int:
    """Measure, say, and fail where a reach is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = files.save(files.dicom(np.zeros((64, 64), np.uint16)), folder / "small.dcm")
        checking(small)
        reached = [
            said("all renditions of a 3000 x 3000 X-ray of 16 bits", radiograph(folder / "x.dcm"), 10),
            said("all renditions of 300 frames of 640 x 480", sweep(folder / "us.dcm"), 20),
        ]
    if os.environ.get("EVERY") == "1" and (SET / "manifest.csv").exists():
        reached.append(every_file())
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
