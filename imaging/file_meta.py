"""The header that a DICOM file begins with (PS3.10 section 7.1), as far as two files must be told apart without it."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import BinaryIO

_PREAMBLE = 128
_PIECE = 1024 * 1024
_TRANSFER_SYNTAX = 0x0010
_LONG = {b"OB", b"OW", b"UN", b"UT", b"SQ", b"OF", b"UC", b"UR"}  # 32-bit lengths (PS3.5 section 7.1.2)
_MOST_VALUE = 65_536


def data_set_hash(path: Path) -> str:
    """SHA-256 of the transfer syntax and the bytes of the data set; of the whole file where there is no such header.

    The rest of the header says who wrote or sent the file, and is another for each who did.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(skip_meta(file))
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def skip_meta(file: BinaryIO) -> bytes:
    """Go to where the data set begins; returns its transfer syntax. A file without the header is left at its start."""
    file.seek(0)
    if file.read(_PREAMBLE + 4)[_PREAMBLE:] != b"DICM":
        file.seek(0)
        return b""
    syntax = b""
    while True:
        begin = file.tell()
        head = file.read(8)
        if len(head) < 8 or head[:2] != b"\x02\0":  # group 0002 is always explicit and little endian
            file.seek(begin)
            return syntax
        if head[4:6] in _LONG:
            length = int.from_bytes(file.read(4), "little")
        else:
            length = int(struct.unpack("<H", head[6:8])[0])
        if length > _MOST_VALUE:
            file.seek(0)
            return b""
        value = file.read(length)
        if int(struct.unpack("<H", head[2:4])[0]) == _TRANSFER_SYNTAX:
            syntax = value.rstrip(b"\0 ")
