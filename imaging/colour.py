"""Colour: luminance and chrominance made RGB, and palettes looked up, each in one place and once."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.processing import convert_color_space

from imaging import dicom_values as values
from imaging.refusals import Refusal
from imaging.source import Array

FULL = {"YBR_FULL", "YBR_FULL_422"}
PARTIAL = {"YBR_PARTIAL_422", "YBR_PARTIAL_420"}
_COLOURS = ("Red", "Green", "Blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2  # PS3.3 C.7.9.2.1 to C.7.9.2.3
_MOST_ENTRIES = 65_536


def to_rgb(pixels: Array, photometric: str) -> Array:
    """RGB of (rows, columns, 3) samples as the photometric interpretation has them (PS3.3 C.7.6.3.1.2)."""
    if photometric not in FULL | PARTIAL:
        return pixels
    if pixels.dtype != np.uint8:
        raise Refusal("unsupported_pixels", kind=f"{photometric}, {pixels.dtype.itemsize * 8} bit")
    return _from_full(pixels) if photometric in FULL else _from_partial(pixels)


def _from_full(pixels: Array) -> Array:
    out = np.empty_like(pixels)
    for start in range(0, pixels.shape[0], 256):  # strips: the conversion works in four times the memory
        out[start : start + 256] = convert_color_space(pixels[start : start + 256], "YBR_FULL", "RGB")
    return out


def _from_partial(pixels: Array) -> Array:
    """Black is 16 and white 235; chroma spans 16 to 240 (ITU-R BT.601)."""
    out = np.empty_like(pixels)
    for start in range(0, pixels.shape[0], 256):
        part = pixels[start : start + 256].astype(np.float32)
        luma, blue, red = (part[:, :, 0] - 16) * (255 / 219), part[:, :, 1] - 128, part[:, :, 2] - 128
        channels = (
            luma + red * (1.402 * 255 / 224),
            luma - blue * (0.344136 * 255 / 224) - red * (0.714136 * 255 / 224),
            luma + blue * (1.772 * 255 / 224),
        )
        out[start : start + 256] = np.clip(np.rint(np.stack(channels, axis=2)), 0, 255).astype(np.uint8)
    return out


class Palette:
    """The three lookup tables of PALETTE COLOR (PS3.3 C.7.6.3.1.5), plain or segmented, as 8-bit RGB.

    Raises Refusal: missing_value where a table is absent, wrong_value where it cannot be read.
    """

    def __init__(self, header: Dataset, *, little: bool) -> None:
        described = [_descriptor(header, name) for name in _COLOURS]
        if any(one != described[0] for one in described[1:]):
            raise Refusal("wrong_value", name="Palette Color Lookup Table Descriptor")
        count, self.first, bits = described[0]
        tables = [_entries(header, name, count, bits, little=little) for name in _COLOURS]
        most = max(int(table.max(initial=0)) for table in tables)
        # Sixteen bits are said of tables whose numbers never leave the low eight: a screen would stay black.
        shift = 8 if most > 0xFF else 0
        self.table = np.stack([(table >> shift).astype(np.uint8) for table in tables], axis=1)

    def look_up(self, indexes: Array) -> Array:
        """(rows, columns, 3) RGB; what lies below the first entry takes it, what lies above the last takes that."""
        out = np.empty((*indexes.shape, 3), np.uint8)
        for start in range(0, indexes.shape[0], 256):
            part = indexes[start : start + 256].astype(np.int64) - self.first
            out[start : start + 256] = self.table[np.clip(part, 0, len(self.table) - 1)]
        return out


def _descriptor(header: Dataset, name: str) -> tuple[int, int, int]:
    """(entries, first stored value, bits an entry). Zero entries means 65536."""
    keyword = f"{name}PaletteColorLookupTableDescriptor"
    numbers = values.finite_numbers(header, keyword)
    if len(numbers) != 3:
        raise Refusal("missing_value", name="Palette Color Lookup Table Descriptor")
    count, first, bits = (int(one) for one in numbers)
    count = count % _MOST_ENTRIES or _MOST_ENTRIES
    if values.whole(header, "PixelRepresentation") != 1:
        first %= _MOST_ENTRIES
    elif first > 0x7FFF:
        first -= _MOST_ENTRIES
    if bits not in {8, 16}:
        raise Refusal("wrong_value", name="Palette Color Lookup Table Descriptor")
    return count, first, bits


def _entries(header: Dataset, name: str, count: int, bits: int, *, little: bool) -> Array:
    plain = _bytes(header, f"{name}PaletteColorLookupTableData", little=little)
    if plain:
        found = _numbers(plain, count, bits, little=little)
    else:
        segments = _bytes(header, f"Segmented{name}PaletteColorLookupTableData", little=little)
        if not segments:
            raise Refusal("missing_value", name=f"{name} Palette Color Lookup Table Data")
        kind = np.dtype(np.uint8) if bits == 8 else np.dtype("<u2" if little else ">u2")
        usable = segments[: len(segments) // kind.itemsize * kind.itemsize]
        found = np.array(_expand(np.frombuffer(usable, kind).tolist(), count), np.uint16)
    if len(found) < count:
        raise Refusal("wrong_value", name=f"{name} Palette Color Lookup Table Data")
    return found[:count]


def _bytes(header: Dataset, keyword: str, *, little: bool) -> bytes:
    value = values.raw(header, keyword)
    if isinstance(value, bytes):
        return value
    if isinstance(value, int):
        value = [value]
    try:  # US in implicit files that other programs wrote
        return np.array(list(value or []), np.uint16).astype("<u2" if little else ">u2").tobytes()
    except (TypeError, ValueError, OverflowError):
        return b""


def _numbers(data: bytes, count: int, bits: int, *, little: bool) -> Array:
    if (bits == 8 and len(data) < 2 * count) or len(data) == count:
        return np.frombuffer(data, np.uint8).astype(np.uint16)
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2").astype(np.uint16)
    if bits == 8 and words.size and int(words[:count].max()) > 0xFF:
        return words >> 8  # eight bits kept in the high byte
    return words


def _expand(numbers: list[int], count: int) -> list[int]:
    """Segments to entries: discrete runs, straight lines, and copies of earlier segments (never of copies)."""
    out: list[int] = []
    position = 0
    while position + 2 <= len(numbers) and len(out) < count:
        if numbers[position] == _INDIRECT and position + 4 <= len(numbers):
            offset = numbers[position + 2] | (numbers[position + 3] << 16)
            for _ in range(numbers[position + 1]):
                taken = _segment(numbers, offset, out) if offset < position and len(out) < count else 0
                if not taken:
                    break
                offset += taken
            position += 4
            continue
        taken = _segment(numbers, position, out)
        if not taken:
            break
        position += taken
    return out


def _segment(numbers: list[int], at: int, out: list[int]) -> int:
    """Append one segment's entries; how many numbers it took, 0 when it is none. A line begins at the entry before."""
    if at + 2 > len(numbers):
        return 0
    opcode, length = numbers[at], numbers[at + 1]
    if opcode == _DISCRETE:
        out += numbers[at + 2 : at + 2 + length]
        return 2 + length
    if opcode == _LINEAR and at + 3 <= len(numbers) and out:
        out += _line(out[-1], numbers[at + 2], length)
        return 3
    return 0


def _line(start: int, end: int, length: int) -> list[int]:
    return [int(one) for one in np.rint(start + (end - start) * np.arange(1, length + 1) / max(1, length))]
