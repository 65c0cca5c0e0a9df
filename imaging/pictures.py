"""A phone's JPEG or PNG: turned upright once by its EXIF orientation, and nothing of its EXIF shown afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from imaging import limits, windows
from imaging.facts import Facts
from imaging.pixels import look_up
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Window

Image.MAX_IMAGE_PIXELS = None  # the budget below is ours, checked before anything is decoded
_FORMATS = {"jpeg": "JPEG", "png": "PNG"}
_PHOTOGRAPHY = "XC"  # Modality "external-camera photography", PS3.3 C.7.3.1.1.1
_DEEP_GREY = {"I;16", "I;16B", "I;16L", "I"}


class PictureSource:
    """One still. Grey pictures stay grey (8 or 16 bits); all others become RGB over black."""

    def __init__(self, path: Path, kind: Literal["jpeg", "png"]) -> None:
        with refusing("damaged_picture"):
            self._pixels = _read(path, kind)
        rows, columns = self._pixels.shape[:2]
        grey = self._pixels.ndim == 2
        deep = self._pixels.dtype == np.uint16
        self.facts = Facts(
            media=kind,
            kind="still",
            modality=_PHOTOGRAPHY,
            rows=rows,
            columns=columns,
            photometric="MONOCHROME2" if grey else "RGB",
            bits_stored=16 if deep else 8,
        )
        if grey:
            self.facts.pixel_range = {"min": float(self._pixels.min()), "max": float(self._pixels.max())}
            full: Window = {"center": 128.0, "width": 256.0}
            self.facts.window = (
                windows.percentile_window(self._pixels, slope=1, intercept=0, padding=None) if deep else full
            )

    def frame(self, index: int) -> Array:
        return self._pixels

    def frames(self) -> Iterator[Array]:
        yield self._pixels

    def to_display(self, frame: Array, window: Window | None = None) -> Array:
        chosen = window or self.facts.window
        if frame.ndim == 3 or chosen is None:
            return frame
        low, high = int(frame.min()), int(frame.max())
        return look_up(frame, windows.table_of_window(low, high, chosen, slope=1, intercept=0), low)


def _read(path: Path, kind: Literal["jpeg", "png"]) -> Array:
    with Image.open(path, formats=(_FORMATS[kind],)) as image:
        width, height = image.size
        if width * height > limits.MAX_FRAME_PIXELS:
            raise Refusal("too_large", size=f"{width} x {height}")
        image.load()
        # In place, and converted only when it must be: each copy of a large photograph is 200 MB.
        ImageOps.exif_transpose(image, in_place=True)
        return _pixels_of(image)


def _pixels_of(image: Image.Image) -> Array:
    if image.mode in _DEEP_GREY:
        deep: Array = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
        return deep
    if image.mode in {"L", "1"}:
        return np.array(image.convert("L"))
    if image.has_transparency_data:
        flat = image.convert("RGBA")
        background = Image.new("RGBA", flat.size, (0, 0, 0, 255))
        return np.array(Image.alpha_composite(background, flat).convert("RGB"))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
