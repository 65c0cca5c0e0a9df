"""What the values and places of each frame mean: window, rescale, directions, calibration; once, or frame by frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging import geometry, windows
from imaging.facts import NO_LETTERS, Facts, VoiFunction
from imaging.functional_groups import FrameHeaders
from imaging.layout import Layout
from imaging.source import Array, Window
from imaging.windows import Steps

_MOST_SETS = 256  # more than that many different meanings in one clip: the windows are left out, then the places
_SAME = 0.005  # windows nearer than this are one: what the viewport takes for the same


@dataclass(slots=True)
class Meaning:
    """Of one frame. Windows in modality units, `voi_steps` as in `windows.Steps`."""

    window: Window | None = None
    function: VoiFunction = "LINEAR"
    voi_steps: Steps | None = None
    modality_lut: dict[str, float] = field(default_factory=lambda: {"slope": 1.0, "intercept": 0.0})
    orientation: dict[str, str] = field(default_factory=lambda: dict(NO_LETTERS))
    calibration: list[dict[str, Any]] = field(default_factory=list)
    uncalibrated: str | None = None

    def table(self, low: int, high: int, window: Window | None) -> Array:
        """Levels of the stored values low..high through `window`, or through what the file itself asks for."""
        scale = self.modality_lut
        if self.voi_steps is not None and (window is None or self._is_own(window)):
            return windows.table_of_steps(low, high, self.voi_steps, **scale)
        chosen = window or self.window or {"center": 128.0, "width": 256.0}
        return windows.table_of_window(low, high, chosen, function=self.function, **scale)

    def _is_own(self, window: Window) -> bool:
        own = self.window
        if own is None:
            return False
        near = min(_SAME, own["width"] / 1000)
        return all(abs(own[name] - window[name]) < near for name in ("center", "width"))

    def as_json(self) -> dict[str, Any]:
        """The part of a manifest that may differ from frame to frame."""
        return {
            "window": self.window,
            "voi_function": self.function,
            "voi_lut": self.voi_steps,
            "modality_lut": self.modality_lut,
            "orientation": self.orientation,
            "calibration": self.calibration,
            "uncalibrated": self.uncalibrated,
        }


class Meanings:
    """The meaning of every frame of a file; frames that mean the same share it."""

    def __init__(self, header: Dataset, layout: Layout, *, has_modality_lut: bool = False) -> None:
        self._header = header
        self._layout = layout
        self._headers = FrameHeaders(header)
        self._mono = layout.photometric in {"MONOCHROME1", "MONOCHROME2"}
        self._has_modality_lut = has_modality_lut
        self._rounding = (0.0, 1.0)
        self._sets: list[Meaning] = []
        self._of: list[int] = []

    def rescaled_by(self, low: float, step: float) -> None:
        """The values were rounded: they now count steps of `step` from `low`."""
        self._rounding = (low, step)

    def of(self, index: int) -> Meaning:
        """The meaning of the frame with this frame_index."""
        return self._sets[self._of[index]] if index < len(self._of) else self._sets[0]

    def tell(self, facts: Facts, sampled: list[tuple[int, Array]]) -> None:
        """Complete `facts` from the headers and from some frames (frame_index, values)."""
        self._gather(facts)
        if self._mono:
            self._learn(facts, sampled)
        first = self._sets[0]
        for name, value in first.as_json().items():
            setattr(facts, name, value)
        if len(self._sets) > 1:
            facts.per_frame = {"sets": [one.as_json() for one in self._sets], "of": self._of}

    def _gather(self, facts: Facts) -> None:
        count = self._layout.frames if self._headers.differ else 1
        for places, windowed in ((True, True), (True, False), (False, False)):
            known: dict[str, int] = {}
            self._sets, self._of = [], []
            for index in range(count):
                meaning = self._read(self._headers.of(index), facts, places=places, windowed=windowed)
                key = repr(meaning.as_json())
                if key not in known:
                    known[key] = len(self._sets)
                    self._sets.append(meaning)
                self._of.append(known[key])
            if len(self._sets) <= _MOST_SETS:
                return
        self._sets, self._of = self._sets[:1], []

    def _read(self, header: Dataset, facts: Facts, *, places: bool, windowed: bool) -> Meaning:
        layout = self._layout
        found = Meaning()
        if places:
            found.orientation = geometry.orientation(header)
            size = {"rows": layout.rows, "columns": layout.columns}
            found.calibration = geometry.calibration(header, modality=facts.modality, **size)
            found.uncalibrated = geometry.why_uncalibrated(header, found.calibration, **size)
        if self._mono:
            found.modality_lut = self._rescale(header)
            found.function = windows.function_of(header)
            found.window = windows.header_window(header) if windowed else None
        return found

    def _rescale(self, header: Dataset) -> dict[str, float]:
        """Rescale slope and intercept (PS3.3 C.11.1); a LUT sequence is applied to the pixels instead; 0 is none."""
        slope = values.first_number(header, "RescaleSlope")
        intercept = values.first_number(header, "RescaleIntercept")
        if self._has_modality_lut or not slope:
            slope, intercept = 1.0, 0.0
        low, step = self._rounding
        scale = {"slope": slope * step, "intercept": (intercept or 0.0) + low * slope}
        return scale if all(math.isfinite(one) for one in scale.values()) else {"slope": 1.0, "intercept": 0.0}

    def _learn(self, facts: Facts, sampled: list[tuple[int, Array]]) -> None:
        """The range of the sampled frames, and a window where the header has none that shows anything of them."""
        ends: list[float] = []
        for index, frame in sampled:
            scale = self.of(index).modality_lut
            ends += [float(one) * scale["slope"] + scale["intercept"] for one in (frame.min(), frame.max())]
        low, high = min(ends), max(ends)
        facts.pixel_range = {"min": low, "max": high}
        steps = self._steps(facts, low, high)
        index, middle = sampled[len(sampled) // 2]
        own = None
        for meaning in self._sets:
            if steps is not None:
                meaning.voi_steps = steps
                meaning.window = windows.window_of_steps(steps, low, high) or meaning.window
                meaning.function = "LINEAR"
            if meaning.window is None or not windows.sees(meaning.window, low, high):
                own = own or self._own_window(index, middle)
                meaning.window, meaning.function = dict(own[0]), own[1]

    def _own_window(self, index: int, frame: Array) -> tuple[Window, VoiFunction]:
        padding = windows.padding_of(self._header) if self._rounding == (0.0, 1.0) else None
        return windows.own_window(frame, padding=padding, **self.of(index).modality_lut)

    def _steps(self, facts: Facts, low: float, high: float) -> Steps | None:
        header = self._headers.of(0)
        if not windows.has_items(header, "VOILUTSequence"):
            return None
        steps = windows.steps_of_lut(header, low, high, little=self._layout.little)
        if steps is None:
            facts.caution("voi_lut")
        return steps
