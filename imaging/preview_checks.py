"""Inside the sandbox: is what a tablet sent ahead really a small picture or clip, and is it of its original?"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from imaging.refusals import Refusal, refusing
from imaging.tablet_facts import PREVIEW_SIDE, TabletClipIndex

Say = Callable[[dict[str, Any]], None]
Task = Callable[[Path, Path, Say, dict[str, Any]], None]

_FORMATS = ("WEBP", "JPEG")
_JPEG_QUALITY = 90  # of what a browser without WebP sent: once more through a codec, hardly seen
_SHAPE_TOLERANCE = 0.02  # of the ratio of the sides, on top of half a pixel of rounding
_COMPARED_SIDE = 48  # px: small enough that noise and codecs do not matter
_LEAST_LIKENESS = 0.8
_FLAT = 4.0  # levels of standard deviation below which a picture shows nothing to compare


def check_still(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Say the picture as WebP, at most PREVIEW_SIDE px a side and of its original's shape (`rows`, `columns`)."""
    target = workspace / "still.webp"
    with refusing("damaged_picture"):
        with Image.open(path, formats=_FORMATS) as image:
            _require_shape(image.size, request)
            image.load()
            plain = image.format == "WEBP" and not {"exif", "xmp", "icc_profile"} & image.info.keys()
            still = getattr(image, "n_frames", 1) == 1
            upright = image.convert("RGB") if image.mode != "RGB" else image.copy()
        if plain and still:
            target.write_bytes(path.read_bytes())
        else:
            upright.save(target, "WEBP", quality=_JPEG_QUALITY, exif=b"", xmp=b"")
    say(_rendition(target, upright.size))


def _rendition(path: Path, size: tuple[int, int]) -> dict[str, Any]:
    return {"event": "rendition", "file": path.name, "width": size[0], "height": size[1]}


def _require_shape(size: tuple[int, int], request: dict[str, Any]) -> None:
    width, height = size
    rows, columns = int(request["rows"]), int(request["columns"])
    if max(size) > PREVIEW_SIDE:
        raise Refusal("too_large", size=f"{width} x {height}")
    scale = max(width / columns, height / rows)
    off = max(abs(columns * scale - width), abs(rows * scale - height))
    if off > 1 + _SHAPE_TOLERANCE * max(size):
        raise Refusal("size_mismatch", header=f"{columns} x {rows}", inside=f"{width} x {height}")


def check_clip(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Decode every frame where its index says it lies; say the clip, its index beside it as `index.json`."""
    with refusing("damaged_video"):
        text = Path(request["index"]).read_text(encoding="ascii")
        index = TabletClipIndex.model_validate_json(text)
        _require_shape((index.width, index.height), request)
        content = path.read_bytes()
        if index.size != len(content) or _decoded(content, index) != len(index.frames):
            raise Refusal("damaged_video")
    target = workspace / "clip.bin"
    target.write_bytes(content)
    frames = [list(frame) for frame in index.frames]
    kept = json.dumps({**index.model_dump(), "frames": frames}, separators=(",", ":"))
    (workspace / "index.json").write_text(kept, encoding="ascii")
    say(_rendition(target, (index.width, index.height)))


def _decoded(content: bytes, index: TabletClipIndex) -> int:
    """How many pictures of the right size come out, each from its own access unit."""
    import av

    context = av.CodecContext.create("vp8" if index.codec == "vp8" else "h264", "r")
    context.thread_count = 1
    if index.codec != "vp8":
        context.extradata = base64.b64decode(index.description)
    count = offset = 0
    for size, _key, _time in index.frames:
        packet = av.Packet(content[offset : offset + size])
        offset += size
        for frame in context.decode(packet):
            count += (frame.width, frame.height) == (index.coded_width, index.coded_height)
    return count + len(context.decode(None))


def compare(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Say how alike two small pictures are ("likeness", -1 to 1), and whether they plainly "differ"."""
    with refusing("damaged_picture"):
        ours, theirs = _small(path), _small(Path(request["other"]))
    likeness = _likeness(ours, theirs)
    say({"event": "compared", "likeness": likeness, "differ": likeness < _LEAST_LIKENESS})


def _small(path: Path) -> list[float]:
    with Image.open(path, formats=_FORMATS) as image:
        grey = ImageOps.grayscale(image.convert("RGB")).resize((_COMPARED_SIDE, _COMPARED_SIDE), Image.Resampling.BOX)
        return [float(level) for level in grey.tobytes()]


def _likeness(ours: list[float], theirs: list[float]) -> float:
    """The correlation of two pictures: a window set otherwise hardly changes it; flat ones are compared by level."""
    count = len(ours)
    means = sum(ours) / count, sum(theirs) / count
    a, b = [one - means[0] for one in ours], [one - means[1] for one in theirs]
    spread = (sum(one * one for one in a) / count) ** 0.5, (sum(one * one for one in b) / count) ** 0.5
    if max(spread) < _FLAT:
        return 1.0 - abs(means[0] - means[1]) / 255
    if min(spread) < _FLAT / 4:
        return 0.0
    shared = sum(one * other for one, other in zip(a, b, strict=True)) / count
    return float(shared / (spread[0] * spread[1]))


TASKS: dict[str, Task] = {"check_still": check_still, "check_clip": check_clip, "compare": compare}
