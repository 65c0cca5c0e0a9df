"""`python -m video.recordings.mixing`: many voices into one file. The only place that decodes a recording.

A child process of the worker's, limited in memory and time. It is told on its standard input what to mix and with
which key, and writes a sealed WebM file (Opus) with cues; nothing lies on the disk in clear at any moment.

Where a packet belongs in time: a stream's RTP timestamps count its own clock, its sender reports say how that clock
stands to its sender's wall clock (NTP), and when they reached the relay says how that one stands to the relay's, which
all streams share. The least delay seen is taken for the path's own.
"""

from __future__ import annotations

import base64
import io
import json
import os
import resource
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from video.sealed import Broken, Sealed, Sealer

RATE: Final = 48_000
BLOCK: Final = RATE // 2  # samples that are mixed at once
SLACK: Final = RATE * 40 // 1000  # samples by which a voice may drift before it is moved
BIT_RATE: Final = 32_000
CHUNK: Final = 64 * 1024  # bytes: what a jump in the sound has to open
MEMORY: Final = 2 * 1024**3
CPU_SECONDS: Final = 30 * 60

Samples = NDArray[np.int16]


class Clock:
    """When a stream's ticks were, in seconds of the relay's clock, from what the relay noted of it."""

    def __init__(self, notes: list[dict[str, Any]], rate: int, began: float) -> None:
        self._rate = rate
        reports = sorted((one["rtp"], one["ntp"], one["at"] / 1000) for one in notes if "ntp" in one)
        self._ticks = [ticks for ticks, _, _ in reports]
        behind = min((at - ntp for _, ntp, at in reports), default=0.0)
        self._times = [ntp + behind for _, ntp, _ in reports]
        came = [one["at"] / 1000 - one["rtp"] / rate for one in notes if "came" in one]
        self._begin = min(came, default=began)

    def at(self, ticks: float) -> float:
        """When a tick was: by the last report before it, or the first one after it; without any, by arrival."""
        if not self._ticks:
            return float(self._begin + ticks / self._rate)
        found = max(0, bisect_right(self._ticks, ticks) - 1)
        return float(self._times[found] + (ticks - self._ticks[found]) / self._rate)


class Voice:
    """One segment's sound: pieces of it in order, each with the sample of the take where it belongs."""

    def __init__(self, file: Sealed, until: int | None) -> None:
        self._data = b"".join(file.content(until))
        rate = int(file.label["rate"])
        self._clock = Clock(file.notes(), rate, file.label["began"] / 1000)
        self._rate = rate
        self._pending: list[tuple[int, Samples]] = []
        self.began = self._clock.at(0)
        self.ended_at = 0  # the sample after the last one that was played

    def pieces(self, origin: float) -> Iterator[tuple[int, Samples]]:
        """From the start of the take at `origin` (seconds of the relay's clock)."""
        expected = -1
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        for frame in self._frames():
            seconds = float(frame.pts * frame.time_base)
            position = round((self._clock.at(seconds * self._rate) - origin) * RATE)
            if expected >= 0 and abs(position - expected) < SLACK:
                position = expected
            position = max(0, position, expected)
            for part in resampler.resample(frame):
                samples: Samples = part.to_ndarray().reshape(-1).astype(np.int16)
                yield position, samples
                position += len(samples)
            expected = position

    def _frames(self) -> Iterator[Any]:
        if not self._data:
            return
        try:
            container: Any = av.open(io.BytesIO(self._data), format="matroska")
            yield from container.decode(audio=0)
        except av.FFmpegError:
            return  # what was cut off ends where it was cut


def blocks(voices: list[Voice], origin: float) -> Iterator[Samples]:
    """The voices of one take together, block by block."""
    sources = [voice.pieces(origin) for voice in voices]
    waiting: list[tuple[int, Samples] | None] = [next(source, None) for source in sources]
    start = 0
    while any(one is not None for one in waiting):
        mixed = np.zeros(BLOCK, np.int32)
        filled = 0
        for number, source in enumerate(sources):
            while (one := waiting[number]) is not None and one[0] < start + BLOCK:
                offset, samples = one[0] - start, one[1]
                room = BLOCK - offset
                mixed[offset : offset + len(samples)] += samples[:room]
                filled = max(filled, min(BLOCK, offset + len(samples)))
                waiting[number] = (start + BLOCK, samples[room:]) if len(samples) > room else next(source, None)
        last = all(one is None for one in waiting)
        yield np.clip(mixed[: filled if last else BLOCK], -32768, 32767).astype(np.int16)
        start += BLOCK


class Output:
    """A WebM file in memory, of samples put into it one after the other."""

    def __init__(self) -> None:
        self.file = io.BytesIO()
        self._container = av.open(self.file, "w", format="webm", options={"cluster_time_limit": "2000"})
        self._stream: Any = self._container.add_stream("libopus", rate=RATE, layout="mono")
        self._stream.bit_rate = BIT_RATE
        self._stream.options = {"application": "voip"}
        self.samples = 0

    def put(self, samples: Samples) -> None:
        """Add samples."""
        if not len(samples):
            return
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, self.samples
        self.samples += len(samples)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def end(self) -> bytes:
        """The whole file."""
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return self.file.getvalue()


def mix(given: dict[str, Any]) -> dict[str, Any]:
    """{key, target, label, segments: [{id, take, path, until}]} -> {seconds, bytes, index, broken}."""
    key = base64.b64decode(given["key"])
    takes: dict[str, list[Voice]] = {}
    broken: list[str] = []
    for one in given["segments"]:
        try:
            with Path(one["path"]).open("rb") as file:
                takes.setdefault(one["take"], []).append(Voice(Sealed(file, key), one["until"]))
        except (Broken, OSError):
            broken.append(one["id"])
    output, index = Output(), []
    for voices in sorted(takes.values(), key=lambda voices: min(voice.began for voice in voices)):
        origin = min(voice.began for voice in voices)
        before = output.samples
        for block in blocks(voices, origin):
            output.put(block)
        length = (output.samples - before) / RATE
        if length:
            index.append({"at": before / RATE, "began": round(origin * 1000), "seconds": length})
    if not output.samples:
        return {"seconds": None, "bytes": None, "index": [], "broken": broken}
    data = output.end()
    _keep(Path(given["target"]), key, given["label"], data)
    return {"seconds": output.samples / RATE, "bytes": len(data), "index": index, "broken": broken}


def _keep(target: Path, key: bytes, label: dict[str, Any], data: bytes) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    sealer = Sealer(beside, key, label)
    for at in range(0, len(data), CHUNK):
        sealer.add("media", data[at : at + CHUNK], 0)
    sealer.close(0)
    os.replace(beside, target)


def main() -> None:
    """Limit this process, then mix."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    os.nice(10)
    print(json.dumps(mix(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
