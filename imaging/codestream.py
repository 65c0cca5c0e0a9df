"""The size that a compressed picture claims for itself, read from its own header without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from imaging.refusals import Refusal

Coding = Literal["jpeg", "jpeg-ls", "jpeg2000", "rle"]

_J2K_START = b"\xff\x4f\xff\x51"  # SOC, SIZ
_JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_NO_LENGTH = {0x01, *range(0xD0, 0xD9)}


@dataclass(frozen=True, slots=True)
class CodestreamSize:
    """Pixels, samples per pixel and bits per sample as the codestream has them."""

    coding: Coding
    rows: int
    columns: int
    samples: int
    precision: int


def read_size(data: bytes) -> CodestreamSize:
    """Read SOF (ITU-T T.81 B.2.2, T.87 C.2.2) or SIZ (T.800 A.5.1).

    Raises ValueError when the bytes begin no picture of these kinds.
    """
    if data.startswith(_JP2_SIGNATURE):
        start = data.find(_J2K_START)
        if start < 0:
            raise ValueError("a JP2 box without a codestream")
        return _read_siz(data[start:])
    if data.startswith(_J2K_START):
        return _read_siz(data)
    if data.startswith(b"\xff\xd8"):
        return _read_sof(data)
    raise ValueError("not a JPEG, JPEG-LS or JPEG 2000 codestream")


def _read_siz(data: bytes) -> CodestreamSize:
    try:
        right, bottom, left, top = struct.unpack_from(">4I", data, 8)
        (components,) = struct.unpack_from(">H", data, 40)
        depth = data[42]
    except (struct.error, IndexError) as error:
        raise ValueError("the SIZ marker is cut off") from error
    return CodestreamSize("jpeg2000", bottom - top, right - left, components, (depth & 0x7F) + 1)


def _read_sof(data: bytes) -> CodestreamSize:
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise ValueError("a marker was expected")
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker in _NO_LENGTH:
            position += 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        if _is_frame(marker):
            return _read_frame(data, position + 4, "jpeg-ls" if marker == 0xF7 else "jpeg")
        if marker in {0xDA, 0xD9}:
            break
        position += 2 + length
    raise ValueError("no frame header before the scan")


def _is_frame(marker: int) -> bool:
    return marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC})


def _read_frame(data: bytes, at: int, coding: Coding) -> CodestreamSize:
    try:
        precision, rows, columns, samples = struct.unpack_from(">BHHB", data, at)
    except struct.error as error:
        raise ValueError("the frame header is cut off") from error
    return CodestreamSize(coding, rows, columns, samples, precision)


def require_same_size(found: CodestreamSize, *, rows: int, columns: int, samples: int) -> None:
    """Raise Refusal("size_mismatch") when the codestream is not the picture that the header describes."""
    if (found.rows, found.columns) != (rows, columns):
        raise Refusal("size_mismatch", header=f"{columns} x {rows}", inside=f"{found.columns} x {found.rows}")
    if found.samples != samples:
        raise Refusal("encoding_mismatch")
