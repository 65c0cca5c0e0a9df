"""Clips: H.264 that any browser decodes frame by frame, as one bundle of access units with a JSON index, and as MP4.

Every frame_index of the source is one access unit: no B-frames, a key frame every ten, so a scrub decodes ten at most.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from imaging.refusals import Refusal
from imaging.renditions import scaled
from imaging.source import Array

GOP = 10
_TIME_BASE = Fraction(1, 90_000)
_BT709 = 1  # ITU-T H.273 tables 2 to 4: matrix, primaries and transfer
_STUDIO_RANGE = 1

FULL_PASS = {"preset": "veryfast", "crf": "23"}
SMALL_PASS = {"preset": "veryfast", "crf": "28", "maxrate": "300k", "bufsize": "600k"}


@dataclass(frozen=True, slots=True)
class Encoded:
    """An MP4 file and what it holds: shown size and coded (even) size in pixels, a duration (us) for each frame."""

    path: Path
    width: int
    height: int
    coded_width: int
    coded_height: int
    durations_us: list[int]


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as the encoder takes it: even-sized yuv420p, of which `width` x `height` is shown."""

    frame: VideoFrame
    width: int
    height: int


def encode(
    frames: Iterable[tuple[Array | Picture, int]],
    target: Path,
    options: dict[str, str],
    longest: int | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> Encoded:
    """Write display frames (uint8, grey or RGB, all of one size) to `target` as MP4 with its index at the front.

    `longest` is the longest side in pixels of what is written; pictures made already are written as they are.
    The result's `durations_us` has one entry for each frame that came, each as it came with its frame.
    Raises Refusal("damaged_video") when no frame came.
    """
    durations: list[int] = []
    with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream: VideoStream | None = None
        width = height = pts = shown_us = 0
        for frame, duration in frames:
            made = frame if isinstance(frame, Picture) else as_picture(_fitted(frame, longest))
            if stream is None:
                width, height = made.width, made.height
                stream = _add_stream(container, width, height, options)
            picture = made.frame
            picture.pts, picture.time_base = pts, _TIME_BASE
            durations.append(duration)
            shown_us += duration
            pts = max(pts + 1, shown_us * 9 // 100)  # from the sum, or the rounding of each would add up
            for packet in stream.encode(picture):
                container.mux(packet)
            if on_frame is not None:
                on_frame(len(durations))
        if stream is None:
            raise Refusal("damaged_video")
        for packet in stream.encode(None):
            container.mux(packet)
    return Encoded(target, width, height, width + width % 2, height + height % 2, durations)


def _fitted(frame: Array, longest: int | None) -> Array:
    if longest is None or max(frame.shape[:2]) <= longest:
        return frame
    return np.asarray(scaled(Image.fromarray(frame), longest))


def _add_stream(container: Any, width: int, height: int, options: dict[str, str]) -> VideoStream:
    stream: VideoStream = container.add_stream("libx264", rate=30, options=_options(options))
    stream.width, stream.height = width + width % 2, height + height % 2
    stream.pix_fmt = "yuv420p"
    stream.time_base = _TIME_BASE
    context = stream.codec_context
    context.time_base = _TIME_BASE
    context.thread_count = 1
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _STUDIO_RANGE
    return stream


def _options(options: dict[str, str]) -> dict[str, str]:
    parameters = f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=0:force-cfr=0"
    return {**options, "x264-params": parameters, "profile": "high", "bf": "0", "g": str(GOP)}


def as_picture(image: Array) -> Picture:
    """For the encoder; an odd last row or column is repeated, and cropped away by whoever shows it."""
    rows, columns = image.shape[:2]
    if rows % 2 or columns % 2:
        padding = [(0, rows % 2), (0, columns % 2), (0, 0)][: image.ndim]
        image = np.pad(image, padding, mode="edge")
    picture = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray" if image.ndim == 2 else "rgb24")
    # Grey is full-range luma: converting says so on both sides, or blacks would be lifted twice.
    coded = picture.reformat(
        format="yuv420p", src_color_range=2, dst_color_range=_STUDIO_RANGE, dst_colorspace="ITU709", threads=1
    )
    return Picture(coded, columns, rows)


def bundle(encoded: Encoded, target: Path) -> dict[str, Any]:
    """Write the access units of an encoded clip back to back; returns the index (see `write_index`).

    Units keep MP4's framing (AVCC, 4-byte lengths, ISO/IEC 14496-15 section 5.3), which is what WebCodecs takes
    together with the decoder configuration record in `description`.
    """
    units: list[list[int]] = []
    with av.open(str(encoded.path)) as container, target.open("wb") as file:
        stream = container.streams.video[0]
        record = bytes(stream.codec_context.extradata or b"")
        for packet in container.demux(stream):
            if packet.size:
                file.write(bytes(packet))
                units.append([packet.size, int(packet.is_keyframe)])
    if len(units) != len(encoded.durations_us) or len(record) < 7:
        raise Refusal("damaged_video")
    frames = [[*unit, duration] for unit, duration in zip(units, encoded.durations_us, strict=True)]
    return {
        "codec": f"avc1.{record[1:4].hex().upper()}",
        "description": base64.b64encode(record).decode("ascii"),
        "width": encoded.width,
        "height": encoded.height,
        "coded_width": encoded.coded_width,
        "coded_height": encoded.coded_height,
        "frames": frames,
    }


def write_index(index: dict[str, Any], target: Path) -> None:
    """The index as compact JSON."""
    target.write_text(json.dumps(index, separators=(",", ":")), encoding="ascii")
