"""Lengths and directions. A length is given only where the file calibrates it; every doubt ends in pixels."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging import regions
from imaging.modalities import PROJECTION

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
_SANE_MM = (0.0001, 100.0)
_SANE_MAGNIFICATION = (1.0005, 10.0)
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing")

Area = dict[str, Any]
Reason = Literal["unsaid", "impossible", "outside", "no_length"]  # sentences in cautions.py


def calibration(data: Dataset, *, modality: str, rows: int, columns: int) -> list[Area]:
    """Calibrated areas of the picture, in pixels (half-open), the first that covers a place ruling it; [] is none.

    Each has `per_px_x`, `per_px_y` and `unit_x`, `unit_y` ("mm", "s", "cm/s" or ""). Where both are mm there are
    `mm_per_px_x`, `mm_per_px_y` too, and `label` says how far they may be believed: "mm", "mm at detector" or
    "mm estimated" (by a magnification factor).

    Ultrasound regions (PS3.3 C.8.5.5) rule where present; else Pixel Spacing (10.7.1.3); else, for projections only,
    Imager Pixel Spacing. Zero, negative, single or textual spacings are none.
    """
    if values.raw(data, "SequenceOfUltrasoundRegions") is not None:
        return regions.areas(values.items(data, "SequenceOfUltrasoundRegions"), rows=rows, columns=columns)
    spacing, at_detector = _spacing(data, "PixelSpacing"), _spacing(data, "ImagerPixelSpacing")
    if modality not in PROJECTION:
        return [_whole(spacing, rows, columns, "mm")] if spacing else []
    if spacing and at_detector and not _same(spacing, at_detector):
        return [_whole(spacing, rows, columns, "mm")]  # corrected for magnification, by the standard's own rule
    if spacing and not at_detector and values.text(data, "PixelSpacingCalibrationType").upper() in _CALIBRATED:
        return [_whole(spacing, rows, columns, "mm")]
    found = spacing or at_detector
    if not found:
        return []
    factor = values.first_number(data, "EstimatedRadiographicMagnificationFactor")
    if factor is not None and _SANE_MAGNIFICATION[0] <= factor <= _SANE_MAGNIFICATION[1]:
        return [_whole((found[0] / factor, found[1] / factor), rows, columns, "mm estimated")]
    return [_whole(found, rows, columns, "mm at detector")]


_CALIBRATED = {"GEOMETRY", "FIDUCIAL"}  # Pixel Spacing Calibration Type (0028,0A02)


def why_uncalibrated(data: Dataset, areas: list[Area], *, rows: int, columns: int) -> Reason | None:
    """Why no length can be given anywhere in the picture; None where one can."""
    if any("mm_per_px_x" in area for area in areas):
        return None
    if values.raw(data, "SequenceOfUltrasoundRegions") is not None:
        return regions.why_no_length(values.items(data, "SequenceOfUltrasoundRegions"), rows=rows, columns=columns)
    return "impossible" if any(values.unreadable(data, keyword) for keyword in _SPACINGS) else "unsaid"


def _spacing(data: Dataset, keyword: str) -> tuple[float, float] | None:
    """(between rows, between columns) in mm, or None unless both are there and sane."""
    numbers = values.finite_numbers(data, keyword)
    if len(numbers) != 2 or not all(_SANE_MM[0] <= number <= _SANE_MM[1] for number in numbers):
        return None
    return numbers[0], numbers[1]


def _same(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return all(math.isclose(one, other, rel_tol=1e-3) for one, other in zip(a, b, strict=True))


def _whole(spacing: tuple[float, float], rows: int, columns: int, label: str) -> Area:
    return regions.area((0, 0, columns, rows), (spacing[1], "mm"), (spacing[0], "mm"), label)


def orientation(data: Dataset) -> dict[str, str]:
    """Letters at the four edges, from Patient Orientation (PS3.3 C.7.6.1.1.1) or direction cosines (C.7.6.2.1.1)."""
    value = values.raw(data, "PatientOrientation")
    letters = [str(one).strip().upper() for one in value] if isinstance(value, list) or _is_pair(value) else []
    if len(letters) != 2 or not all(_is_direction(one) for one in letters):
        letters = _from_cosines(values.finite_numbers(data, "ImageOrientationPatient"))
    if len(letters) != 2:
        return {"left": "", "right": "", "top": "", "bottom": ""}
    right, bottom = letters
    return {"left": opposite(right), "right": right, "top": opposite(bottom), "bottom": bottom}


def _is_pair(value: Any) -> bool:
    return value is not None and not isinstance(value, str | bytes) and hasattr(value, "__len__") and len(value) == 2


def _is_direction(letters: str) -> bool:
    return 1 <= len(letters) <= 3 and all(letter in _OPPOSITE for letter in letters)


def opposite(letters: str) -> str:
    """The opposite direction, letter by letter ("LA" -> "RP")."""
    return "".join(_OPPOSITE[letter] for letter in letters)


def _from_cosines(cosines: list[float]) -> list[str]:
    if len(cosines) != 6:
        return []
    return [letters for letters in (_axis(cosines[:3]), _axis(cosines[3:])) if letters]


def _axis(direction: list[float]) -> str:
    """The patient axis nearest to a direction: x grows to the left, y to the back, z to the head."""
    names = ("LR", "PA", "HF")
    strongest = max(range(3), key=lambda index: abs(direction[index]))
    if abs(direction[strongest]) < 0.5:
        return ""
    return names[strongest][0 if direction[strongest] > 0 else 1]
