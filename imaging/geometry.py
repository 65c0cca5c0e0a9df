"""Millimetres and directions. A length is given only where the file calibrates it; every doubt ends in pixels."""

from __future__ import annotations

import math
from typing import Any

from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging.modalities import PROJECTION

_OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}
_CENTIMETRES = 3  # PS3.3 C.8.5.5.1.15
_SPATIAL_2D = 1  # Region Spatial Format, C.8.5.5.1.1
_TISSUE_OR_COLOUR_FLOW = {1, 2}  # Region Data Type, C.8.5.5.1.2: both are drawn in the tissue's own centimetres
_SANE_MM = (0.0001, 100.0)

Area = dict[str, Any]


def calibration(data: Dataset, *, modality: str, rows: int, columns: int) -> list[Area]:
    """Calibrated areas of the picture, in pixels (half-open) and millimetres per pixel; an empty list: uncalibrated.

    Ultrasound regions (PS3.3 C.8.5.5) rule where present; else Pixel Spacing (10.7.1.3); else, for projections only,
    Imager Pixel Spacing, whose lengths are "mm at detector". Zero, negative, single or textual spacings are none.
    """
    if values.raw(data, "SequenceOfUltrasoundRegions") is not None:
        regions = values.items(data, "SequenceOfUltrasoundRegions")
        return [area for region in regions if (area := _region(region, rows, columns)) is not None]
    spacing = _spacing(data, "PixelSpacing") or _shared_spacing(data)
    at_detector = _spacing(data, "ImagerPixelSpacing")
    if modality not in PROJECTION:
        return [_whole(spacing, rows, columns, "mm")] if spacing else []
    if spacing and at_detector and not _same(spacing, at_detector):
        return [_whole(spacing, rows, columns, "mm")]  # corrected for magnification, by the standard's own rule
    found = spacing or at_detector
    return [_whole(found, rows, columns, "mm at detector")] if found else []


def _spacing(data: Dataset, keyword: str) -> tuple[float, float] | None:
    """(between rows, between columns) in mm, or None unless both are there and sane."""
    numbers = values.finite_numbers(data, keyword)
    if len(numbers) != 2 or not all(_SANE_MM[0] <= number <= _SANE_MM[1] for number in numbers):
        return None
    return numbers[0], numbers[1]


def _shared_spacing(data: Dataset) -> tuple[float, float] | None:
    for group in values.items(data, "SharedFunctionalGroupsSequence"):
        for measures in values.items(group, "PixelMeasuresSequence"):
            return _spacing(measures, "PixelSpacing")
    return None


def _same(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return all(math.isclose(one, other, rel_tol=1e-3) for one, other in zip(a, b, strict=True))


def _whole(spacing: tuple[float, float], rows: int, columns: int, label: str) -> Area:
    return _area((0, 0, columns, rows), (spacing[1], spacing[0]), label)


def _area(box: tuple[int, int, int, int], mm: tuple[float, float], label: str) -> Area:
    x0, y0, x1, y1 = box
    return {"x0": x0, "y0": y0, "x1": x1, "y1": y1, "mm_per_px_x": mm[0], "mm_per_px_y": mm[1], "label": label}


def _region(region: Dataset, rows: int, columns: int) -> Area | None:
    """One ultrasound region, when it is a two-dimensional picture of tissue calibrated in centimetres."""
    if values.whole(region, "RegionSpatialFormat") != _SPATIAL_2D:
        return None
    if values.whole(region, "RegionDataType") not in _TISSUE_OR_COLOUR_FLOW:
        return None
    units = (values.whole(region, "PhysicalUnitsXDirection"), values.whole(region, "PhysicalUnitsYDirection"))
    if units != (_CENTIMETRES, _CENTIMETRES):
        return None
    deltas = (values.first_number(region, "PhysicalDeltaX"), values.first_number(region, "PhysicalDeltaY"))
    mm = [delta * 10 for delta in deltas if delta is not None]
    if len(mm) != 2 or not all(_SANE_MM[0] <= one <= _SANE_MM[1] for one in mm):
        return None
    box = _box(region, rows, columns)
    return None if box is None else _area(box, (mm[0], mm[1]), "mm")


def _box(region: Dataset, rows: int, columns: int) -> tuple[int, int, int, int] | None:
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    corners = [values.whole(region, name) for name in names]
    x0, y0, x1, y1 = ((-1 if corner is None else corner) for corner in corners)
    # The maxima are inclusive, and several makers write the size instead: one pixel of overhang is forgiven.
    if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
        return None
    return x0, y0, min(x1 + 1, columns), min(y1 + 1, rows)


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
