"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Literal

from imaging.refusals import Refusal

PictureKind = Literal["jpeg", "png", "webp", "gif", "tiff", "heic", "avif", "bmp"]
FileKind = Literal["dicom", "video", "pdf"] | PictureKind

# Pictures and containers by their first bytes: (offset, bytes, kind).
_MARKS: tuple[tuple[int, bytes, FileKind], ...] = (
    (0, b"\xff\xd8\xff", "jpeg"),  # ITU-T T.81 annex B
    (0, b"\x89PNG\r\n\x1a\n", "png"),  # W3C PNG section 5.2
    (0, b"%PDF-", "pdf"),  # ISO 32000-1 section 7.5.2
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (0, b"II*\x00", "tiff"),
    (0, b"MM\x00*", "tiff"),
    (0, b"\x1aE\xdf\xa3", "video"),  # EBML: WebM and Matroska, RFC 8794 section 11.2.1
    (0, b"\x00\x00\x01\xba", "video"),  # MPEG program stream, ISO/IEC 13818-1 table 2-33
)
_RIFF = {b"WEBP", b"AVI "}
# Kinds that people do send and that we name in the refusal: (offset, bytes, name).
_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"<svg", "SVG"),
    (0, b"<?xml", "XML"),
    (0, b"<html", "HTML"),
    (0, b"<!DOCTYPE", "HTML"),
)
_STILL_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"}
_QUICKTIME_ATOMS = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
# Elements that a data set begins with, and their VRs (PS3.6).
_FIRST_ELEMENTS = {(0x0002, number) for number in (0x0000, 0x0001, 0x0002, 0x0010)} | {
    (0x0008, number) for number in (0x0000, 0x0001, 0x0005, 0x0008, 0x0012, 0x0014, 0x0016, 0x0018)
}
_FIRST_VRS = {b"UL", b"CS", b"UI", b"DA", b"OB"}
_TRANSPORT_PACKET = 188  # bytes, each beginning with 0x47: ISO/IEC 13818-1 section 2.4.3.2


def detect(path: Path) -> FileKind:
    """The kind of a file. Raises Refusal: empty_file, other_kind (named), unknown_kind.

    DICOM: PS3.10 section 7.1 (128 bytes, then DICM), or a data set without them; MP4, MOV, 3GP, HEIC, AVIF:
    ISO/IEC 14496-12 section 4.3 (or a QuickTime atom where there is no `ftyp`); the others by the marks above.
    """
    with path.open("rb") as file:
        head = file.read(_TRANSPORT_PACKET * 2 + 1)
    if not head:
        raise Refusal("empty_file")
    if head[128:132] == b"DICM" or _begins_data_set(head):
        return "dicom"
    return _of_container(head) or _of_mark(head)


def _begins_data_set(head: bytes) -> bool:
    """A data set without preamble, older than PS3.10 or cut out of a stream: its first element is one of a few."""
    for order in ("<", ">"):
        group, number, length = struct.unpack_from(f"{order}HHL", head) if len(head) >= 8 else (0, 0, 0)
        if (group, number) in _FIRST_ELEMENTS and (head[4:6] in _FIRST_VRS or (order == "<" and length < 256)):
            return True
    return False


def _of_container(head: bytes) -> FileKind | None:
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[4:8] in _QUICKTIME_ATOMS:
        return "video"
    if head.startswith(b"RIFF") and head[8:12] in _RIFF:
        return "webp" if head[8:12] == b"WEBP" else "video"
    if len(head) > 2 * _TRANSPORT_PACKET and all(head[at] == 0x47 for at in range(0, len(head), _TRANSPORT_PACKET)):
        return "video"
    return "bmp" if head.startswith(b"BM") and head[6:10] == b"\0\0\0\0" else None


def _of_mark(head: bytes) -> FileKind:
    for offset, mark, kind in _MARKS:
        if head[offset : offset + len(mark)] == mark:
            return kind
    for offset, mark, name in _OTHERS:
        if head[offset : offset + len(mark)].lower() == mark.lower():
            raise Refusal("other_kind", kind=name)
    raise Refusal("unknown_kind")


def _of_brand(brand: bytes) -> FileKind:
    if brand in _STILL_BRANDS:
        return "heic"
    if brand in {b"avif", b"avis"}:
        return "avif"
    return "video"
