"""Still renditions: thumbnail, preview and full, as WebP through the default window, black where it is dark."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from imaging.limits import MAX_FULL_PIXELS, MAX_WEBP_SIDE
from imaging.source import Array

THUMBNAIL_SIDE = 160
PREVIEW_SIDE = 1024
QUALITY = 80

Size = tuple[int, int]  # width, height


def write_webp(display: Array, target: Path, longest: int, quality: int = QUALITY) -> Size:
    """Write uint8 (rows, columns) or (rows, columns, 3) as WebP, at most `longest` px a side; returns its size."""
    image = scaled(Image.fromarray(display), min(longest, MAX_WEBP_SIDE, _longest_within_budget(display)))
    image.save(target, "WEBP", quality=quality, method=4)
    return image.size


def _longest_within_budget(display: Array) -> int:
    """The longest side at which the picture has MAX_FULL_PIXELS: encoding WebP takes some 12 bytes a pixel."""
    rows, columns = display.shape[:2]
    ratio = min(1.0, (MAX_FULL_PIXELS / (rows * columns)) ** 0.5)
    return int(max(rows, columns) * ratio)


def scaled(image: Image.Image, longest: int) -> Image.Image:
    """The image itself when it fits, else scaled down so that its longest side is `longest` pixels."""
    width, height = image.size
    ratio = longest / max(width, height)
    if ratio >= 1:
        return image
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def write_png(display: Array, target: Path, longest: int) -> Size:
    """Write uint8 pixels as PNG (for documents: no loss beyond the window), at most `longest` px a side."""
    image = scaled(Image.fromarray(display), longest)
    image.save(target, "PNG")
    return image.size
