"""A strict reader of Yjs updates and state vectors (update format v1), run before the CRDT library sees them.

The library aborts the whole process on some inputs (a value nested 400,000 deep overflows its stack) and keeps what it
cannot place yet for ever. So everything is read here first: only what this document may hold passes, in linear time.
Source: yjs `src/utils/encoding.js`, `src/structs/Item.js`; lib0 `encoding.js` (any values).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from app.errors import ProtocolError

ROOTS: Final = frozenset({"annotations", "key_images", "stage", "views"})
MAX_CLIENT: Final = 2**53 - 1  # browsers refuse to read larger integers
MAX_CLOCK: Final = 2**31 - 1  # the library counts in 32 bits
MAX_DEPTH: Final = 6
MAX_KEY: Final = 200

_GC, _DELETED, _ANY, _SKIP = 0, 1, 8, 10
_HAS_ORIGIN, _HAS_RIGHT_ORIGIN, _HAS_KEY, _KIND = 0x80, 0x40, 0x20, 0x1F
_FLOAT32, _FLOAT64 = 124, 123


@dataclass(slots=True)
class Update:
    """What an update consists of: runs of new structures by client, what they lean on, and what it deletes."""

    runs: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # client -> [(clock, length)], skips left out
    needs: list[tuple[int, int]] = field(default_factory=list)  # (client, clock) that must be known
    deletes: list[tuple[int, int]] = field(default_factory=list)  # (client, end of a deleted range)

    def reach(self, known: Mapping[int, int]) -> dict[int, int] | None:
        """The state vector after this update on top of `known`; None when something it leans on is missing."""
        state = dict(known)
        for client, runs in self.runs.items():
            end = state.get(client, 0)
            for clock, length in runs:
                if clock > end:
                    return None
                end = max(end, clock + length)
            state[client] = end
        placed = all(clock < state.get(client, 0) for client, clock in self.needs)
        placed = placed and all(end <= state.get(client, 0) for client, end in self.deletes)
        return state if placed else None

    def clients_with_news(self, known: Mapping[int, int]) -> list[int]:
        """The clients of which this update brings structures that `known` has not."""
        return [
            client
            for client, runs in self.runs.items()
            if any(clock + length > known.get(client, 0) for clock, length in runs)
        ]


def read_update(data: bytes) -> Update:
    """The parts of an update. Raises ProtocolError for anything that this document could not have produced."""
    reader = _Reader(data)
    update = Update()
    for _ in range(reader.number()):
        count, client, clock = reader.number(), reader.client(), reader.clock()
        if client in update.runs:
            raise ProtocolError("The update names a client twice.")
        update.runs[client] = _read_structs(reader, update, count, client, clock)
    for _ in range(reader.number()):
        client = reader.client()
        for _ in range(reader.number()):
            clock, length = reader.clock(), reader.clock()
            if length < 1 or clock + length > MAX_CLOCK:
                raise ProtocolError("The update deletes an impossible range.")
            update.deletes.append((client, clock + length))
    reader.finish()
    return update


def read_state_vector(data: bytes) -> dict[int, int]:
    """Client -> clock. Raises ProtocolError."""
    reader = _Reader(data)
    state: dict[int, int] = {}
    for _ in range(reader.number()):
        client = reader.client()
        if client in state:
            raise ProtocolError("The state vector names a client twice.")
        state[client] = reader.clock()
    reader.finish()
    return state


def _read_structs(reader: _Reader, update: Update, count: int, client: int, clock: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for _ in range(count):
        info = reader.byte()
        kind = info & _KIND
        if kind in (_GC, _SKIP):
            if info != kind:
                raise ProtocolError("The update has an unknown kind of structure.")
            length = reader.number()
        else:
            _read_place(reader, update, info)
            length = _read_content(reader, kind)
        if length < 1 or clock + length > MAX_CLOCK:
            raise ProtocolError("The update has a structure of an impossible length.")
        if kind != _SKIP:
            runs.append((clock, length))
        clock += length
    return runs


def _read_place(reader: _Reader, update: Update, info: int) -> None:
    if info & _HAS_ORIGIN:
        update.needs.append((reader.client(), reader.clock()))
    if info & _HAS_RIGHT_ORIGIN:
        update.needs.append((reader.client(), reader.clock()))
    if info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
        return  # the neighbour says in which map and under which key
    if reader.number() != 1:
        raise ProtocolError("The update nests shared types; this document holds plain values.")
    if reader.text(MAX_KEY) not in ROOTS or not info & _HAS_KEY:
        raise ProtocolError("The update writes somewhere outside this document.")
    reader.text(MAX_KEY)


def _read_content(reader: _Reader, kind: int) -> int:
    length = reader.number()
    if kind == _DELETED:
        return length
    if kind != _ANY:
        raise ProtocolError("The update holds something other than plain values.")
    for _ in range(length):
        reader.skip_value(MAX_DEPTH)
    return length


class _Reader:
    """lib0's encoding over bytes; every step is bounded by the bytes there are."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def finish(self) -> None:
        if self._at != len(self._data):
            raise ProtocolError("There are bytes left over.")

    def byte(self) -> int:
        at = self._at
        if at >= len(self._data):
            raise ProtocolError("It is cut short.")
        self._at = at + 1
        return self._data[at]

    def number(self) -> int:
        """An unsigned number in groups of 7 bits, at most 2^53 - 1."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 49:
                raise ProtocolError("It holds a number that is too large.")
        if value > MAX_CLIENT:
            raise ProtocolError("It holds a number that is too large.")
        return value

    def client(self) -> int:
        return self.number()

    def clock(self) -> int:
        value = self.number()
        if value > MAX_CLOCK:
            raise ProtocolError("It counts further than any document does.")
        return value

    def text(self, limit: int) -> str:
        raw = self._take(self.number())
        if len(raw) > limit:
            raise ProtocolError("It holds a name that is too long.")
        return _decoded(raw)

    def skip_value(self, depth: int) -> None:
        """Pass over one JSON value. Big integers, bytes and undefined are refused: a browser would trip over them."""
        kind = self.byte()
        if kind == _FLOAT64:
            self._take(8)
        elif kind == _FLOAT32:
            self._take(4)
        elif kind == 125:
            self._skip_integer()
        elif kind == 119:
            _decoded(self._take(self.number()))
        elif kind in (117, 118):
            self._skip_nested(kind, depth)
        elif kind not in (120, 121, 126):
            raise ProtocolError("The update holds a value of a kind that is not used here.")

    def _skip_nested(self, kind: int, depth: int) -> None:
        if depth == 0:
            raise ProtocolError("The update holds a value nested too deeply.")
        count = self.number()
        if kind == 117:
            count -= self._skip_floats(count)
        for _ in range(count):
            if kind == 118:
                self.text(MAX_KEY)
            self.skip_value(depth - 1)

    def _skip_floats(self, most: int) -> int:
        """Pass over the floats at the front of a list (all of it, for the points of a stroke); how many they were."""
        data, at, end, count = self._data, self._at, len(self._data), 0
        while count < most and at < end and data[at] in (_FLOAT64, _FLOAT32):
            at += 9 if data[at] == _FLOAT64 else 5
            count += 1
        if at > end:
            raise ProtocolError("It is cut short.")
        self._at = at
        return count

    def _skip_integer(self) -> None:
        for _ in range(8):
            if self.byte() < 0x80:
                return
        raise ProtocolError("It holds a number that is too large.")

    def _take(self, count: int) -> bytes:
        at = self._at
        if count > len(self._data) - at:
            raise ProtocolError("It is cut short.")
        self._at = at + count
        return self._data[at : self._at]


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("It holds text that is not UTF-8.") from None
