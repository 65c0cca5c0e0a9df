"""Which demuxer reads a video, told by its first bytes.

FFmpeg is never left to guess: a playlist or a concat file would have it open other files or addresses.
"""

from __future__ import annotations

from pathlib import Path

_QUICKTIME = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_PACKET = 188  # bytes of a transport stream packet; 192 with a time stamp before each (M2TS)


def container_of(path: Path) -> str | None:
    """FFmpeg's name of the container, or None when the bytes are a bare stream (or nothing known)."""
    with path.open("rb") as file:
        head = file.read(2 * 192 + 5)
    if head[4:8] in _QUICKTIME:
        return "mov"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if head.startswith(b"\x00\x00\x01\xba"):
        return "mpeg"
    for first, step in ((0, _PACKET), (4, 192)):
        if len(head) > first + 2 * step and all(head[first + at] == 0x47 for at in (0, step, 2 * step)):
            return "mpegts"
    return None
