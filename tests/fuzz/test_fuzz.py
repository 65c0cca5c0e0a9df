"""A few hundred changed files go through what ingest does; `make fuzz N=50000` does it at length."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tests.fuzz.mutations import mutate
from tests.fuzz.seeds import seeds

ROOT = Path(__file__).resolve().parents[2]


def test_changed_files_crash_hang_and_grow_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.fuzz", "300"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "300 cases, 0 faults" in done.stdout


def test_a_case_is_the_same_file_each_time_and_differs_from_its_seed() -> None:
    _name, original = seeds()[0]
    first, again = (mutate(original, random.Random(5)) for _ in range(2))
    assert first == again
    assert sum(mutate(original, random.Random(case)) != original for case in range(50)) > 40
