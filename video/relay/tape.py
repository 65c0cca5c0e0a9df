"""One stream's packets on their way into a recording: in order, whole, and held back a moment before they are kept.

The newest `HOLD` seconds are in memory only. Whoever takes their consent back is heard by the web process first and by
this relay a moment later: what came in between is still here, and is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from aiortc.codecs.vpx import VpxPayloadDescriptor

from video.relay import packets
from video.relay.incoming import Kind
from video.relay.packets import Packet

HOLD: Final = 0.25  # seconds
PATIENCE: Final = 1.0  # seconds that a picture waits for a packet that is asked for again
MOST_WAITING: Final = 2000  # packets
NOTE_EVERY: Final = 1.0  # seconds between two notes of when packets came
_WRAP: Final = 1 << 32


class Sink(Protocol):
    """Where a tape's frames go. Times are seconds of the event loop's clock, `pts` counts the stream's own ticks."""

    def frame(self, data: bytes, pts: int, came: float, keyframe: bool) -> bool: ...
    def note(self, note: dict[str, Any], came: float) -> None: ...


class Tape:
    """An observer of one published stream (`Incoming.tap`)."""

    def __init__(self, kind: Kind, sink: Sink, want_keyframe: Callable[[], None]) -> None:
        self._kind = kind
        self._sink = sink
        self._want_keyframe = want_keyframe
        self._patience = PATIENCE if kind == "video" else HOLD
        self._waiting: dict[int, tuple[float, Packet]] = {}
        self._next: int | None = None  # sequence number with its cycles
        self._first_time: int | None = None
        self._time = self._last_pts = -1
        self._noted_at = 0.0
        self._frame: list[bytes] | None = None
        self._needs_keyframe = kind == "video"
        self.lost = 0
        self.closed = False

    def packet(self, packet: Packet, now: float) -> None:
        """One packet that came, in whatever order; refused once the tape is closed."""
        if self.closed:
            return
        if self._next is None:
            self._next = packet.sequence
        sequence = self._next + packets.ahead(packet.sequence, self._next & 0xFFFF)
        if sequence >= self._next and len(self._waiting) < MOST_WAITING:
            self._waiting.setdefault(sequence, (now, packet))

    def report(self, ntp: int, timestamp: int, now: float) -> None:
        """A sender report: the stream's clock stood at `timestamp` when its sender's stood at `ntp` (32.32 seconds)."""
        if not self.closed and self._first_time is not None:
            self._sink.note({"rtp": self._pts(timestamp), "ntp": ntp / _WRAP}, now)

    def tick(self, now: float) -> None:
        """Keep what has been held back long enough."""
        while self._waiting and self._next is not None:
            found = self._waiting.get(self._next)
            if found is not None:
                if now - found[0] < HOLD:
                    return
                del self._waiting[self._next]
                self._next += 1
                self._take(*found)
            else:
                first = min(self._waiting)
                if now - self._waiting[first][0] < self._patience and len(self._waiting) < MOST_WAITING:
                    return
                self.lost += first - self._next
                self._next = first
                self._broken()

    def close(self, now: float, *, keep: bool) -> None:
        """No further packet. `keep` what waits (the stream ended), or throw it away (it must not be recorded)."""
        if keep:
            self.tick(now + PATIENCE + HOLD)
        self._waiting.clear()
        self.closed = True

    def _pts(self, timestamp: int) -> int:
        """Ticks since the first packet, over the wraps of 32 bits."""
        if self._first_time is None:
            self._first_time = self._time = timestamp
        step = ((timestamp - self._time + (_WRAP >> 1)) % _WRAP) - (_WRAP >> 1)
        self._time += step
        return self._time - self._first_time

    def _take(self, came: float, packet: Packet) -> None:
        pts = self._pts(packet.timestamp)
        if came - self._noted_at >= NOTE_EVERY:
            self._noted_at = came
            self._sink.note({"rtp": pts, "came": True}, came)
        if self._kind == "audio":
            self._give(packet.payload, pts, came, True)
        else:
            self._picture(packet, pts, came)

    def _picture(self, packet: Packet, pts: int, came: float) -> None:
        """Put a VP8 frame together (RFC 7741): its first packet starts partition 0, its last one has the marker."""
        if packets.begins_vp8_keyframe(packet.payload):
            self._needs_keyframe = False
        try:
            head, rest = VpxPayloadDescriptor.parse(packet.payload)
        except ValueError:
            self._broken()
            return
        if head.partition_start and head.partition_id == 0:
            self._frame = []
        if self._frame is None or self._needs_keyframe:
            self._want_keyframe()
            return
        self._frame.append(rest)
        if packet.marker:
            frame, self._frame = b"".join(self._frame), None
            self._give(frame, pts, came, bool(frame) and not frame[0] & 1)

    def _give(self, data: bytes, pts: int, came: float, keyframe: bool) -> None:
        if pts <= self._last_pts or not data:
            return
        self._last_pts = pts
        if not self._sink.frame(data, pts, came, keyframe):
            self._broken()

    def _broken(self) -> None:
        self._frame = None
        if self._kind == "video":
            self._needs_keyframe = True
            self._want_keyframe()
