"""Overlay planes (PS3.3 C.9.2): one-bit drawings that a file lays over its picture, packed for the viewport.

In Overlay Data, or (retired, and met) in bits of the pixel cells that hold no intensity. Each plane is cut to what is
drawn and to the picture, its bits back to back, least significant first, deflated.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from imaging import encapsulation, limits
from imaging.dataset import NATIVE, OVERLAY_GROUPS, DicomFile
from imaging.layout import Layout
from imaging.plain_text import clean
from imaging.source import Array

_ROWS, _COLUMNS, _FRAMES, _LABEL, _TYPE = 0x0010, 0x0011, 0x0015, 0x1500, 0x0040
_ORIGIN, _FIRST_FRAME, _ALLOCATED, _POSITION, _DATA = 0x0050, 0x0051, 0x0100, 0x0102, 0x3000
_LONGEST_LABEL = 64
_MOST_PLANES = 4096
_MOST_BYTES = 8 * 1024 * 1024  # of all of them, packed
_EVERY_FRAME = 0


@dataclass(frozen=True, slots=True)
class Overlay:
    """A group's planes. `x`, `y`: where its first pixel lies in the picture, from 0, and it may lie outside.

    `data` None: bit `position` of the picture's own cells. `first_frame` 0: the one plane lies over every frame.
    """

    label: str
    kind: str  # "G" drawn by a person or a machine, "R" a region of interest
    rows: int
    columns: int
    x: int
    y: int
    first_frame: int
    frames: int
    data: bytes | None
    position: int


def read(dicom: DicomFile) -> tuple[list[Overlay], bool]:
    """The overlays that can be drawn, and whether these are all that the file has."""
    header = dicom.header
    present = [group for group in OVERLAY_GROUPS if _has(header, group, _DATA) or _has(header, group, _ALLOCATED)]
    found = [one for group in present if (one := _read_group(dicom, group)) is not None]
    if dicom.layout.transfer_syntax not in NATIVE:
        found = [one for one in found if one.data is not None]
    if sum(one.frames for one in found) > _MOST_PLANES:
        return [], False
    return found, len(found) == len(present)


def _read_group(dicom: DicomFile, group: int) -> Overlay | None:
    header, layout = dicom.header, dicom.layout
    rows, columns = _number(header, group, _ROWS), _number(header, group, _COLUMNS)
    if rows is None or columns is None or not 0 < rows * columns <= limits.MAX_FRAME_PIXELS or rows < 0:
        return None
    y, x = _origin(header, group)
    several = _number(header, group, _FRAMES)
    frames, first = several or 1, _number(header, group, _FIRST_FRAME) or 1
    data, position = _data(header, group, layout), _number(header, group, _POSITION) or 0
    if data is None:
        lowest = layout.high_bit + 1 - layout.bits_stored
        outside = 0 <= position < layout.bits_allocated and not lowest <= position <= layout.high_bit
        plain = layout.samples == 1 and layout.bits_allocated in (8, 16, 32) and not layout.is_float
        if not (outside and plain and (rows, columns) == (layout.rows, layout.columns)):
            return None
        several, frames, first = layout.frames if layout.frames > 1 else None, layout.frames, 1
    elif frames < 1 or rows * columns * frames > len(data) * 8:
        return None
    label = clean(str(_value(header, group, _LABEL) or ""), _LONGEST_LABEL)
    kind = "R" if str(_value(header, group, _TYPE) or "").strip().upper() == "R" else "G"
    return Overlay(label, kind, rows, columns, x, y, first if several else _EVERY_FRAME, frames, data, position)


def _value(header: Dataset, group: int, element: int) -> Any:
    try:
        return header[group, element].value
    except Exception:  # absent, or hostile: converting it may raise anything
        return None


def _has(header: Dataset, group: int, element: int) -> bool:
    return (group, element) in header


def _number(header: Dataset, group: int, element: int) -> int | None:
    value = _value(header, group, element)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _origin(header: Dataset, group: int) -> tuple[int, int]:
    """(row, column) from 0 out of Overlay Origin, which counts from 1; the corner where it says nothing."""
    value = _value(header, group, _ORIGIN)
    try:
        row, column = (int(one) for one in value)
    except (TypeError, ValueError):
        return 0, 0
    return row - 1, column - 1


def _data(header: Dataset, group: int, layout: Layout) -> bytes | None:
    value = _value(header, group, _DATA)
    if not isinstance(value, bytes) or not value:
        return None
    if layout.little or header[group, _DATA].VR != "OW":
        return value
    return np.frombuffer(value[: len(value) // 2 * 2], ">u2").astype("<u2").tobytes()


def planes(dicom: DicomFile, overlay: Overlay) -> Iterator[tuple[int, Array]]:
    """(frame_number from 1, or 0 for every frame; bits as (rows, columns) of 0 and 1) of each plane."""
    count = overlay.rows * overlay.columns
    for index in range(overlay.frames):
        number = overlay.first_frame + index if overlay.first_frame else _EVERY_FRAME
        if overlay.data is None:
            bits = _embedded(dicom, index, overlay.position)
        else:
            start = index * count
            packed = np.frombuffer(overlay.data, np.uint8, (start % 8 + count + 7) // 8, start // 8)
            bits = np.unpackbits(packed, bitorder="little")[start % 8 : start % 8 + count]
        yield number, bits.reshape(overlay.rows, overlay.columns)


def _embedded(dicom: DicomFile, index: int, position: int) -> Array:
    """One bit of every cell of a native frame (PS3.5-2003 section 8.1.2)."""
    layout = dicom.layout
    swapped = not layout.little and layout.bits_allocated == 8 and dicom.element.vr == "OW"
    with dicom.path.open("rb") as file:
        data = encapsulation.read_native(file, dicom.frames[index][0], dicom.element, swapped=swapped)
    kind = np.dtype(f"{'<' if layout.little else '>'}u{layout.bits_allocated // 8}")
    cells = np.frombuffer(data, kind, layout.rows * layout.columns)
    bits: Array = ((cells >> position) & 1).astype(np.uint8)
    return bits


def write(dicom: DicomFile, target: Path, index: Path) -> bool:
    """Write every plane's bits and, as JSON, where each lies; False (and nothing to show) where nothing is drawn.

    {"layers": [{"label", "type", "planes": [[frame, x, y, columns, rows, offset, length], ...]}]}, in px and bytes.
    """
    layers: list[dict[str, Any]] = []
    written = 0
    with target.open("wb") as file:
        for overlay in read(dicom)[0]:
            places = []
            for number, bits in planes(dicom, overlay):
                cut = _drawn_part(bits, overlay, dicom.layout)
                if cut is None:
                    continue
                x, y, part = cut
                packed = zlib.compress(np.packbits(part, bitorder="little").tobytes(), 9)
                if written + len(packed) > _MOST_BYTES:
                    break
                file.write(packed)
                places.append([number, x, y, part.shape[1], part.shape[0], written, len(packed)])
                written += len(packed)
            if places:
                layers.append({"label": overlay.label, "type": overlay.kind, "planes": places})
    index.write_text(json.dumps({"layers": layers}, separators=(",", ":")))
    return bool(layers)


def _drawn_part(bits: Array, overlay: Overlay, layout: Layout) -> tuple[int, int, Array] | None:
    """(x, y, bits) of what lies in the picture and is drawn; None where nothing is."""
    left, top = max(0, -overlay.x), max(0, -overlay.y)
    right, bottom = min(overlay.columns, layout.columns - overlay.x), min(overlay.rows, layout.rows - overlay.y)
    if left >= right or top >= bottom:
        return None
    inside = bits[top:bottom, left:right]
    down, across = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not down.size:
        return None
    part = inside[down[0] : down[-1] + 1, across[0] : across[-1] + 1]
    return overlay.x + left + int(across[0]), overlay.y + top + int(down[0]), part
