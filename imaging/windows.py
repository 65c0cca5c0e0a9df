"""VOI windows and display tables: from stored values to the 256 levels of a screen (PS3.3 C.11.1, C.11.2).

The viewport draws the same levels from the same numbers (`static/src/viewport/voi_window.ts`): change both or none.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging.facts import VoiFunction
from imaging.lookup import Lut
from imaging.source import Array, Window

Steps = list[list[float]]  # [from this value on, level], rising

_FUNCTIONS = {"LINEAR", "LINEAR_EXACT", "SIGMOID"}
_LOWER, _UPPER = 0.5, 99.5  # per cent of pixels left black and white when nothing says the window
_SAMPLES = 1_000_000
_MOST_STEPS = 4096
_NARROW = 16  # LINEAR takes one off the width: too much of a narrow window, wrong of one below 1


def function_of(header: Dataset) -> VoiFunction:
    """VOI LUT Function (0028,1056); LINEAR where it is absent or unknown."""
    found = values.text(header, "VOILUTFunction").upper()
    return cast(VoiFunction, found) if found in _FUNCTIONS else "LINEAR"


def header_window(header: Dataset) -> Window | None:
    """The first window of the header, when it is a pair of finite numbers with a width that its function allows."""
    center, width = values.first_number(header, "WindowCenter"), values.first_number(header, "WindowWidth")
    if center is None or width is None or width <= 0 or (width < 1 and function_of(header) == "LINEAR"):
        return None
    return {"center": center, "width": width}


def sees(window: Window, low: float, high: float) -> bool:
    """Whether the window shows anything of pixels between `low` and `high`; one that shows nothing is a mistake."""
    half = window["width"] / 2
    return window["center"] - half < high and window["center"] + half > low


def percentile_window(frame: Array, *, slope: float, intercept: float, padding: tuple[float, float] | None) -> Window:
    """A window over the middle 99 % of a frame's values (padding left out), in modality units."""
    low, high = _middle(frame, slope=slope, intercept=intercept, padding=padding)
    return {"center": round((low + high) / 2, 3), "width": round(max(high - low, 1.0), 3)}


def own_window(
    frame: Array, *, slope: float, intercept: float, padding: tuple[float, float] | None
) -> tuple[Window, VoiFunction]:
    """The same, with the function it is meant for: few or fractional values need LINEAR_EXACT."""
    low, high = _middle(frame, slope=slope, intercept=intercept, padding=padding)
    if high - low >= _NARROW:
        return {"center": round((low + high) / 2, 3), "width": round(high - low, 3)}, "LINEAR"
    width = high - low if high > low else max(abs(slope), 1e-9)
    return {"center": (low + high) / 2, "width": width}, "LINEAR_EXACT"


def _middle(
    frame: Array, *, slope: float, intercept: float, padding: tuple[float, float] | None
) -> tuple[float, float]:
    step = max(1, int(np.sqrt(frame.size / _SAMPLES)))
    sample = frame[::step, ::step].ravel()
    if padding is not None:
        kept = sample[(sample < padding[0]) | (sample > padding[1])]
        sample = kept if kept.size else sample
    ends = [float(one) * slope + intercept for one in np.percentile(sample, (_LOWER, _UPPER))]
    return min(ends), max(ends)


def levels(modality: Array, window: Window, function: VoiFunction) -> Array:
    """uint8 levels of modality values (float64): PS3.3 C.11.2.1.2.1, C.11.2.1.3.1 (SIGMOID) and C.11.2.1.3.2."""
    center, width = window["center"], window["width"]
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            shown = 255 / (1 + np.exp(-4 * (modality - center) / width))
    elif function == "LINEAR" and width <= 1:
        shown = np.where(modality > center - 0.5, 255.0, 0.0)
    else:
        if function == "LINEAR":
            center, width = center - 0.5, width - 1
        shown = np.clip((modality - center) / width + 0.5, 0, 1) * 255
    rounded: Array = np.floor(shown + 0.5).astype(np.uint8)  # halves go up, as in every browser
    return rounded


def table_of_window(
    low: int, high: int, window: Window, *, slope: float, intercept: float, function: VoiFunction = "LINEAR"
) -> Array:
    """uint8 levels for the stored values low..high."""
    return levels(_modality(low, high, slope, intercept), window, function)


def table_of_steps(low: int, high: int, steps: Steps, *, slope: float, intercept: float) -> Array:
    """uint8 levels for the stored values low..high through a VOI LUT given as steps."""
    found = np.array(steps, np.float64)
    at = np.searchsorted(found[:, 0], _modality(low, high, slope, intercept), side="right") - 1
    shown: Array = found[np.maximum(at, 0), 1].astype(np.uint8)
    return shown


def _modality(low: int, high: int, slope: float, intercept: float) -> Array:
    return np.arange(low, high + 1, dtype=np.float64) * slope + intercept


def steps_of_lut(header: Dataset, low: float, high: float, *, little: bool = True) -> Steps | None:
    """The first VOI LUT (PS3.3 C.11.2.1.1) as steps in modality units; None when it shows nothing of low..high.

    The steps say where the level changes, which is all that a screen needs of up to 65,536 entries.
    """
    for item in values.items(header, "VOILUTSequence")[:1]:
        lut = Lut.read(item, signed_input=low < 0, little=little)
        if lut is None:
            return None
        table = np.floor(np.clip(lut.table / lut.top, 0, 1) * 255 + 0.5).astype(np.uint8)
        starts = [0, *(np.flatnonzero(np.diff(table.astype(np.int16))) + 1).tolist()]
        if len(starts) > _MOST_STEPS:
            return None
        steps = [[lut.first + start - (0.5 if start else 0.0), float(table[start])] for start in starts]
        at_ends = np.array([low, high])
        seen = table[np.clip(np.floor(at_ends + 0.5).astype(np.int64) - lut.first, 0, len(table) - 1)]
        inside = table[max(0, int(low) - lut.first) : max(1, int(high) + 1 - lut.first)]
        if inside.size and int(inside.max()) > int(inside.min()):
            return steps
        return steps if int(seen.max()) > int(seen.min()) else None
    return None


def window_of_steps(steps: Steps, low: float, high: float) -> Window | None:
    """The linear window nearest to a rising LUT: what the viewport starts from when a doctor changes it."""
    rising = [step for step in steps if step[1] >= 6]
    if not rising or steps[-1][1] <= steps[0][1]:
        return None
    top = min(249.0, max(step[1] for step in steps))
    start, end = max(low, rising[0][0]), min(high, next(step[0] for step in steps if step[1] >= top))
    if end <= start:
        return None
    return {"center": round((start + end) / 2, 3), "width": round(max(end - start, 1.0), 3)}


def padding_of(header: Dataset) -> tuple[float, float] | None:
    """The range of stored values that only fill the frame (PS3.3 C.7.5.1.1.2)."""
    value = values.first_number(header, "PixelPaddingValue")
    if value is None:
        return None
    limit = values.first_number(header, "PixelPaddingRangeLimit")
    other = value if limit is None else limit
    return min(value, other), max(value, other)


def has_items(header: Dataset, keyword: str) -> bool:
    """Whether a sequence is there with at least one item."""
    found: list[Any] = values.items(header, keyword)
    return bool(found)
