"""Boxes laid over pixels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from imaging.deidentify.boxes import Box
from imaging.source import Array


def fill(frame: Array, boxes: Iterable[Box], value: int) -> Array:
    """A copy of the frame, (rows, columns) or (rows, columns, 3), with every box set to `value`."""
    masked = np.array(frame)
    rows, columns = masked.shape[:2]
    for box in boxes:
        part = box.within(columns, rows)
        if part is not None:
            masked[part.y : part.bottom, part.x : part.right] = value
    return masked
