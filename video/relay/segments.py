"""Writes segments: one sealed Matroska file (RFC 9559) a stream and take, remuxed and never transcoded.

A thread of its own does it, so that a slow disk holds up nobody's call. What it cannot take in time is dropped, and
said. A cluster is half a second: a relay that is killed loses that and what it was holding back, about a second.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from video.relay.incoming import Kind
from video.sealed import MAX_CONTENT, Label, Sealer

MOST_QUEUED: Final = 4000  # frames of all segments: a minute of a call of four
CLUSTER_MS: Final = 500
OPEN_ENDING: Final = ".part"
CLOSED_ENDING: Final = ".sealed"
STILL_OPENING: Final = 3.0  # seconds: a file this young may be another relay's that has not locked it yet

log = logging.getLogger(__name__)


class Segment:
    """A segment as the writing thread knows it; made and used there alone."""

    def __init__(self, folder: Path, key: bytes, label: Label, kind: Kind, rate: int) -> None:
        self.path = folder / f"{label['segment']}{OPEN_ENDING}"
        self._sealer = Sealer(self.path, key, label)
        # The kernel forgets the lock with the process, however it ends: whoever can take it finds a file left behind.
        fcntl.flock(self._sealer.file, fcntl.LOCK_EX)
        self.name = self.path.name
        self.moment = int(label["began"])
        self._time_base = Fraction(1, rate)
        options = {"cluster_time_limit": str(CLUSTER_MS), "flush_packets": "1"}
        self._container = av.open(self, "w", format="matroska", options=options)
        if kind == "audio":
            self._stream: Any = self._container.add_stream("libopus", rate=rate, layout="stereo")
        else:
            self._stream = self._container.add_mux_stream("vp8", rate=30, width=640, height=480)

    def write(self, data: bytes) -> int:
        """What the muxer made: sealed at once. Not seekable, so the file is whole wherever it is cut."""
        for at in range(0, len(data), MAX_CONTENT):
            self._sealer.add("media", bytes(data[at : at + MAX_CONTENT]), self.moment)
        return len(data)

    def frame(self, data: bytes, pts: int, moment: int, keyframe: bool) -> None:
        """One frame; `moment` is when its last packet came (ms since 1970)."""
        packet = av.Packet(data)
        packet.stream = self._stream
        packet.pts = packet.dts = pts
        packet.time_base = self._time_base
        packet.is_keyframe = keyframe
        self._container.mux_one(packet)
        self.moment = max(self.moment, moment)

    def note(self, note: dict[str, Any], moment: int) -> None:
        """Something that the one who mixes needs to know."""
        self._sealer.add("note", json.dumps(note).encode(), moment)

    def close(self) -> None:
        """End the file, and give it the name under which it is delivered."""
        with contextlib.suppress(av.FFmpegError):  # a container without one frame has nothing to end
            self._container.close()
        self._sealer.close(self.moment)
        self.path.rename(self.path.with_suffix(CLOSED_ENDING))

    def abandon(self) -> None:
        """Nothing more can be written: leave what is there to be delivered as it is."""
        with contextlib.suppress(OSError):
            self._sealer.close(self.moment, whole=False)
            self.path.rename(self.path.with_suffix(CLOSED_ENDING))


class Writer:
    """The writing thread. `failed(segment id)` hears, in that thread, of a segment that the disk did not take."""

    def __init__(self, folder: Path, failed: Callable[[str], None]) -> None:
        self._folder = folder
        self._failed = failed
        self._work: queue.SimpleQueue[tuple[str, Callable[[], None]] | None] = queue.SimpleQueue()
        self._segments: dict[str, Segment] = {}
        self._thread: threading.Thread | None = None
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """How much is still to be written."""
        return self._work.qsize()

    def open(self, key: bytes, label: Label, kind: Kind, rate: int) -> None:
        """Begin a segment; `label` names it (`segment`) and what it belongs to."""
        if self._thread is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
            self._thread.start()
        name = str(label["segment"])

        def begin() -> None:
            self._segments[name] = Segment(self._folder, key, label, kind, rate)

        self._work.put((name, begin))

    def frame(self, name: str, data: bytes, pts: int, moment: int, keyframe: bool) -> bool:
        """Add a frame; False when the disk is too far behind and it was dropped."""
        if self.waiting >= MOST_QUEUED:
            self.dropped += 1
            if self.dropped == 1 or self.dropped % 1000 == 0:
                log.warning("the disk is too slow for the recording: %d frames were dropped", self.dropped)
            return False

        def add() -> None:
            if name in self._segments:
                self._segments[name].frame(data, pts, moment, keyframe)

        self._work.put((name, add))
        return True

    def note(self, name: str, note: dict[str, Any], moment: int) -> None:
        """Add a note."""

        def add() -> None:
            if name in self._segments:
                self._segments[name].note(note, moment)

        self._work.put((name, add))

    def close(self, name: str, then: Callable[[], None]) -> None:
        """End a segment; `then`, in the writing thread, when it is on the disk."""

        def end() -> None:
            segment = self._segments.pop(name, None)
            if segment is not None:
                segment.close()
            then()

        self._work.put((name, end))

    def finish(self) -> None:
        """End every segment and the thread; waits for it."""
        if self._thread is None:
            return
        self._work.put(("", self._close_all))
        self._work.put(None)
        self._thread.join()
        self._thread = None

    def _close_all(self) -> None:
        while self._segments:
            self._segments.popitem()[1].close()

    def _run(self) -> None:
        while (item := self._work.get()) is not None:
            name, work = item
            try:
                work()
            except Exception:  # a full disk or a frame that no container takes: the call must go on
                log.exception("segment %s cannot be written on", name)
                segment = self._segments.pop(name, None)
                if segment is not None:
                    segment.abandon()
                self._failed(name)


def left_behind(folder: Path) -> None:
    """Give files that a killed relay left open the name under which they are delivered."""
    for path in folder.glob(f"*{OPEN_ENDING}"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            if time.time() - path.stat().st_mtime < STILL_OPENING:
                continue
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.rename(path.with_suffix(CLOSED_ENDING))
