"""What a compressed picture claims for itself, read from its own header without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from imaging.refusals import Refusal

Coding = Literal["jpeg", "jpeg-lossless", "jpeg-ls", "jpeg2000", "jpeg-xl", "rle"]

JP2_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_J2K_START = b"\xff\x4f\xff\x51"  # SOC, SIZ
_NO_LENGTH = {0x01, *range(0xD0, 0xD9)}
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF}  # SOF3, SOF7, SOF11, SOF15
_RGB_IDENTIFIERS = {b"RGB", b"rgb"}
_MOST_TILES = 65_535  # T.800 A.4.2: tile numbers have 16 bits


@dataclass(frozen=True, slots=True)
class CodestreamSize:
    """Pixels, samples per pixel and bits per sample as the codestream has them; `colours` when it says them itself."""

    coding: Coding
    rows: int
    columns: int
    samples: int
    precision: int
    colours: Literal["RGB", "YBR", ""] = ""
    odd: bool = False  # tiles or components that no picture of a modality has


def read_size(data: bytes) -> CodestreamSize:
    """Read SOF (ITU-T T.81 B.2.2, T.87 C.2.2), SIZ (T.800 A.5.1) or JPEG XL's size header (ISO/IEC 18181-1 D.2).

    Raises ValueError when the bytes begin no picture of these kinds.
    """
    if data.startswith(JP2_SIGNATURE):
        start = data.find(_J2K_START)
        if start < 0:
            raise ValueError("a JP2 box without a codestream")
        return _read_siz(data[start:])
    if data.startswith(_J2K_START):
        return _read_siz(data)
    if data.startswith(b"\xff\xd8"):
        return _read_sof(data)
    if data.startswith((b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")):
        from imaging.codestream_xl import read_xl_size

        return CodestreamSize("jpeg-xl", *read_xl_size(data), samples=0, precision=0)
    raise ValueError("not a JPEG, JPEG-LS, JPEG 2000 or JPEG XL codestream")


def _read_siz(data: bytes) -> CodestreamSize:
    try:
        right, bottom, left, top, width, height, across, down = struct.unpack_from(">8I", data, 8)
        (components,) = struct.unpack_from(">H", data, 40)
        shapes = [data[42 + 3 * index : 45 + 3 * index] for index in range(min(components, 4))]
        depth = data[42]
    except (struct.error, IndexError) as error:
        raise ValueError("the SIZ marker is cut off") from error
    if not components or not width or not height or right <= left or bottom <= top:
        raise ValueError("a picture or a tile without size")
    tiles = -(-(right - across) // width) * -(-(bottom - down) // height)
    odd = tiles > _MOST_TILES or any(shape != bytes((depth, 1, 1)) for shape in shapes)
    return CodestreamSize("jpeg2000", bottom - top, right - left, components, (depth & 0x7F) + 1, odd=odd)


def _read_sof(data: bytes) -> CodestreamSize:
    position, said = 2, ""
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
        segment = data[position + 4 : position + 2 + length]
        if _is_frame(marker):
            return _read_frame(segment, marker, said)
        if marker in {0xDA, 0xD9} or length < 2:
            break
        said = _said_by(marker, segment) or said
        position += 2 + length
    raise ValueError("no frame header before the scan")


def _said_by(marker: int, segment: bytes) -> str:
    """The colours that an application segment names: JFIF is always YBR, Adobe's transform says which."""
    if marker == 0xEE and segment.startswith(b"Adobe") and len(segment) >= 12:
        return "RGB" if segment[11] == 0 else "YBR"
    return "YBR" if marker == 0xE0 and segment.startswith(b"JFIF") else ""


def _is_frame(marker: int) -> bool:
    return marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC})


def _read_frame(segment: bytes, marker: int, said: str) -> CodestreamSize:
    try:
        precision, rows, columns, samples = struct.unpack_from(">BHHB", segment)
    except struct.error as error:
        raise ValueError("the frame header is cut off") from error
    coding: Coding = "jpeg-ls" if marker == 0xF7 else "jpeg-lossless" if marker in _LOSSLESS else "jpeg"
    components = [segment[6 + 3 * index : 9 + 3 * index] for index in range(samples)]
    if samples == 0 or any(len(component) < 3 for component in components):
        raise ValueError("the frame header is cut off")
    colours = _colours(components, said) if samples == 3 and coding != "jpeg-ls" else ""
    return CodestreamSize(coding, rows, columns, samples, precision, colours)


def _colours(components: list[bytes], said: str) -> Literal["RGB", "YBR", ""]:
    """Letters as identifiers mean RGB; what is subsampled is chroma; then whatever an application segment said."""
    if b"".join(component[:1] for component in components) in _RGB_IDENTIFIERS:
        return "RGB"
    if len({component[1] for component in components}) > 1:
        return "YBR"
    return "RGB" if said == "RGB" else "YBR" if said == "YBR" else ""


def require_same_size(found: CodestreamSize, *, rows: int, columns: int, samples: int) -> None:
    """Raise Refusal("size_mismatch") when the codestream is not the picture that the header describes."""
    if (found.rows, found.columns) != (rows, columns):
        raise Refusal("size_mismatch", header=f"{columns} x {rows}", inside=f"{found.columns} x {found.rows}")
    if found.samples not in {0, samples}:
        raise Refusal("encoding_mismatch")


def require_whole_tiles(data: bytes) -> None:
    """Walk a JPEG 2000 codestream's tile parts (T.800 A.4.2): decoders fill what is missing with grey and say nothing.

    Raises Refusal("truncated") when a part says that it goes on after the last byte.
    """
    position = data.find(_J2K_START) + 2
    while position + 12 <= len(data):
        marker, length = struct.unpack_from(">HH", data, position)
        if marker == 0xFFD9:
            return
        if marker != 0xFF90:  # still in the main header
            position += 2 + length
            continue
        (part,) = struct.unpack_from(">I", data, position + 6)
        if part == 0:  # goes on to the end
            return
        if position + part > len(data) or part < 12:
            raise Refusal("truncated")
        position += part


def transforms_colours(data: bytes) -> bool:
    """Whether a JPEG 2000 codestream says that its components were transformed (COD, T.800 A.6.1): decoders undo it."""
    at = data.find(b"\xff\x52", 0, 65_536)
    return at >= 0 and len(data) > at + 8 and data[at + 8] == 1
