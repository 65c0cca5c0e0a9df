"""A picture file that moves or has pages: animated GIF, WebP and PNG, and TIFF of several pages, shown as a clip."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imaging import limits, windows
from imaging.detection import PictureKind
from imaging.facts import Facts
from imaging.pictures import (
    DEEP_GREY,
    PHOTOGRAPHY,
    as_shown,
    deep_grey,
    is_white_zero,
    open_image,
    shown_through,
)
from imaging.refusals import Refusal, refusing
from imaging.source import Array, TimedFrame, Window

MOVING: frozenset[PictureKind] = frozenset({"gif", "webp", "png", "tiff", "avif"})
_FASTEST_MS = 20  # browsers show anything faster at a tenth of a second, and authors count on it
_USUAL_MS = 100
_PAGE_MS = 1000
_GIF_TRAILER = 0x3B


class AnimationSource:
    """Frames as they look, one after the other (what a frame leaves standing is Pillow's to know)."""

    def __init__(self, path: Path, kind: PictureKind) -> None:
        self._path, self._kind = path, kind
        with refusing("damaged_picture"), open_image(path, kind) as image:
            count = frame_count(image)
            _require_budget(image, count)
            first = self._shown(image)
        self._cache = (0, first)
        rows, columns = first.shape[:2]
        self.facts = Facts(
            media=kind, kind="clip", modality=PHOTOGRAPHY, rows=rows, columns=columns, frames=count, photometric="RGB"
        )

    def frame(self, index: int) -> Array:
        """One frame, by going through those before it. Raises Refusal past the end."""
        if self._cache[0] != index:
            for number, frame in enumerate(self.frames()):
                if number == index:
                    self._cache = (index, frame)
                    break
            else:
                raise Refusal("cannot_decode", frame=index + 1)
        return self._cache[1]

    def frames(self) -> Iterator[Array]:
        for frame, _duration in self.timed_frames():
            yield frame

    def timed_frames(self) -> Iterator[TimedFrame]:
        with refusing("damaged_picture"), open_image(self._path, self._kind) as image:
            for index in range(self.facts.frames):
                image.seek(index)
                yield self._shown(image), _duration_us(image, self._kind)

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        return frame

    def _shown(self, image: Image.Image) -> Array:
        if image.mode in DEEP_GREY:  # the first page was not: one kind of pixel is shown as the other only by a guess
            raise Refusal("unsupported_pixels", kind="TIFF, pages of different kinds")
        shown = as_shown(image.copy())
        return shown if shown.ndim == 3 else np.repeat(shown[:, :, None], 3, axis=2)


class DeepPages(AnimationSource):
    """Pages of 16-bit grey (microscopes, scanners, detectors): one window for all, so that they can be compared."""

    def __init__(self, path: Path, kind: PictureKind) -> None:
        super().__init__(path, kind)
        with refusing("damaged_picture"), open_image(path, kind) as image:
            inverted = is_white_zero(image)
        ends = [(float(page.min()), float(page.max())) for page in self.frames()]
        middle = self.frame(self.facts.frames // 2)
        self.facts.photometric = "MONOCHROME1" if inverted else "MONOCHROME2"
        self.facts.bits_stored = 16
        self.facts.pixel_range = {"min": min(low for low, _ in ends), "max": max(high for _, high in ends)}
        self.facts.window = windows.percentile_window(middle, slope=1, intercept=0, padding=None)

    def _shown(self, image: Image.Image) -> Array:
        if image.mode not in DEEP_GREY:
            raise Refusal("unsupported_pixels", kind="TIFF, pages of different kinds")
        return deep_grey(np.asarray(image))

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        return shown_through(frame, window or self.facts.window, inverted=self.facts.photometric == "MONOCHROME1")


def frame_count(image: Image.Image) -> int:
    """How many frames a picture file has; a TIFF's own thumbnails and masks are not frames."""
    count = int(getattr(image, "n_frames", 1))
    if image.format != "TIFF" or count == 1 or count > limits.MAX_FRAMES:
        return count
    pages: Any = image
    first, whole = image.size, 0
    for index in range(count):
        pages.seek(index)
        if pages.tag_v2.get(254, 0) & 0b101:  # NewSubfileType: a reduced copy, or a mask (TIFF 6.0 section 8)
            break
        if image.size != first:
            raise Refusal("unsupported_pixels", kind="TIFF, pages of different sizes")
        whole += 1
    pages.seek(0)
    return max(1, whole)


def _require_budget(image: Image.Image, count: int) -> None:
    width, height = image.size
    if count > limits.MAX_FRAMES or width * height * count > limits.MAX_TOTAL_PIXELS:
        raise Refusal("too_many_frames", frames=count)


def _duration_us(image: Image.Image, kind: PictureKind) -> int:
    if kind == "tiff":
        return _PAGE_MS * 1000
    said = float(image.info.get("duration", 0) or 0)
    return round((said if said >= _FASTEST_MS else _USUAL_MS) * 1000)


def require_whole(path: Path, kind: PictureKind) -> None:
    """Raise Refusal for a GIF whose end is missing: its decoder would show fewer frames and say nothing."""
    if kind != "gif":
        return
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64), os.SEEK_SET)
        tail = file.read().rstrip(b"\0\r\n")
    if not tail or tail[-1] != _GIF_TRAILER:
        raise Refusal("damaged_picture")


def open_picture_file(path: Path, kind: PictureKind) -> AnimationSource | None:
    """The file as a clip, or None when it holds one picture only."""
    if kind not in MOVING:
        return None
    with refusing("damaged_picture"):
        require_whole(path, kind)
        with open_image(path, kind) as image:
            moving, deep = frame_count(image) > 1, image.mode in DEEP_GREY
    if not moving:
        return None
    return DeepPages(path, kind) if deep else AnimationSource(path, kind)
