"""VOI windows and display tables: from stored values to the 256 levels of a screen (PS3.3 C.11.1, C.11.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_voi

from imaging import dicom_values as values
from imaging.source import Array, Window

_LOWER, _UPPER = 0.5, 99.5  # per cent of pixels left black and white when nothing says the window
_SAMPLES = 1_000_000


def header_window(header: Dataset) -> Window | None:
    """The first window of the header, when it is a pair of finite numbers with a width of at least 1."""
    center, width = values.first_number(header, "WindowCenter"), values.first_number(header, "WindowWidth")
    if center is None or width is None or width < 1:
        return None
    return {"center": center, "width": width}


def sees(window: Window, low: float, high: float) -> bool:
    """Whether the window shows anything of pixels between `low` and `high`; one that shows nothing is a mistake."""
    half = window["width"] / 2
    return window["center"] - half < high and window["center"] + half > low


def percentile_window(frame: Array, *, slope: float, intercept: float, padding: tuple[float, float] | None) -> Window:
    """A window over the middle 99 % of a frame's values (padding left out), in modality units."""
    step = max(1, int(np.sqrt(frame.size / _SAMPLES)))
    sample = frame[::step, ::step].ravel()
    if padding is not None:
        kept = sample[(sample < padding[0]) | (sample > padding[1])]
        sample = kept if kept.size else sample
    low, high = (float(one) * slope + intercept for one in np.percentile(sample, (_LOWER, _UPPER)))
    low, high = min(low, high), max(low, high)
    return {"center": round((low + high) / 2, 3), "width": round(max(high - low, 1.0), 3)}


def table_of_window(low: int, high: int, window: Window, *, slope: float, intercept: float) -> Array:
    """uint8 levels for the stored values low..high (linear VOI function, PS3.3 C.11.2.1.2.1)."""
    modality = np.arange(low, high + 1, dtype=np.float64) * slope + intercept
    center, width = window["center"] - 0.5, max(window["width"] - 1, 1e-6)
    return np.rint(np.clip((modality - center) / width + 0.5, 0, 1) * 255).astype(np.uint8)


def table_of_lut(low: int, high: int, header: Dataset, *, slope: float, intercept: float) -> Array | None:
    """uint8 levels for the stored values low..high through the VOI LUT (PS3.3 C.11.2.1.1); None when it is unusable."""
    modality = np.arange(low, high + 1, dtype=np.float64) * slope + intercept
    try:
        out: Array = np.asarray(apply_voi(np.rint(modality).astype(np.int32), header, index=0)).astype(np.float64)
    except Exception:  # a LUT that lies about its own length raises anything: the window is used instead
        return None
    top = float(out.max(initial=0))
    if out.shape != modality.shape or top <= float(out.min()):
        return None
    return np.rint(out / top * 255).astype(np.uint8)


def window_of_table(table: Array, low: int, *, slope: float, intercept: float) -> Window | None:
    """The linear window nearest to a rising table: what a viewport starts from when the file has a VOI LUT only."""
    rising = bool(table[-1] > table[0])
    if not rising:
        return None
    first, last = int(np.argmax(table >= 6)), int(np.argmax(table >= min(249, int(table.max()))))
    if last <= first:
        return None
    start, end = (low + first) * slope + intercept, (low + last) * slope + intercept
    return {"center": round((start + end) / 2, 3), "width": round(max(abs(end - start), 1.0), 3)}


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
