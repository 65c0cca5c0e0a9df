"""The levels that the server draws are those that the viewport draws: both are held to voi_levels.json.

`python -m tests.imaging.test_voi_levels` writes the file anew; static/src/viewport/voi_window.test.ts reads it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.meaning import Meaning

FILE = Path(__file__).with_name("voi_levels.json")
RAMP = [*range(-40, 300, 7), 1000, 2047, 4095]
STEPS = [[-100.0, 0.0], [10.5, 12.0], [80.5, 90.0], [200.5, 255.0], [260.5, 200.0]]
CASES: list[tuple[dict[str, Any], dict[str, float] | None]] = [
    ({"window": {"center": 128, "width": 256}}, None),
    ({"window": {"center": 40, "width": 1}}, None),
    ({"window": {"center": 40.25, "width": 61.5}, "modality_lut": {"slope": 0.37, "intercept": -3.1}}, None),
    ({"window": {"center": 0.4, "width": 0.9}, "modality_lut": {"slope": 0.003, "intercept": 0}, "voi": "EXACT"}, None),
    ({"window": {"center": 100, "width": 150}, "voi": "EXACT"}, None),
    ({"window": {"center": 100, "width": 150}, "voi": "SIGMOID"}, None),
    ({"window": {"center": 100, "width": 150}, "voi": "SIGMOID"}, {"center": 900.0, "width": 4000.0}),
    ({"window": {"center": 100, "width": 150}, "photometric": "MONOCHROME1"}, None),
    ({"window": {"center": 120, "width": 200}, "voi_lut": STEPS}, None),
    ({"window": {"center": 120, "width": 200}, "voi_lut": STEPS}, {"center": 50.0, "width": 80.0}),
    ({"window": {"center": 0, "width": 400}, "modality_lut": {"slope": -1.0, "intercept": 100}}, None),
]
FUNCTIONS: dict[str, Any] = {"EXACT": "LINEAR_EXACT", "SIGMOID": "SIGMOID"}


def drawn() -> list[dict[str, Any]]:
    """Every case with the levels that this server gives it."""
    found = []
    for said, window in CASES:
        manifest = {**said, "voi_function": FUNCTIONS.get(said.get("voi", ""), "LINEAR")}
        manifest.pop("voi", None)
        meaning = Meaning(
            window=manifest["window"],
            function=manifest["voi_function"],
            voi_steps=manifest.get("voi_lut"),
            modality_lut=manifest.get("modality_lut", {"slope": 1.0, "intercept": 0.0}),
        )
        table = meaning.table(min(RAMP), max(RAMP), window)
        if manifest.get("photometric") == "MONOCHROME1":
            table = 255 - table
        levels = table[np.array(RAMP) - min(RAMP)].tolist()
        found.append({"manifest": manifest, "window": window, "stored": RAMP, "levels": levels})
    return found


def as_text() -> str:
    """One case a line."""
    return "[\n" + ",\n".join(json.dumps(one) for one in drawn()) + "\n]\n"


def test_the_server_draws_the_levels_that_the_viewport_is_held_to() -> None:
    assert json.loads(FILE.read_text(encoding="ascii")) == drawn()


@pytest.mark.parametrize("index", range(len(CASES)))
def test_every_case_shows_dark_and_bright(index: int) -> None:
    levels = drawn()[index]["levels"]
    assert max(levels) - min(levels) > 100


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="ascii")
