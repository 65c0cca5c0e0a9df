"""The few identifiers that a sender must be answered with, read out of a file's first bytes and nothing else.

The web process decodes no file from outside: this walks lengths (PS3.5 section 7.1, PS3.10 section 7.1) for a bounded
number of steps in a bounded piece, and makes nothing but UIDs of what it finds. What it cannot read it leaves empty;
the sandbox reads the whole file soon enough.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

PEEKED_BYTES = 256 * 1024
_MOST_STEPS = 4000
_UID = re.compile(rb"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_UNDEFINED = 0xFFFFFFFF
_IMPLICIT, _BIG, _DEFLATED = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99"
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_CLASS, _INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E


@dataclass(frozen=True, slots=True)
class Identity:
    """UIDs as the file says them, "" where it does not."""

    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    transfer_syntax_uid: str = ""


def peek(head: bytes) -> Identity | None:
    """Who a DICOM file says it is; None for what is no DICOM file. `head`: its first PEEKED_BYTES."""
    if head[128:132] != b"DICM":
        return None
    meta, start = _meta(head)
    syntax = meta.get(0x00020010, b"")
    found: dict[int, bytes] = {}
    if syntax != _DEFLATED and start:
        order = ">" if syntax == _BIG else "<"
        found = _walk(head, start, order, implicit=syntax == _IMPLICIT)
    return Identity(
        _uid(found.get(_CLASS) or meta.get(0x00020002, b"")),
        _uid(found.get(_INSTANCE) or meta.get(0x00020003, b"")),
        _uid(found.get(_STUDY, b"")),
        _uid(found.get(_SERIES, b"")),
        _uid(syntax),
    )


def _uid(value: bytes) -> str:
    return value.decode("ascii") if len(value) <= 64 and _UID.fullmatch(value) else ""


def _meta(head: bytes) -> tuple[dict[int, bytes], int]:
    """The file meta information (always explicit, little endian) and where the data set begins."""
    found: dict[int, bytes] = {}
    position = 132
    for _ in range(50):
        element = _element(head, position, "<", implicit=False)
        if element is None:
            return found, 0
        tag, value_at, length = element
        if tag >> 16 != 0x0002:
            return found, position
        if length > len(head) - value_at:
            return found, 0
        found[tag] = head[value_at : value_at + length].strip(b"\0 ") if length <= 128 else b""
        position = value_at + length
    return found, 0


def _walk(head: bytes, position: int, order: str, *, implicit: bool) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    depth = 0  # of sequences and items of undefined length; others are stepped over whole
    for _ in range(_MOST_STEPS):
        element = _element(head, position, order, implicit=implicit)
        if element is None:
            break
        tag, value_at, length = element
        position = value_at
        if tag in (_ITEM_END, _SEQUENCE_END):
            depth = max(0, depth - 1)
        elif length == _UNDEFINED:
            depth += 1
        else:
            if depth == 0 and tag in (_CLASS, _INSTANCE, _STUDY, _SERIES) and length <= 128:
                found[tag] = head[value_at : value_at + length].strip(b"\0 ")
            position += length
        if depth == 0 and tag > _SERIES:
            break
    return found


def _element(head: bytes, position: int, order: str, *, implicit: bool) -> tuple[int, int, int] | None:
    """(tag, where the value begins, its length), or None where no element begins."""
    if position + 12 > len(head):
        return None
    group, number = struct.unpack_from(f"{order}HH", head, position)
    tag = (group << 16) | number
    if implicit or group == 0xFFFE:
        return tag, position + 8, struct.unpack_from(f"{order}L", head, position + 4)[0]
    vr = head[position + 4 : position + 6]
    if vr in _LONG:
        return tag, position + 12, struct.unpack_from(f"{order}L", head, position + 8)[0]
    return tag, position + 8, struct.unpack_from(f"{order}H", head, position + 6)[0]
