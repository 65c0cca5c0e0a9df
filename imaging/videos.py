"""A phone's or a machine's video, or the stream inside a DICOM video: frames in order, upright, each with its time.

Sound is not decoded: the room's own voices come first, and who else speaks in a phone video has not been asked. It
stays in the original.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from imaging import high_range, interlaced, limits
from imaging.containers import container_of
from imaging.facts import Facts
from imaging.refusals import Refusal, refusing
from imaging.source import Array, TimedFrame, Window
from imaging.timing import DEFAULT_FRAME_MS

av.logging.set_level(None)
_PHOTOGRAPHY = "XC"
_BT601, _BT709, _UNSAID = 5, 1, 2  # ITU-T H.273 table 4
_HD_ROWS = 720  # a stream that says nothing is BT.709 from here on, as players take it
_FULL_RANGE = 2
_SHORTEST_MS, _LONGEST_MS = 1.0, 60_000.0


class VideoSource:
    """A moving picture. Frames are RGB at the size they are shown: upright, pixels square, at most MAX_VIDEO_SIDE.

    `as_coded` leaves size, pixel aspect and turn as the stream has them: a DICOM header is about coded pixels.
    `elementary` names the format of a stream without a container.
    """

    def __init__(self, path: Path, *, as_coded: bool = False, elementary: str | None = None) -> None:
        self._path, self._as_coded = path, as_coded
        with refusing("damaged_video"):
            self._format = container_of(path) or elementary
            if self._format is None:
                raise Refusal("damaged_video")
            count, durations = _measure(path, self._format)
            first = next(self._decoded(), None)
            if first is None:
                raise Refusal("damaged_video")
        self._cache: tuple[int, Array] = (0, first[0])
        rows, columns = first[0].shape[:2]
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
        if self._cache[0] != index:
            for number, frame in enumerate(self.frames()):
                if number == index:
                    self._cache = (index, frame)
                    break
            else:
                raise Refusal("cannot_decode", frame=index + 1)
        return self._cache[1]

    def frames(self) -> Iterator[Array]:
        with refusing("damaged_video"):
            for frame, _time in self._decoded():
                yield frame

    def timed_frames(self) -> Iterator[TimedFrame]:
        """Every frame until the next one's time; where a stream says no times, as long as the facts say."""
        usual = self.facts.frame_durations_ms[0] if self.facts.frame_durations_ms else DEFAULT_FRAME_MS
        waiting: tuple[Array, Fraction | None] | None = None
        last = round(usual * 1000)
        with refusing("damaged_video"):
            for frame, time in self._decoded():
                if waiting is not None:
                    last = _step_us(waiting[1], time, last)
                    yield waiting[0], last
                waiting = (frame, time)
        if waiting is not None:
            yield waiting[0], last

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        return frame

    def _decoded(self) -> Iterator[tuple[Array, Fraction | None]]:
        with av.open(str(self._path), format=self._format) as container:
            stream = _picture_stream(container)
            stream.codec_context.thread_count = 1
            ratio = 1.0 if self._as_coded else _pixel_aspect(stream)
            size: tuple[int, int] | None = None
            for number, frame in enumerate(interlaced.woven(container.decode(stream))):
                if number >= limits.MAX_FRAMES:
                    raise Refusal("too_many_frames", frames=number)
                size = size or self._shown_size(frame, ratio)
                yield self._upright(frame, size), self._time_of(frame)

    def _time_of(self, frame: VideoFrame) -> Fraction | None:
        """When the frame is shown (s). AVI has no times, only a rate; what FFmpeg makes up there is in coding order."""
        if self._format == "avi" or frame.pts is None or not frame.time_base:
            return None
        return frame.pts * frame.time_base

    def _shown_size(self, frame: VideoFrame, ratio: float) -> tuple[int, int]:
        """Width and height of every frame: a live recording may change its size midway, a clip may not."""
        if frame.width * frame.height > limits.MAX_FRAME_PIXELS:
            raise Refusal("too_large", size=f"{frame.width} x {frame.height}")
        if self._as_coded:
            return frame.width, frame.height
        scale = min(1.0, limits.MAX_VIDEO_SIDE / max(frame.width * ratio, frame.height))
        return max(2, round(frame.width * ratio * scale)), max(2, round(frame.height * scale))

    def _upright(self, frame: VideoFrame, size: tuple[int, int]) -> Array:
        if frame.width * frame.height > limits.MAX_FRAME_PIXELS:
            raise Refusal("too_large", size=f"{frame.width} x {frame.height}")
        array = as_rgb(frame, size)
        # The display matrix's angle is counter-clockwise (ISO/IEC 14496-12 section 8.3.2 as FFmpeg reads it).
        turns = 0 if self._as_coded else round(frame.rotation / 90) % 4
        return np.ascontiguousarray(np.rot90(array, turns)) if turns else array


def as_rgb(frame: VideoFrame, size: tuple[int, int]) -> Array:
    """(rows, columns, 3) uint8 of a decoded frame at `size` (width, height), by the colours that it says it has."""
    matrix = int(frame.colorspace)
    if matrix == _UNSAID:
        matrix = _BT709 if frame.height >= _HD_ROWS else _BT601
    shown = frame.reformat(
        width=size[0],
        height=size[1],
        format="rgb24",
        src_colorspace=matrix,
        src_color_range=frame.color_range,
        dst_color_range=_FULL_RANGE,
        threads=1,
    )
    array: Array = shown.to_ndarray()
    transfer = int(frame.color_trc)
    if transfer in high_range.TRANSFERS:
        return high_range.frame_as_standard(array, transfer, int(frame.color_primaries))
    return array


def _step_us(earlier: Fraction | None, later: Fraction | None, usual: int) -> int:
    if earlier is None or later is None:
        return usual
    step = float(later - earlier) * 1000
    return round(step * 1000) if _SHORTEST_MS <= step <= _LONGEST_MS else usual


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


def _measure(path: Path, name: str) -> tuple[int, list[float]]:
    """How many packets hold a picture that is shown, and for how long each (ms), without decoding."""
    with av.open(str(path), format=name) as container:
        stream = _picture_stream(container)
        packets = [_times_of(packet) for packet in _pictures(container, stream)]
        # The index of the file lists every picture: fewer here means that the end is missing.
        if len(packets) < stream.frames:
            raise Refusal("damaged_video")
        shown = [times for times in packets if times is not None]
        if not shown:
            raise Refusal("damaged_video")
        return len(shown), _durations(shown, stream, evenly=name == "avi")


def _pictures(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    count = 0
    for packet in container.demux(stream):
        if packet.size:
            count += 1
            if count > limits.MAX_FRAMES:
                raise Refusal("too_many_frames", frames=count)
            yield packet


def _times_of(packet: Packet[VideoStream]) -> tuple[int | None, int] | None:
    """Time and duration of a packet; None when it is decoded only for others' sake (before an edit's start)."""
    return None if packet.is_discard else (packet.pts, packet.duration or 0)


def _durations(shown: list[tuple[int | None, int]], stream: VideoStream, *, evenly: bool) -> list[float]:
    base = float(stream.time_base or 0) * 1000
    times = sorted(pts for pts, _ in shown if pts is not None)
    if evenly or len(times) < len(shown) or not base:
        rate = float(stream.average_rate or 0)
        return [round(1000 / rate, 3)] if 0.1 <= rate <= 500 else []
    steps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    last = shown[-1][1] or (steps[-1] if steps else 0)
    return _sane([step * base for step in [*steps, last]])


def _sane(durations: list[float]) -> list[float]:
    """Durations as they are when each can be played; else one for all (their median); else none."""
    if all(_SHORTEST_MS <= one <= _LONGEST_MS for one in durations):
        return [round(one, 3) for one in durations]
    good = sorted(one for one in durations if _SHORTEST_MS <= one <= _LONGEST_MS)
    return [round(good[len(good) // 2], 3)] if good else []


def _pixel_aspect(stream: VideoStream) -> float:
    ratio = stream.sample_aspect_ratio
    value = float(ratio) if ratio else 1.0
    return value if 0.2 <= value <= 5 else 1.0
