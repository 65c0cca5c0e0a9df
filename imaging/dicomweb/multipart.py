"""multipart/related, read as it streams in and written as it streams out (RFC 2046 section 5.1, RFC 2387). Pure.

The reader keeps at most one piece and one delimiter in memory, whatever the parts are; headers, parts and pieces are
bounded. Preamble and epilogue are skipped. A nested multipart is a part like any other.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

MAX_HEADER_BYTES = 16 * 1024
MAX_HEADERS = 40
MAX_BOUNDARY = 200  # the standard says 70; longer ones are met
PIECE = 256 * 1024
_MAX_PREAMBLE = 64 * 1024
_BOUNDARY = re.compile(f"[ -~]{{1,{MAX_BOUNDARY}}}")


class Malformed(Exception):
    """The body is no multipart of this boundary; `reason` says where it stopped being one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Part:
    """One part; its body must be read (or skipped) before the next part is asked for."""

    headers: dict[str, str]
    _read: Callable[[], Iterator[bytes]] = field(repr=False)

    def pieces(self) -> Iterator[bytes]:
        """The body in pieces. Raises Malformed where it is cut off."""
        return self._read()


class Reader:
    """Parts of a stream. `read(n)` gives at most n bytes, and b"" at the end."""

    def __init__(self, read: Callable[[int], bytes], boundary: str) -> None:
        self._read = read
        self._boundary = boundary
        self._delimiter = b"\r\n--" + boundary.encode("ascii", "replace")
        self._kept = b"\r\n"  # the first delimiter may stand at the very beginning
        self._ended = False
        self._in_body = False

    def parts(self) -> Iterator[Part]:
        """Each part in turn. Raises Malformed."""
        if not _BOUNDARY.fullmatch(self._boundary):
            raise Malformed("The boundary is missing or cannot be one.")
        self._skip_preamble()
        while self._begins_part():
            headers = self._headers()
            self._in_body = True
            yield Part(headers, self._body)
            if self._in_body:
                for _ in self._body():
                    pass

    def _fill(self) -> bool:
        """Read another piece behind what is kept; False at the end of the stream."""
        piece = b"" if self._ended else self._read(PIECE)
        self._ended = not piece
        self._kept += piece
        return not self._ended

    def _skip_preamble(self) -> None:
        skipped = 0
        while (found := self._kept.find(self._delimiter)) < 0:
            spare = len(self._kept) - len(self._delimiter) + 1
            if spare > 0:
                self._kept, skipped = self._kept[spare:], skipped + spare
            if skipped > _MAX_PREAMBLE or not self._fill():
                raise Malformed("The boundary that the request names is nowhere in its body.")
        self._kept = self._kept[found + len(self._delimiter) :]

    def _begins_part(self) -> bool:
        """What follows a delimiter: blanks and a line end for another part, two dashes after the last."""
        while len(self._kept) < 2 or (b"\r\n" not in self._kept[:130] and not self._kept.startswith(b"--")):
            if len(self._kept) > 130 or not self._fill():
                raise Malformed("The request stops after a boundary.")
        if self._kept.startswith(b"--"):
            return False
        line, _, self._kept = self._kept.partition(b"\r\n")
        if line.strip(b" \t"):
            raise Malformed("Something follows a boundary on its line.")
        return True

    def _headers(self) -> dict[str, str]:
        while (end := self._end_of_headers()) < 0:
            if len(self._kept) > MAX_HEADER_BYTES:
                raise Malformed("The headers of a part are too long.")
            if not self._fill():
                raise Malformed("The request stops within the headers of a part.")
        block, self._kept = self._kept[:end], self._kept[end:]
        if end > MAX_HEADER_BYTES or block.count(b"\r\n") > MAX_HEADERS:
            raise Malformed("The headers of a part are too long.")
        lines = re.sub(rb"\r\n[ \t]+", b" ", block).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if ":" in line)
        self._kept = self._kept[2 if self._kept.startswith(b"\r\n") and not block else 4 :]
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _end_of_headers(self) -> int:
        """Where the headers end; a part without any begins with its empty line."""
        return 0 if self._kept.startswith(b"\r\n") else self._kept.find(b"\r\n\r\n")

    def _body(self) -> Iterator[bytes]:
        while self._in_body:
            found = self._kept.find(self._delimiter)
            if found >= 0:
                body, self._kept = self._kept[:found], self._kept[found + len(self._delimiter) :]
                self._in_body = False
                if body:
                    yield body
                return
            spare = len(self._kept) - len(self._delimiter) + 1
            if spare > 0:
                body, self._kept = self._kept[:spare], self._kept[spare:]
                yield body
            if not self._fill():
                self._in_body = False
                raise Malformed("The request stops within a part.")


def new_boundary() -> str:
    """A boundary that occurs in no body."""
    return f"nidaan-{secrets.token_hex(16)}"


def written(parts: Iterable[tuple[dict[str, str], Iterable[bytes]]], boundary: str) -> Iterator[bytes]:
    """The body of a multipart: each part its headers and the pieces of its content."""
    for headers, pieces in parts:
        lines = [f"--{boundary}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        yield "\r\n".join(lines).encode("latin-1")
        yield from pieces
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")
