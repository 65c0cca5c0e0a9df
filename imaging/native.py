"""Uncompressed pixel data: from the bytes of one frame to stored values (PS3.5 section 8.1, annexes A.2 and D)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imaging import colour
from imaging.refusals import Refusal
from imaging.source import Array

if TYPE_CHECKING:
    from imaging.layout import Layout

BITS = {1, 8, 12, 16, 32}  # Bits Allocated; 12: two values in three bytes, which the standard no longer writes
FLOATS = {32, 64}


def frame_bits(layout: Layout, *, subsampled: bool = False) -> int:
    """How many bits one frame has; `subsampled`: two pixels share their chroma (PS3.3 C.7.6.3.1.2)."""
    bits = layout.rows * layout.columns * layout.samples * layout.bits_allocated
    return bits // 3 * 2 if subsampled else bits


def decode(data: bytes, layout: Layout, *, first_bit: int, subsampled: bool) -> Array:
    """Stored values of one frame, (rows, columns) or (rows, columns, 3) RGB.

    `data` begins with the byte that holds the frame's first bit (`first_bit` of it, least significant first).
    Raises Refusal("truncated").
    """
    if len(data) * 8 < first_bit + frame_bits(layout, subsampled=subsampled):
        raise Refusal("truncated")
    if layout.is_float:
        return _floats(data, layout)
    values = _values(data, layout, first_bit, frame_bits(layout, subsampled=subsampled) // layout.bits_allocated)
    if layout.samples == 1:
        return values.reshape(layout.rows, layout.columns)
    if subsampled:
        pixels = _spread_chroma(values, layout)
    elif layout.planar:
        pixels = np.ascontiguousarray(values.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0))
    else:
        pixels = values.reshape(layout.rows, layout.columns, 3)
    return colour.to_rgb(pixels, layout.photometric)


def _floats(data: bytes, layout: Layout) -> Array:
    kind = np.dtype(f"{'<' if layout.little else '>'}f{layout.bits_allocated // 8}")
    found = np.frombuffer(data, kind, layout.rows * layout.columns).reshape(layout.rows, layout.columns)
    return found.astype(kind.newbyteorder("="))


def _values(data: bytes, layout: Layout, first_bit: int, count: int) -> Array:
    allocated = layout.bits_allocated
    if allocated == 1:
        packed = np.frombuffer(data, np.uint8, (first_bit + count + 7) // 8)
        single: Array = np.unpackbits(packed, bitorder="little")[first_bit : first_bit + count]
        return single
    if allocated == 12:
        return _clean(_unpack_twelve(data, first_bit, count), layout)
    kind = np.dtype(f"{'<' if layout.little else '>'}u{allocated // 8}")
    return _clean(np.frombuffer(data, kind, count).astype(kind.newbyteorder("=")), layout)


def _unpack_twelve(data: bytes, first_bit: int, count: int) -> Array:
    """Values of 12 bits lying back to back, least significant bit first."""
    starts = first_bit + 12 * np.arange(count, dtype=np.int64)
    padded = np.frombuffer(data + b"\0\0", np.uint8).astype(np.uint32)
    at = starts >> 3
    wide = padded[at] | (padded[at + 1] << 8) | (padded[at + 2] << 16)
    unpacked: Array = ((wide >> (starts & 7).astype(np.uint32)) & 0xFFF).astype(np.uint16)
    return unpacked


def _clean(values: Array, layout: Layout) -> Array:
    """Only the stored bits, wherever they lie in the cell; what else is in it (old overlays) is no intensity."""
    if layout.high_bit + 1 > layout.bits_stored:
        values = values >> (layout.high_bit + 1 - layout.bits_stored)
    return only_stored_bits(values, layout.bits_stored, signed=layout.signed)


def only_stored_bits(values: Array, stored: int, *, signed: bool) -> Array:
    """Unsigned cells as values of `stored` bits, with their sign where they have one."""
    width = values.dtype.itemsize * 8
    if signed:
        values = values.view(values.dtype.str.replace("u", "i"))
    if stored >= width:
        return values
    if not signed:
        masked: Array = values & values.dtype.type((1 << stored) - 1)
        return masked
    shift = width - stored
    extended: Array = (values << shift) >> shift
    return extended


def _spread_chroma(values: Array, layout: Layout) -> Array:
    """(Y1 Y2 Cb Cr) for every two pixels of a row, as (rows, columns, 3)."""
    if layout.columns % 2:
        raise Refusal("wrong_value", name="Columns")
    groups = values[: layout.rows * layout.columns // 2 * 4].reshape(-1, 4)
    out = np.empty((groups.shape[0], 2, 3), values.dtype)
    out[:, 0, 0], out[:, 1, 0] = groups[:, 0], groups[:, 1]
    out[:, :, 1], out[:, :, 2] = groups[:, 2:3], groups[:, 3:4]
    return out.reshape(layout.rows, layout.columns, 3)
