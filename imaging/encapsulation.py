"""Where the pixel data of a DICOM file lies, walked by its lengths alone so that no lie in it can cost memory."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from imaging.limits import MAX_FRAGMENTS
from imaging.refusals import Refusal

PIXEL_TAGS = {0x7FE00008, 0x7FE00009, 0x7FE00010}  # float, double, pixel data
PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF
_ITEM = (0xFFFE, 0xE000)
_END = (0xFFFE, 0xE0DD)
_LONG_VRS = {b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN"}

Span = tuple[int, int]  # byte offset in the file, length


@dataclass(frozen=True, slots=True)
class PixelElement:
    """The pixel data element: its tag, where its value begins, how long it says it is (None: encapsulated)."""

    tag: int
    offset: int
    length: int | None
    vr: str


def read_element(file: BinaryIO, *, implicit: bool, little: bool) -> PixelElement | None:
    """Read the element header at the file's position (PS3.5 section 7.1); None at the end of the file.

    Whether it says its VR is seen in the header itself: files whose transfer syntax is wrong about it are common, and
    no length of pixel data is the odd number that a VR's letters would be.
    """
    order = "<" if little else ">"
    head = file.read(8)
    if len(head) < 8:
        return None
    group, number = struct.unpack(f"{order}HH", head[:4])
    vr = b"OW"
    if head[4:6] not in _LONG_VRS or head[6:8] != b"\0\0":
        if not implicit and head[4:6].isalpha():
            raise Refusal("damaged_header")
        (length,) = struct.unpack(f"{order}L", head[4:])
    else:
        vr = head[4:6]
        rest = file.read(4)
        if len(rest) < 4:
            raise Refusal("truncated")
        (length,) = struct.unpack(f"{order}L", rest)
    found = None if length == _UNDEFINED else int(length)
    return PixelElement((group << 16) | number, file.tell(), found, vr.decode("ascii"))


def walk_fragments(file: BinaryIO, element: PixelElement, file_size: int) -> tuple[list[int], list[Span]]:
    """The basic offset table and every fragment of encapsulated pixel data (PS3.5 section A.4).

    Raises Refusal: truncated when an item runs past the end of the file, encoding_mismatch when there are no items.
    """
    spans: list[Span] = []
    position = element.offset
    while position + 8 <= file_size and len(spans) <= MAX_FRAGMENTS:
        file.seek(position)
        group, number, length = struct.unpack("<HHL", file.read(8))
        if (group, number) == _END:
            break
        if (group, number) != _ITEM or length == _UNDEFINED:
            if len(spans) > 1:
                break  # the closing item is missing or shifted: whether the frames are whole is seen in themselves
            raise Refusal("encoding_mismatch" if not spans else "damaged_header")
        if position + 8 + length > file_size:
            raise Refusal("truncated")
        spans.append((position + 8, length))
        position += 8 + length
    if len(spans) > MAX_FRAGMENTS:
        raise Refusal("too_many_frames", frames=len(spans))
    if not spans:
        raise Refusal("truncated")
    return _offset_table(file, spans[0]), [span for span in spans[1:] if span[1] > 0]


def _offset_table(file: BinaryIO, span: Span) -> list[int]:
    offset, length = span
    count = min(length // 4, MAX_FRAGMENTS)
    file.seek(offset)
    return list(struct.unpack(f"<{count}L", file.read(4 * count)))


def group_frames(file: BinaryIO, table: list[int], spans: list[Span], frames: int) -> list[list[Span]]:
    """Which fragments make which frame. The offset table is believed only where it points at fragments.

    Raises Refusal("frames_mismatch") when the fragments cannot be `frames` frames.
    """
    if not spans:
        raise Refusal("truncated")
    if frames == 1:
        begun = sum(_begins_picture(file, span) for span in spans) if len(spans) > 1 else 1
        if begun > 1:
            raise Refusal("frames_mismatch", header=1, inside=begun)
        return [spans]
    if len(spans) == frames:
        return [[span] for span in spans]
    first = spans[0][0] - 8
    starts = {span[0] - 8 - first for span in spans}
    if len(table) == frames and table[0] == 0 and table == sorted(set(table)) and starts.issuperset(table):
        found = _split(spans, [offset + first + 8 for offset in table])
        if not any(_begins_picture(file, span) for frame in found for span in frame[1:]):
            return found
    begins = [span[0] for span in spans if _begins_picture(file, span)]
    if len(begins) != frames:
        raise Refusal("frames_mismatch", header=frames, inside=len(begins))
    return _split(spans, begins)


def _split(spans: list[Span], begins: list[int]) -> list[list[Span]]:
    groups: list[list[Span]] = []
    wanted = set(begins)
    for span in spans:
        if span[0] in wanted or not groups:
            groups.append([])
        groups[-1].append(span)
    return groups


def _begins_picture(file: BinaryIO, span: Span) -> bool:
    file.seek(span[0])
    return file.read(12).startswith((b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\0\0\0\x0cJXL \r\n\x87\n"))


def read_spans(file: BinaryIO, spans: list[Span], limit: int | None = None) -> bytes:
    """The bytes of one frame (at most `limit` of them)."""
    parts: list[bytes] = []
    left = sum(length for _, length in spans) if limit is None else limit
    for offset, length in spans:
        if left <= 0:
            break
        file.seek(offset)
        parts.append(file.read(min(length, left)))
        left -= length
    return b"".join(parts)


def read_tail(file: BinaryIO, spans: list[Span], limit: int) -> bytes:
    """The last `limit` bytes of one frame (fewer where its last fragment is shorter)."""
    offset, length = spans[-1]
    start = max(0, length - limit)
    file.seek(offset + start)
    return file.read(length - start)


def read_native(file: BinaryIO, span: Span, element: PixelElement, *, swapped: bool) -> bytes:
    """The bytes of one uncompressed frame. `swapped`: bytes lie in words of the other order (OW, PS3.5 section 7.3)."""
    offset, length = span
    if not swapped:
        file.seek(offset)
        return file.read(length)
    skipped = (offset - element.offset) % 2
    file.seek(offset - skipped)
    words = bytearray(file.read(-(-(length + skipped) // 2) * 2))
    whole = len(words) // 2 * 2
    words[0:whole:2], words[1:whole:2] = words[1:whole:2], words[0:whole:2]
    return bytes(words[skipped : skipped + length])
