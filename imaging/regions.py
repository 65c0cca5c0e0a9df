"""Ultrasound regions (PS3.3 C.8.5.5): boxes of a picture, each with its own units along and down."""

from __future__ import annotations

from typing import Any, Literal

from pydicom.dataset import Dataset

from imaging import dicom_values as values

Area = dict[str, Any]
Scale = tuple[float, str]  # units in one pixel, unit ("" where there is none)
Box = tuple[int, int, int, int]

# Physical units, C.8.5.5.1.15: code to (unit, factor). The others (dB, Hz, degrees) are no lengths, times or speeds.
_UNITS = {3: ("mm", 10.0), 4: ("s", 1.0), 7: ("cm/s", 1.0)}
_SANE = {"mm": (0.0001, 100.0), "s": (1e-6, 10.0), "cm/s": (1e-4, 1000.0)}
_SPATIAL_2D, _M_MODE, _SPECTRAL = 1, 2, 3  # Region Spatial Format, C.8.5.5.1.1
# Region Data Type, C.8.5.5.1.2: tissue and colour flow are both drawn in the tissue's own centimetres.
_TISSUE_OR_COLOUR_FLOW = {1, 2}
_TRACES = {1, 2, 3, 4, 5, 6, 7}  # M-mode and Doppler data; not ECG, pulse and other physiology
_HIGH_PRIORITY = 1  # Region Flags bit 0, C.8.5.5.1.3
_NOTHING: Scale = (0.0, "")


def area(box: Box, x: Scale, y: Scale, label: str) -> Area:
    """One entry of a calibration."""
    x0, y0, x1, y1 = box
    found: Area = {"x0": x0, "y0": y0, "x1": x1, "y1": y1}
    found |= {"per_px_x": x[0], "per_px_y": y[0], "unit_x": x[1], "unit_y": y[1], "label": label}
    if x[1] == y[1] == "mm":
        found |= {"mm_per_px_x": x[0], "mm_per_px_y": y[0]}
    return found


def areas(regions: list[Dataset], *, rows: int, columns: int) -> list[Area]:
    """Calibrated areas: those drawn over others first, then the smaller; a region without units only where it lies
    over one that has some, so that nothing is measured through it.
    """
    placed = [(box, region) for region in regions if (box := _box(region, rows, columns)) is not None]
    placed.sort(key=lambda one: (not _lies_on_top(one[1]), _size(one[0])))
    found = [area(box, *_scales(region), "mm") for box, region in placed]
    for one, (_box_of_it, region) in zip(found, placed, strict=True):
        if "mm_per_px_x" not in one:
            one["label"] = ""
        if one["unit_y"] == "cm/s":
            one |= _baseline(one, region)
    return [one for index, one in enumerate(found) if _has_unit(one) or _hides(one, found[index + 1 :])]


def why_no_length(regions: list[Dataset], *, rows: int, columns: int) -> Literal["impossible", "outside", "no_length"]:
    """Why none of these regions measures lengths."""
    boxes = [_box(region, rows, columns) for region in regions]
    if boxes and all(box is None for box in boxes):
        return "outside"
    placed = [region for region, box in zip(regions, boxes, strict=True) if box is not None]
    units = [[values.whole(region, f"PhysicalUnits{one}Direction") for one in "XY"] for region in placed]
    return "impossible" if [3, 3] in units else "no_length"


def _scales(region: Dataset) -> tuple[Scale, Scale]:
    """What a pixel is along and down, of a region whose format and data are measured that way."""
    x, y = _scale(region, "X"), _scale(region, "Y")
    spatial, data = values.whole(region, "RegionSpatialFormat"), values.whole(region, "RegionDataType")
    if spatial == _SPATIAL_2D:
        both = data in _TISSUE_OR_COLOUR_FLOW and x[1] == y[1] == "mm" and x[0] > 0 and y[0] > 0
        return (x, y) if both else (_NOTHING, _NOTHING)
    if spatial not in {_M_MODE, _SPECTRAL} or data not in _TRACES:
        return _NOTHING, _NOTHING
    # Time runs along a trace; speed (or depth) down it, often upwards: a negative delta (C.8.5.5.1.17).
    along = (x[0], x[1]) if x[1] == "s" and x[0] > 0 else _NOTHING
    wanted = "mm" if spatial == _M_MODE else "cm/s"
    down = (abs(y[0]), y[1]) if y[1] == wanted else _NOTHING
    return along, down


def _baseline(one: Area, region: Dataset) -> Area:
    """Where a spectrum's speed is zero: `zero_y` in pixels of the picture, `up` whether it grows upwards; {} where the
    file does not say, or names a place so far off that it means something else.

    The reference pixel lies on the baseline and counts from the region's corner (C.8.5.5.1.16.3); what is said of its
    value (0 as a rule) shifts it.
    """
    row = values.whole(region, "ReferencePixelY0")
    delta = values.first_number(region, "PhysicalDeltaY")
    if row is None or not delta:
        return {}
    said = values.first_number(region, "ReferencePixelPhysicalValueY") or 0.0
    zero = one["y0"] + row + 0.5 - said / delta
    height = one["y1"] - one["y0"]
    near = one["y0"] - height <= zero <= one["y1"] + height
    return {"zero_y": zero, "up": delta < 0} if near else {}


def _scale(region: Dataset, direction: Literal["X", "Y"]) -> Scale:
    unit, factor = _UNITS.get(values.whole(region, f"PhysicalUnits{direction}Direction") or 0, ("", 0.0))
    delta = values.first_number(region, f"PhysicalDelta{direction}")
    if not unit or delta is None:
        return _NOTHING
    low, high = _SANE[unit]
    return (delta * factor, unit) if low <= abs(delta * factor) <= high else _NOTHING


def _box(region: Dataset, rows: int, columns: int) -> Box | None:
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    corners = [values.whole(region, name) for name in names]
    x0, y0, x1, y1 = ((-1 if corner is None else corner) for corner in corners)
    # The maxima are inclusive, and several makers write the size instead: one pixel of overhang is forgiven.
    if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
        return None
    return x0, y0, min(x1 + 1, columns), min(y1 + 1, rows)


def _lies_on_top(region: Dataset) -> bool:
    return bool((values.whole(region, "RegionFlags") or 0) & _HIGH_PRIORITY)


def _size(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _has_unit(one: Area) -> bool:
    return bool(one["unit_x"] or one["unit_y"])


def _hides(one: Area, below: list[Area]) -> bool:
    return any(
        _has_unit(other)
        and one["x0"] < other["x1"]
        and other["x0"] < one["x1"]
        and one["y0"] < other["y1"]
        and other["y0"] < one["y1"]
        for other in below
    )
