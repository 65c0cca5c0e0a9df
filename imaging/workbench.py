"""What is done to a file inside the sandbox: it is inspected, its renditions are made, or one frame is drawn.

Each step tells its progress as events (plain dictionaries) to `say`; see `sandbox.py` for how they travel.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from imaging import clips, limits, quality_measures, renditions, tiles
from imaging.refusals import Refusal
from imaging.source import Array, Source, TimedFrame, TimedSource, open_source
from imaging.spool import Spool
from imaging.timing import durations_us

Say = Callable[[dict[str, Any]], None]
_EVEN_MS = 2.0  # a container that counts in milliseconds rounds 1/30 s to 33 and 34: that is one frame rate


def inspect(path: Path, workspace: Path, say: Say) -> None:
    """Check a file as ingest does and say its facts. Raises Refusal."""
    source = open_source(path, workspace)
    source.frame(0)
    say({"event": "facts", "facts": source.facts.as_json()})
    if source.facts.media in {"dicom", "dicom_video"}:
        from imaging.dicomweb import sandboxed

        with contextlib.suppress(Refusal):  # the picture can be used; only its header cannot be told to others
            sandboxed.say_header(path, workspace, say)


def render(path: Path, workspace: Path, say: Say) -> None:
    """Make every rendition into `workspace`, the most useful first, each said once it is whole. Raises Refusal."""
    source = open_source(path, workspace)
    first = source.frame(0)
    display = source.to_display(first)
    source.facts.quality = quality_measures.measure_still(first, display)
    say({"event": "facts", "facts": source.facts.as_json()})
    _small_stills(display, workspace, say)
    if source.facts.kind == "still":
        _full_still(source, first, workspace, say)
    else:
        _clips(source, workspace, say)


def _made(say: Say, name: str, path: Path, size: renditions.Size, progress: float, **detail: Any) -> None:
    width, height = size
    say({"event": "rendition", "name": name, "file": path.name, "width": width, "height": height, "detail": detail})
    say({"event": "progress", "value": progress})


def _small_stills(display: Array, workspace: Path, say: Say) -> None:
    for name, side, progress in (
        ("thumbnail", renditions.THUMBNAIL_SIDE, 0.05),
        ("preview", renditions.PREVIEW_SIDE, 0.2),
    ):
        target = workspace / f"{name}.webp"
        _made(say, name, target, renditions.write_webp(display, target, side), progress)


def _full_still(source: Source, frame: Array, workspace: Path, say: Say) -> None:
    target = workspace / "full.webp"
    size = renditions.write_webp(source.to_display(frame), target, limits.MAX_WEBP_SIDE)
    _made(say, "full", target, size, 0.5)
    target = workspace / "tiles.bin"
    with target.open("wb") as file:
        index, values_at = tiles.write_tiles(frame, file)
    size = (source.facts.columns, source.facts.rows)
    _made(say, "tiles", target, size, 1.0, index=index.as_json(), values_at=list(values_at))


def _clips(source: Source, workspace: Path, say: Say) -> None:
    spool = Spool(workspace / "pictures.yuv", limits.MAX_SPOOL_BYTES)
    steps = _steps(say, source.facts.frames, 0.2, 0.7)
    side = limits.MAX_SMALL_CLIP_SIDE
    watch = quality_measures.ClipWatch()
    small = clips.encode(_spooled(source, spool, side, watch), workspace / "small.mp4", clips.SMALL_PASS, side, steps)
    source.facts.quality |= watch.as_facts()
    say({"event": "facts", "facts": source.facts.as_json()})
    _say_times(source, small.durations_us, say)
    _say_bundle(say, "clip_small", small, workspace, 0.7)
    steps = _steps(say, source.facts.frames, 0.7, 0.95)
    again: Iterator[tuple[Array | clips.Picture, int]] = spool.pictures() if spool.whole else displayed(source)
    full = clips.encode(again, workspace / "clip.mp4", clips.FULL_PASS, on_frame=steps)
    _say_bundle(say, "clip", full, workspace, 0.95)
    _made(say, "clip_mp4", full.path, (full.width, full.height), 1.0)


def _spooled(
    source: Source, spool: Spool, longest: int, watch: quality_measures.ClipWatch
) -> Iterator[tuple[Array | clips.Picture, int]]:
    """The frames for the small pass, looked at in passing; their full-size pictures are kept for the other one."""
    for frame, duration in displayed(source):
        watch.look(frame)
        picture = clips.as_picture(frame)
        spool.add(picture, duration)
        yield (picture if max(frame.shape[:2]) <= longest else frame), duration


def _say_times(source: Source, shown_us: list[int], say: Say) -> None:
    """What a container says of count and times may be wrong or unsaid: what was decoded is the truth."""
    if not isinstance(source, TimedSource):
        return
    shown_ms = [round(one / 1000, 3) for one in shown_us]
    even = max(shown_ms) - min(shown_ms) <= _EVEN_MS
    times = [round(sum(shown_us) / len(shown_us) / 1000, 3)] if even else shown_ms
    facts = source.facts
    if (facts.frames, facts.frame_durations_ms) != (len(shown_us), times):
        facts.frames, facts.frame_durations_ms = len(shown_us), times
        say({"event": "facts", "facts": facts.as_json()})


def _say_bundle(say: Say, name: str, encoded: clips.Encoded, workspace: Path, progress: float) -> None:
    target, index_file = workspace / f"{name}.bin", workspace / f"{name}.json"
    index = clips.bundle(encoded, target)
    clips.write_index(index, index_file)
    _made(say, name, target, (encoded.width, encoded.height), progress, index_file=index_file.name)


def displayed(source: Source) -> Iterator[TimedFrame]:
    """Every frame as it is shown, with its duration (us)."""
    for index, (frame, duration) in enumerate(_timed(source)):
        yield source.to_display(frame, index=index), duration


def _timed(source: Source) -> Iterator[TimedFrame]:
    if isinstance(source, TimedSource):
        return source.timed_frames()
    facts = source.facts
    return zip(source.frames(), durations_us(facts.frame_durations_ms, facts.frames), strict=True)


def _steps(say: Say, frames: int, start: float, end: float) -> Callable[[int], None]:
    """Progress in ten steps, whatever the length of the clip."""
    step = max(1, frames // 10)

    def on_frame(done: int) -> None:
        if done % step == 0:
            say({"event": "progress", "value": round(start + (end - start) * min(1.0, done / frames), 3)})

    return on_frame


def draw(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Draw one frame as PNG: `frame_index`, `window` (or None for the default), `invert`, `longest` px."""
    source = open_source(path, workspace)
    index = int(request["frame_index"])
    display = source.to_display(source.frame(index), request.get("window"), index)
    if request.get("invert"):
        display = 255 - display
    target = workspace / "frame.png"
    size = renditions.write_png(display, target, int(request["longest"]))
    say({"event": "rendition", "name": "frame", "file": target.name, "width": size[0], "height": size[1], "detail": {}})
