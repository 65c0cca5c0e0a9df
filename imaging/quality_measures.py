"""What is measured of a picture in the sandbox, for `quality.py` to judge: counts and shares, nothing absolute."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from imaging.source import Array

_BLACK = 8  # of 255: the mean of a frame that shows nothing
_STRIDE = 8
_MOST_COUNTED = 4_000_000  # pixels looked at
_MOST_LEVELS = 1 << 17  # more are sorted, not tabulated
_GREY_TINT = 6  # of 255: how far channels may differ in a copy of a grey picture


def measure_still(frame: Array, display: Array) -> dict[str, Any]:
    """Facts of one frame: stored values (rows, columns[, 3]) and the same as displayed (uint8).

    `levels`: distinct stored values; `low`, `high`: share of the middle at the least and greatest stored value;
    `grey`: a colour picture without colour; `dark`: the mean displayed level is black.
    """
    step = max(1, math.isqrt(frame.shape[0] * frame.shape[1] // _MOST_COUNTED) + 1) if _is_huge(frame) else 1
    values = frame[::step, ::step]
    plane = values if values.ndim == 2 else values[..., 1]
    edges = [size // 5 for size in plane.shape]
    middle = plane[edges[0] : plane.shape[0] - edges[0], edges[1] : plane.shape[1] - edges[1]]
    low, high = int(plane.min()), int(plane.max())
    found: dict[str, Any] = {
        "levels": _levels(plane, low, high),
        "low": round(float(np.mean(middle == low)), 3),
        "high": round(float(np.mean(middle == high)), 3),
        "dark": bool(display[::_STRIDE, ::_STRIDE].mean() < _BLACK),
    }
    if values.ndim == 3:
        small = display[::_STRIDE, ::_STRIDE].astype(np.int16)
        found["grey"] = bool(np.abs(small - small[..., 1:2]).mean() < _GREY_TINT)
    return found


def _levels(plane: Array, low: int, high: int) -> int:
    if plane.dtype.kind not in "iu" or high - low > _MOST_LEVELS:
        return int(np.unique(plane).size)
    return int(np.count_nonzero(np.bincount((plane.astype(np.int64) - low).ravel())))


def _is_huge(frame: Array) -> bool:
    return bool(frame.shape[0] * frame.shape[1] > _MOST_COUNTED)


@dataclass(slots=True)
class ClipWatch:
    """Looks at the frames of a clip as they pass: is any of them different, does any of them show something?"""

    frames: int = 0
    moving: bool = False
    seen: bool = False
    _before: Array | None = field(default=None)

    def look(self, display: Array) -> None:
        """One displayed frame (uint8), in order."""
        small = display[::_STRIDE, ::_STRIDE].astype(np.int16)
        self.frames += 1
        self.seen = self.seen or bool(small.mean() >= _BLACK)
        if not self.moving and self._before is not None and small.shape == self._before.shape:
            self.moving = bool(np.abs(small - self._before).max(initial=0) > 2)
        self._before = small

    def as_facts(self) -> dict[str, Any]:
        """`frozen`: several frames, all alike; `dark`: none shows anything."""
        return {"frozen": self.frames > 1 and not self.moving, "dark": self.frames > 0 and not self.seen}
