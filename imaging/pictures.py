"""A phone's or a scanner's picture: turned upright once, in standard colours, nothing of its metadata shown."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from imaging import high_range, limits, windows
from imaging.codecs import is_damaged_jpeg
from imaging.detection import PictureKind
from imaging.facts import Facts
from imaging.pixels import look_up
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Window

Image.MAX_IMAGE_PIXELS = None  # the budget below is ours, checked before anything is decoded
FORMATS: dict[PictureKind, str] = {
    "jpeg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "gif": "GIF",
    "tiff": "TIFF",
    "heic": "HEIF",
    "avif": "AVIF",
    "bmp": "BMP",
}
PHOTOGRAPHY = "XC"  # Modality "external-camera photography", PS3.3 C.7.3.1.1.1
DEEP_GREY = {"I;16", "I;16B", "I;16L", "I"}
_PHOTOMETRIC_TAG = 262  # TIFF 6.0 section 8: 0 is WhiteIsZero
_MANAGED = {"RGB", "CMYK"}

_MOST_LISTENED_TO = 64 * 1024 * 1024  # bytes of a JPEG; the largest photographs have a third of it


class PictureSource:
    """One still. Grey pictures stay grey (8 or 16 bits); all others become RGB (sRGB) over black."""

    def __init__(self, path: Path, kind: PictureKind) -> None:
        with refusing("damaged_picture"), open_image(path, kind) as image:
            self._pixels, inverted = _read(image)
        rows, columns = self._pixels.shape[:2]
        grey = self._pixels.ndim == 2
        self.facts = Facts(
            media=kind,
            kind="still",
            modality=PHOTOGRAPHY,
            rows=rows,
            columns=columns,
            photometric=("MONOCHROME1" if inverted else "MONOCHROME2") if grey else "RGB",
            bits_stored=8 if self._pixels.dtype == np.uint8 else 16,
        )
        if grey:
            self._describe_grey()
        if kind == "jpeg" and path.stat().st_size <= _MOST_LISTENED_TO and is_damaged_jpeg(path.read_bytes()):
            self.facts.caution("damaged_parts")

    def _describe_grey(self) -> None:
        low, high = float(self._pixels.min()), float(self._pixels.max())
        self.facts.pixel_range = {"min": low, "max": high}
        if self._pixels.dtype == np.uint8:
            self.facts.window = {"center": 128.0, "width": 256.0}
        else:
            self.facts.window = windows.percentile_window(self._pixels, slope=1, intercept=0, padding=None)

    def frame(self, index: int) -> Array:
        return self._pixels

    def frames(self) -> Iterator[Array]:
        yield self._pixels

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        chosen = window or self.facts.window
        return shown_through(frame, chosen, inverted=self.facts.photometric == "MONOCHROME1")


def shown_through(frame: Array, window: Window | None, *, inverted: bool) -> Array:
    """uint8 of grey values through a window; colour, and what has no window, as it is."""
    if frame.ndim == 3 or window is None:
        return frame
    low, high = int(frame.min()), int(frame.max())
    table = windows.table_of_window(low, high, window, slope=1, intercept=0)
    return look_up(frame, 255 - table if inverted else table, low)


def open_image(path: Path, kind: PictureKind) -> Image.Image:
    """The picture opened as `kind` and as nothing else, its size checked, nothing decoded yet. Raises Refusal."""
    if kind == "heic":
        import pillow_heif

        pillow_heif.options.DECODE_THREADS = 1
        pillow_heif.register_heif_opener(thumbnails=False)
    image = Image.open(path, formats=(FORMATS[kind],))
    width, height = image.size
    if width * height > limits.MAX_FRAME_PIXELS:
        raise Refusal("too_large", size=f"{width} x {height}")
    if kind == "avif" and (colours := high_range.coded_colours(path)) is not None:  # Pillow does not tell
        image.info["nclx_profile"] = {"color_primaries": colours[0], "transfer_characteristics": colours[1]}
    return image


def _read(image: Image.Image) -> tuple[Array, bool]:
    """Pixels, and whether their zero is white."""
    image.load()
    # In place, and converted only when it must be: each copy of a large photograph is 200 MB.
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in DEEP_GREY:
        return deep_grey(np.asarray(image)), is_white_zero(image)
    return as_shown(image), False


def is_white_zero(image: Image.Image) -> bool:
    """Whether the zero of a TIFF is white."""
    return getattr(image, "tag_v2", {}).get(_PHOTOMETRIC_TAG) == 0


def deep_grey(values: Array) -> Array:
    """As 16-bit values; wider ones are refused, since cutting them off would be another picture."""
    low, high = int(values.min()), int(values.max())
    if high - low > 0xFFFF:
        raise Refusal("unsupported_pixels", kind="32 bit")
    if 0 <= low and high <= 0xFFFF:
        return values.astype(np.uint16)
    return values.astype(np.int32)


def as_shown(image: Image.Image) -> Array:
    """Grey as (rows, columns) uint8; all else as (rows, columns, 3) sRGB, over black where it is transparent."""
    if image.mode == "F":
        raise Refusal("unsupported_pixels", kind="floating point")
    if image.mode in {"L", "1"}:
        return np.array(image.convert("L"))
    image = _in_standard_colours(image)
    if image.has_transparency_data:
        flat = image.convert("RGBA")
        background = Image.new("RGBA", flat.size, (0, 0, 0, 255))
        return np.array(Image.alpha_composite(background, flat).convert("RGB"))
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _in_standard_colours(image: Image.Image) -> Image.Image:
    """Through what it says of its colours into sRGB: browsers are given no profile. A broken one is left out."""
    said = image.info.get("nclx_profile") or {}
    if said.get("transfer_characteristics") in high_range.TRANSFERS and image.mode in {"RGB", "RGBA"}:
        bright = high_range.as_standard(image, said["transfer_characteristics"], said.get("color_primaries", 0))
        if image.mode == "RGBA":
            bright.putalpha(image.getchannel("A"))
        return bright
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in _MANAGED:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower() and image.mode == "RGB":
            return image
        target = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, source, target, outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
