"""How long each frame of a clip is shown."""

from __future__ import annotations

from pydicom.dataset import Dataset

from imaging import dicom_values as values

_SHORTEST_MS, _LONGEST_MS = 2.0, 10_000.0
DEFAULT_FRAME_MS = 1000 / 15  # for playing only: a clip that says no time has none in its facts


def frame_durations(header: Dataset, frames: int) -> list[float]:
    """Milliseconds per frame: one value for all, one each (Frame Time Vector), or an empty list when nothing says.

    PS3.3 C.7.6.5: Frame Time (0018,1063), Frame Time Vector (0018,1065: increments, so the first says nothing of
    how long frame 1 lasts), then Cine Rate and Recommended Display Frame Rate. Zero and absurd values say nothing.
    """
    vector = values.finite_numbers(header, "FrameTimeVector")
    if len(vector) == frames > 1 and all(_SHORTEST_MS <= step <= _LONGEST_MS for step in vector[1:]):
        return [*vector[1:], vector[-1]]
    time = values.first_number(header, "FrameTime")
    if time is not None and _SHORTEST_MS <= time <= _LONGEST_MS:
        return [time]
    for keyword in ("CineRate", "RecommendedDisplayFrameRate"):
        rate = values.first_number(header, keyword)
        if rate is not None and rate > 0 and _SHORTEST_MS <= 1000 / rate <= _LONGEST_MS:
            return [1000 / rate]
    return []


def durations_us(durations_ms: list[float], frames: int) -> list[int]:
    """A duration in microseconds for each of `frames` frames."""
    if len(durations_ms) == frames:
        return [round(one * 1000) for one in durations_ms]
    one = durations_ms[0] if durations_ms else DEFAULT_FRAME_MS
    return [round(one * 1000)] * frames
