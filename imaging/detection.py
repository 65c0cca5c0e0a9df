"""What a file is, told by its first bytes and never by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from imaging.refusals import Refusal

FileKind = Literal["dicom", "jpeg", "png", "video"]

# Kinds that people do send and that we name in the refusal: (offset, bytes, name).
_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "GIF"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"%PDF", "PDF"),
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"BM", "BMP"),
    (8, b"WEBP", "WebP"),
    (8, b"AVI ", "AVI"),
    (0, b"\x1aE\xdf\xa3", "WebM"),
    (0, b"<svg", "SVG"),
    (0, b"<?xml", "XML"),
    (0, b"<html", "HTML"),
    (0, b"<!DOCTYPE", "HTML"),
)
_STILL_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"}
_QUICKTIME_ATOMS = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}


def detect(path: Path) -> FileKind:
    """The kind of a file. Raises Refusal: empty_file, other_kind (named), unknown_kind.

    DICOM: PS3.10 section 7.1 (128 bytes, then DICM); JPEG: ITU-T T.81 annex B; PNG: W3C PNG section 5.2;
    MP4 and MOV: ISO/IEC 14496-12 section 4.3 (or a QuickTime atom where there is no `ftyp`).
    """
    with path.open("rb") as file:
        head = file.read(132)
    if not head:
        raise Refusal("empty_file")
    if head[128:132] == b"DICM":
        return "dicom"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[4:8] == b"ftyp":
        return _of_brand(head[8:12])
    if head[4:8] in _QUICKTIME_ATOMS:
        return "video"
    for offset, mark, name in _OTHERS:
        if head[offset : offset + len(mark)].lower() == mark.lower():
            raise Refusal("other_kind", kind=name)
    raise Refusal("unknown_kind")


def _of_brand(brand: bytes) -> FileKind:
    if brand in _STILL_BRANDS:
        raise Refusal("other_kind", kind="HEIC")
    if brand in {b"avif", b"avis"}:
        raise Refusal("other_kind", kind="AVIF")
    return "video"
