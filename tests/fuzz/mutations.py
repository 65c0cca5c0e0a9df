"""Changes to a file that know how files are built: elements, fragments and segments, and then plain bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

_LONG = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN", b"SQ", b"UT", b"UC", b"UR"}
_VRS = [b"US", b"SS", b"UL", b"OB", b"OW", b"SQ", b"UN", b"DS", b"IS", b"LO", b"UI", b"FD", b"??", b"\0\0"]
_LENGTHS = [0, 1, 2, 3, 7, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
_NUMBERS = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 127, 128, 255, 256, 4095, 32767, 32768, 65534, 65535]
_TEXTS = [b"", b"0", b"-1", b"1e308", b"nan", b"inf", b"-0", b"99999999999", b"\\\\\\", b"abc", b"1\\2\\3", b"\xff\xfe"]
_SYNTAXES = [f"1.2.840.10008.1.2{end}".encode() for end in ("", ".1", ".2", ".5", ".1.99")] + [
    f"1.2.840.10008.1.2.4.{end}".encode() for end in (50, 51, 53, 57, 70, 80, 81, 90, 91, 100, 102, 110, 111, 201, 203)
]
_PHOTOMETRICS = [b"MONOCHROME1", b"MONOCHROME2", b"RGB", b"YBR_FULL", b"YBR_FULL_422", b"YBR_ICT", b"PALETTE COLOR"]


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the top level: where its header, its length and its value lie."""

    tag: int
    start: int
    length_at: int
    wide: bool
    value: int
    end: int


def elements(data: bytes | bytearray) -> list[Element]:
    """The explicit little-endian elements of a DICOM file's top level, as far as they can be walked."""
    found: list[Element] = []
    at = 132
    while at + 8 <= len(data):
        group, number = struct.unpack_from("<HH", data, at)
        wide = bytes(data[at + 4 : at + 6]) in _LONG
        length_at = at + 8 if wide else at + 6
        if length_at + 4 > len(data):
            break
        (length,) = struct.unpack_from("<L" if wide else "<H", data, length_at)
        value = length_at + (4 if wide else 2)
        if length == 0xFFFFFFFF or value + length > len(data):
            found.append(Element((group << 16) | number, at, length_at, wide, value, len(data)))
            break
        found.append(Element((group << 16) | number, at, length_at, wide, value, value + length))
        at = value + length
    return found


def mutate(original: bytes, rng: random.Random) -> bytes:
    """A file changed in one to four ways."""
    data = bytearray(original)
    for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
        if not data:
            break
        known = elements(data) if data[128:132] == b"DICM" else []
        change = rng.choice(_OF_ELEMENTS if known and rng.random() < 0.65 else _OF_BYTES)
        change(data, known, rng)
    return bytes(data)


Change = Callable[[bytearray, list[Element], random.Random], None]


def _length(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one = rng.choice(known)
    number = rng.choice([*_LENGTHS, one.end - one.value + rng.randint(-3, 3)])
    size = 4 if one.wide else 2
    data[one.length_at : one.length_at + size] = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _vr(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one = rng.choice(known)
    data[one.start + 4 : one.start + 6] = rng.choice(_VRS)


def _number(data: bytearray, known: list[Element], rng: random.Random) -> None:
    """A number of group 0028 or of any short element."""
    short = [one for one in known if one.end - one.value in {2, 4}]
    pixels = [one for one in short if one.tag >> 16 == 0x0028]
    if not short:
        return
    one = rng.choice(pixels or short) if rng.random() < 0.8 else rng.choice(short)
    data[one.value : one.value + 2] = rng.choice(_NUMBERS).to_bytes(2, "little")


def _text(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one = rng.choice([one for one in known if not one.wide] or known)
    word = rng.choice([*_TEXTS, *_PHOTOMETRICS, bytes(rng.randbytes(rng.randint(1, 40)))])
    word += b" " * (len(word) % 2)
    if not one.wide:
        data[one.length_at : one.end] = len(word).to_bytes(2, "little") + word


def _syntax(data: bytearray, known: list[Element], rng: random.Random) -> None:
    for one in known:
        if one.tag == 0x00020010:
            word = rng.choice(_SYNTAXES)
            word += b"\0" * (len(word) % 2)
            data[one.length_at : one.end] = len(word).to_bytes(2, "little") + word
            return


def _drop(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one = rng.choice(known)
    del data[one.start : one.end]


def _repeat(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one, place = rng.choice(known), rng.choice(known)
    data[place.start : place.start] = data[one.start : min(one.end, one.start + 4096)]


def _cut_at_a_boundary(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one = rng.choice(known)
    del data[rng.choice((one.start, one.length_at, one.value, one.end)) + rng.choice((0, 0, 1, -1)) :]


def _nest(data: bytearray, known: list[Element], rng: random.Random) -> None:
    one = rng.choice(known)
    depth = rng.choice((1, 2, 10, 200, 1500))
    inside = b"\x18\x00\x11\x60SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth
    data[one.start : one.start] = inside


def _fragment(data: bytearray, known: list[Element], rng: random.Random) -> None:
    """An item of encapsulated pixel data: its length, or its tag."""
    last = known[-1]
    items: list[int] = []
    at = data.find(b"\xfe\xff\x00\xe0", last.value)
    while at >= 0 and len(items) < 200:
        items.append(at)
        at = data.find(b"\xfe\xff\x00\xe0", at + 8)
    if not items:
        _in_pixels(data, known, rng)
        return
    item = rng.choice(items)
    if rng.random() < 0.3:
        data[item : item + 4] = rng.choice((b"\xfe\xff\xdd\xe0", b"\xfe\xff\x0d\xe0", b"\0\0\0\0"))
    else:
        data[item + 4 : item + 8] = rng.choice(_LENGTHS).to_bytes(4, "little")


def _in_pixels(data: bytearray, known: list[Element], rng: random.Random) -> None:
    """Bytes of the first kilobyte of the pixel data, where the headers of codestreams lie."""
    start = known[-1].value
    span = min(1024, len(data) - start)
    for _ in range(rng.randint(1, 6)):
        if span > 0:
            data[start + rng.randrange(span)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _flip(data: bytearray, known: list[Element], rng: random.Random) -> None:
    for _ in range(rng.choice((1, 2, 8, 40))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _cut(data: bytearray, known: list[Element], rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _remove(data: bytearray, known: list[Element], rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 2, 4, 64, 1024))]


def _insert(data: bytearray, known: list[Element], rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = rng.choice((b"\xff" * 4, b"\0" * 64, b"\xff\xd9", b"\xff\xda", rng.randbytes(16)))


def _overwrite(data: bytearray, known: list[Element], rng: random.Random) -> None:
    at = rng.randrange(len(data))
    size = rng.choice((1, 2, 4))
    order = rng.choice(("little", "big"))
    value = rng.choice(_LENGTHS) & ((1 << 8 * size) - 1)
    data[at : at + size] = value.to_bytes(size, "little" if order == "little" else "big")


_OF_ELEMENTS: tuple[Change, ...] = (
    _length, _vr, _number, _number, _number, _text, _text, _syntax, _drop, _repeat, _cut_at_a_boundary, _nest,
    _fragment, _fragment, _in_pixels, _in_pixels,
)  # fmt: skip
_OF_BYTES: tuple[Change, ...] = (_flip, _flip, _cut, _remove, _insert, _overwrite, _overwrite)
