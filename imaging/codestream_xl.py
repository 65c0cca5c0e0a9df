"""The size of a JPEG XL picture (ISO/IEC 18181-1 annex D.2, 18181-2 section 9), read without decoding it."""

from __future__ import annotations

import struct

_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_LENGTHS = (9, 13, 18, 30)


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:16], "little")
        self._left = min(len(data), 16) * 8

    def take(self, count: int) -> int:
        """The next bits, least significant first. Raises ValueError past the end."""
        self._left -= count
        if self._left < 0:
            raise ValueError("the size header is cut off")
        found = self._value & ((1 << count) - 1)
        self._value >>= count
        return found


def read_xl_size(data: bytes) -> tuple[int, int]:
    """(rows, columns). Raises ValueError when there is no codestream."""
    stream = data if data.startswith(b"\xff\x0a") else _in_boxes(data)
    if not stream.startswith(b"\xff\x0a"):
        raise ValueError("a JPEG XL container without a codestream")
    bits = _Bits(stream[2:])
    small = bits.take(1)
    rows = _side(bits, small)
    ratio = bits.take(3)
    if ratio:
        across, down = _RATIOS[ratio]
        return rows, rows * across // down
    return rows, _side(bits, small)


def _side(bits: _Bits, small: int) -> int:
    return (bits.take(5) + 1) * 8 if small else bits.take(_LENGTHS[bits.take(2)]) + 1


def _in_boxes(data: bytes) -> bytes:
    position = 0
    while position + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        start = position + 8
        if length == 1 and len(data) >= position + 16:
            (length,) = struct.unpack_from(">Q", data, position + 8)
            start += 8
        if kind in {b"jxlc", b"jxlp"}:
            return data[start + (4 if kind == b"jxlp" else 0) :]
        if length < 8:
            break
        position += length
    return b""
