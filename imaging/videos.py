"""An MP4 or MOV (or the stream inside a DICOM video): frames in order, upright, with square pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from imaging import limits
from imaging.facts import Facts
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Window

av.logging.set_level(None)
# Containers by name, so that no playlist or concat demuxer can make the decoder open other files or addresses.
_FORMATS = ("mov", "mpegts", "h264", "hevc", "mpegvideo")
_PHOTOGRAPHY = "XC"


class VideoSource:
    """A moving picture. Frames are RGB at the size they are shown (at most MAX_VIDEO_SIDE on a side)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with refusing("damaged_video"):
            self._format, count, durations = _measure(path)
            first = next(self._decoded(), None)
            if first is None:
                raise Refusal("damaged_video")
        self._cache: tuple[int, Array] | None = (0, first)
        rows, columns = first.shape[:2]
        self.facts = Facts(
            media="video",
            kind="clip",
            modality=_PHOTOGRAPHY,
            rows=rows,
            columns=columns,
            frames=count,
            frame_durations_ms=durations,
        )

    def frame(self, index: int) -> Array:
        """One frame, by decoding up to it: exact in every container. Raises Refusal past the end."""
        if self._cache is None or self._cache[0] != index:
            for number, frame in enumerate(self.frames()):
                if number == index:
                    self._cache = (index, frame)
                    break
            else:
                raise Refusal("cannot_decode", frame=index + 1)
        return self._cache[1]

    def frames(self) -> Iterator[Array]:
        with refusing("damaged_video"):
            yield from self._decoded()

    def to_display(self, frame: Array, window: Window | None = None) -> Array:
        return frame

    def _decoded(self) -> Iterator[Array]:
        with av.open(str(self._path), format=self._format) as container:
            stream = _picture_stream(container)
            stream.codec_context.thread_count = 1
            ratio = _pixel_aspect(stream)
            for number, frame in enumerate(container.decode(stream)):
                if number >= limits.MAX_FRAMES:
                    raise Refusal("too_many_frames", frames=number)
                yield _upright(frame, ratio)


def _picture_stream(container: InputContainer) -> VideoStream:
    if not container.streams.video:
        raise Refusal("no_video")
    stream = container.streams.video[0]
    width, height = stream.codec_context.width, stream.codec_context.height
    if width <= 0 or height <= 0:
        raise Refusal("damaged_video")
    if width * height > limits.MAX_FRAME_PIXELS:
        raise Refusal("too_large", size=f"{width} x {height}")
    return stream


def _measure(path: Path) -> tuple[str, int, list[float]]:
    """Container format, packets that hold a picture, and how long each is shown (ms), without decoding."""
    last: Exception | None = None
    for name in _FORMATS:
        try:
            with av.open(str(path), format=name) as container:
                return name, *_count(container)
        except Refusal:
            raise
        except (av.FFmpegError, ValueError) as error:
            last = error
    raise Refusal("damaged_video") from last


def _count(container: InputContainer) -> tuple[int, list[float]]:
    stream = _picture_stream(container)
    times: list[int] = []
    untimed = 0
    last_duration = 0
    for packet in container.demux(stream):
        if packet.size == 0:
            continue
        if packet.pts is None:
            untimed += 1
        else:
            times.append(packet.pts)
            last_duration = packet.duration or last_duration
        if len(times) + untimed > limits.MAX_FRAMES:
            raise Refusal("too_many_frames", frames=len(times) + untimed)
    count = len(times) + untimed
    if count == 0:
        raise Refusal("damaged_video")
    base = float(stream.time_base or 0) * 1000
    if untimed or not base:
        rate = float(stream.average_rate or 0)
        return count, [1000 / rate] if 0.1 <= rate <= 500 else []
    times.sort()
    steps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    return count, _sane([step * base for step in [*steps, last_duration or (steps[-1] if steps else 0)]])


def _sane(durations: list[float]) -> list[float]:
    """Durations as they are when each can be played; else one for all (their median); else none."""
    if all(1 <= one <= 60_000 for one in durations):
        return [round(one, 3) for one in durations]
    good = sorted(one for one in durations if 1 <= one <= 60_000)
    return [round(good[len(good) // 2], 3)] if good else []


def _upright(frame: VideoFrame, ratio: float) -> Array:
    """RGB, pixels made square by the sample aspect ratio, turned by the display matrix, within MAX_VIDEO_SIDE."""
    if frame.width * frame.height > limits.MAX_FRAME_PIXELS:
        raise Refusal("too_large", size=f"{frame.width} x {frame.height}")
    scale = min(1.0, limits.MAX_VIDEO_SIDE / max(frame.width * ratio, frame.height))
    width = max(2, round(frame.width * ratio * scale))
    height = max(2, round(frame.height * scale))
    array = frame.to_ndarray(format="rgb24", width=width, height=height)
    # The display matrix's angle is counter-clockwise (ISO/IEC 14496-12 section 8.3.2 as FFmpeg reads it).
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(array, turns)) if turns else array


def _pixel_aspect(stream: VideoStream) -> float:
    ratio = stream.sample_aspect_ratio
    value = float(ratio) if ratio else 1.0
    return value if 0.2 <= value <= 5 else 1.0
