"""Sealed files: what a recording is at rest, on a relay's disk and on the web process's.

Chunks of AES-256-GCM under a key of the file's own, after the STREAM construction (Hoang, Reyhanitabar, Rogaway and
Vizar, 2015): the nonce is the chunk's number and whether it is the last, so a chunk that was moved, left out, repeated
or changed does not open, and a file that was cut off says so. Every chunk can be opened alone: that is seeking.

    file  = magic, u16 length and JSON of the label (readable: it holds ids and no names), 16 random bytes, chunks
    chunk = u32 length of the content, u8 kind, u48 moment (ms since 1970, the newest that the content tells of),
            content, 16 bytes of tag; all before the content is authenticated too

Whoever was killed in mid-chunk leaves a file that opens up to its last whole chunk.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import IO, Any, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC: Final = b"NDNSEAL1"
KEY_BYTES: Final = 32
SALT_BYTES: Final = 16
TAG_BYTES: Final = 16
MAX_LABEL: Final = 4096
MAX_CONTENT: Final = 1024 * 1024

_LABEL = Struct("!8sH")
_HEAD = Struct("!IBHI")  # length, kind, moment (high 16 and low 32 bits)
_NONCE = Struct("!3xQB")

Kind = Literal["media", "note", "end"]
KINDS: Final[tuple[Kind, ...]] = ("media", "note", "end")
Label = dict[str, Any]


class Broken(Exception):
    """The file cannot be believed; `code`: not_sealed, changed (or another key), cut (its end is missing)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def new_key() -> bytes:
    """A key for one recording."""
    return secrets.token_bytes(KEY_BYTES)


def wrapping_key(secret: str, purpose: str) -> AESGCM:
    """What a secret of the installation's wraps other keys with, one for each purpose."""
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"nidaan key wrap 1\n" + purpose.encode())
    return AESGCM(derive.derive(secret.encode()))


def wrap(secret: str, purpose: str, owner: str, key: bytes) -> bytes:
    """A key that only this secret, for this purpose and this owner (an id), gives back."""
    nonce = secrets.token_bytes(12)
    return nonce + wrapping_key(secret, purpose).encrypt(nonce, key, owner.encode())


def unwrap(secret: str, purpose: str, owner: str, wrapped: bytes) -> bytes:
    """The key again. Raises Broken(changed) under any other secret, purpose or owner."""
    try:
        return wrapping_key(secret, purpose).decrypt(wrapped[:12], wrapped[12:], owner.encode())
    except (InvalidTag, ValueError) as error:
        raise Broken("changed") from error


def _cipher(key: bytes, salt: bytes, front: bytes) -> AESGCM:
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=b"nidaan sealed file 1\n" + front)
    return AESGCM(derive.derive(key))


class Sealer:
    """Writes one sealed file, chunk by chunk, each straight to the operating system: a kill loses nothing written."""

    def __init__(self, path: Path, key: bytes, label: Label) -> None:
        text = json.dumps(label, separators=(",", ":"), sort_keys=True).encode()
        if len(text) > MAX_LABEL:
            raise ValueError("The label is too long.")
        front = _LABEL.pack(MAGIC, len(text)) + text
        salt = secrets.token_bytes(SALT_BYTES)
        self._cipher = _cipher(key, salt, front)
        self._number = 0
        self.closed = False
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._write(front + salt)

    def add(self, kind: Kind, content: bytes, moment: int) -> None:
        """Seal one chunk of at most `MAX_CONTENT` bytes; `moment` in ms since 1970."""
        if self.closed:
            raise ValueError("The file is closed.")
        head = _HEAD.pack(len(content), KINDS.index(kind), moment >> 32, moment & 0xFFFFFFFF)
        nonce = _NONCE.pack(self._number, kind == "end")
        self._write(head + self._cipher.encrypt(nonce, content, head))
        self._number += 1

    def close(self, moment: int, *, whole: bool = True) -> None:
        """End the file and bring it to the disk; not `whole`: as it is, without an end. Harmless to repeat."""
        if self.closed:
            return
        if whole:
            self.add("end", b"", moment)
        self.closed = True
        os.fsync(self.file)
        os.close(self.file)

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self.file, left) :]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a chunk lies: its number, offset in the file, content length, kind, and the moment it tells of."""

    number: int
    offset: int
    length: int
    kind: Kind
    moment: int


def label_of(file: IO[bytes]) -> tuple[Label, bytes]:
    """What stands on a file, and its whole front. Anybody may read it; only a key proves it. Raises Broken."""
    head = file.read(_LABEL.size)
    if len(head) < _LABEL.size or not head.startswith(MAGIC):
        raise Broken("not_sealed")
    length = _LABEL.unpack(head)[1]
    text = file.read(length) if length <= MAX_LABEL else b""
    try:
        label = json.loads(text)
    except ValueError as error:
        raise Broken("not_sealed") from error
    if not isinstance(label, dict):
        raise Broken("not_sealed")
    return label, head + text


class Sealed:
    """Reads one sealed file. `chunks` are the whole ones; `ended` is believed only after `verify` or a full read."""

    def __init__(self, file: IO[bytes], key: bytes) -> None:
        """Raises Broken(not_sealed)."""
        self._file = file
        file.seek(0)
        self.label, front = label_of(file)
        salt = file.read(SALT_BYTES)
        if len(salt) < SALT_BYTES:
            raise Broken("not_sealed")
        self._cipher = _cipher(key, salt, front)
        self.chunks = list(self._scan(len(front) + SALT_BYTES))
        self.ended = bool(self.chunks) and self.chunks[-1].kind == "end"
        self.media = [one for one in self.chunks if one.kind == "media"]
        self.size = sum(one.length for one in self.media)

    def _scan(self, offset: int) -> Iterator[Chunk]:
        size = self._file.seek(0, os.SEEK_END)
        number = 0
        while offset + _HEAD.size + TAG_BYTES <= size:
            self._file.seek(offset)
            length, kind, high, low = _HEAD.unpack(self._file.read(_HEAD.size))
            after = offset + _HEAD.size + length + TAG_BYTES
            if length > MAX_CONTENT or kind >= len(KINDS):
                raise Broken("changed")
            if after > size:
                return
            yield Chunk(number, offset, length, KINDS[kind], high << 32 | low)
            if KINDS[kind] == "end":
                return
            offset, number = after, number + 1

    def open(self, chunk: Chunk) -> bytes:
        """A chunk's content. Raises Broken(changed)."""
        self._file.seek(chunk.offset)
        head = self._file.read(_HEAD.size)
        try:
            nonce = _NONCE.pack(chunk.number, chunk.kind == "end")
            return self._cipher.decrypt(nonce, self._file.read(chunk.length + TAG_BYTES), head)
        except InvalidTag as error:
            raise Broken("changed") from error

    def verify(self) -> None:
        """Open every chunk. Raises Broken(changed)."""
        for chunk in self.chunks:
            self.open(chunk)

    def content(self, until: int | None = None) -> Iterator[bytes]:
        """The media from the start, without any chunk that tells of a moment after `until` (ms since 1970)."""
        for chunk in self.media:
            if until is not None and chunk.moment > until:
                return
            yield self.open(chunk)

    def notes(self) -> list[dict[str, Any]]:
        """What the writer noted, in order."""
        return [json.loads(self.open(chunk)) for chunk in self.chunks if chunk.kind == "note"]

    def read(self, start: int, length: int) -> Iterator[bytes]:
        """`length` bytes of the media from `start`, opening only the chunks that hold them."""
        at, end = 0, start + length
        for chunk in self.media:
            if at >= end:
                return
            if at + chunk.length > start:
                yield self.open(chunk)[max(0, start - at) : end - at]
            at += chunk.length
