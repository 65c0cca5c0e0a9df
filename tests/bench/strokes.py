"""Yjs updates as a browser would send them, made without a document: one free line of a hundred points each."""

from __future__ import annotations

import struct
from typing import Final

from pycrdt import Doc, Map

POINTS: Final = 100
_MARK: Final = "f" * 32


def _number(value: int) -> bytes:
    """An unsigned number in groups of 7 bits (lib0)."""
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _template() -> bytes:
    doc: Doc[Map] = Doc(client_id=1)  # type: ignore[type-arg]
    entries: Map = doc.get("annotations", type=Map)  # type: ignore[type-arg]
    entries[_MARK] = {
        "kind": "line",
        "instance": "1" * 32,
        "sop": "1.2.840.10008.5.1.4.1.1.1.1",
        "frame": 1.0,
        "points": [round(500.13 + 3.37 * index, 2) for index in range(2 * POINTS)],
        "text": "",
        "colour": "#ffd400",
        "author": _MARK[:-1] + "e",
        "author_name": "Doctor Alpha",
        "created_at": 1.8e12,
    }
    return bytes(doc.get_update())


class Pen:
    """One page's strokes, each a new entry under the page's own Yjs client number."""

    _made = _template()

    def __init__(self, client: int, author: str) -> None:
        self._client = client
        head, value = self._made.split(_MARK.encode(), 1)
        self._place = head[4:]  # after one client, one structure, client 1, clock 0: which map, and the key's length
        self._value = value.replace((_MARK[:-1] + "e").encode(), author.encode())
        self._clock = 0

    def stroke(self) -> bytes:
        """The next update."""
        key = struct.pack(">QQ", self._client, self._clock).hex().encode()
        update = b"\x01\x01" + _number(self._client) + _number(self._clock) + self._place + key + self._value
        self._clock += 1
        return update
