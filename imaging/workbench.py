"""What is done to a file inside the sandbox: it is inspected, its renditions are made, or one frame is drawn.

Each step tells its progress as events (plain dictionaries) to `say`; see `sandbox.py` for how they travel.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from imaging import clips, limits, quality_measures, renditions, tiles
from imaging.refusals import Refusal, refusing
from imaging.source import Array, OverlaidSource, Source, TimedFrame, TimedSource, open_source
from imaging.spool import Spool
from imaging.timing import durations_us

Say = Callable[[dict[str, Any]], None]
_WHOLE = frozenset({"clip", "clip_mp4"})  # one encoding gives both
_EVEN_MS = 2.0  # a container that counts in milliseconds rounds 1/30 s to 33 and 34: that is one frame rate


def inspect(path: Path, workspace: Path, say: Say) -> None:
    """Check a file as ingest does and say its facts. Raises Refusal."""
    source = open_source(path, workspace)
    if source.facts.rows:  # a document that cannot be drawn is kept all the same
        source.frame(0)
    say({"event": "facts", "facts": source.facts.as_json()})
    if source.facts.media in {"dicom", "dicom_video", "dicom_document"}:
        from imaging.dicomweb import sandboxed

        with contextlib.suppress(Refusal):  # the picture can be used; only its header cannot be told to others
            sandboxed.say_header(path, workspace, say)


def inspect_all(workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Check each of `request["paths"]`, every event saying its `number`; "entry" ends one that is sound.

    One that is refused ends without a word: it is opened alone, and refused there.
    """
    for number, path in enumerate(request["paths"]):
        folder = workspace / str(number)
        folder.mkdir()
        with contextlib.suppress(Refusal), refusing("crashed"):
            inspect(Path(path), folder, lambda event, number=number: say({**event, "number": number}))  # type: ignore[misc]
            say({"event": "entry", "number": number})


def render(path: Path, workspace: Path, say: Say, request: dict[str, Any] | None = None) -> None:
    """Make the renditions into `workspace`, the most useful first, each said once it is whole. Raises Refusal.

    `request`: "have" names renditions not to be made again; "first_look" true ends after preview and thumbnail.
    """
    asked = request or {}
    have = frozenset(asked.get("have", ()))
    source = open_source(path, workspace)
    if source.facts.kind == "document":
        _document(source, have, workspace, say, small_only=bool(asked.get("first_look")))
        return
    first = source.frame(0)
    display = source.to_display(first)
    _small_stills(display, have, workspace, say)
    source.facts.quality = quality_measures.measure_still(first, display)
    if source.facts.kind == "still":
        _say_facts(source, say)
    if asked.get("first_look"):
        return
    if "overlays" not in have:
        _overlays(source, workspace, say)
    if source.facts.kind == "still":
        _full_still(source, first, have, workspace, say)
    else:
        _clips(source, have, workspace, say)


def _say_facts(source: Source, say: Say) -> None:
    say({"event": "facts", "facts": source.facts.as_json()})


def _made(say: Say, name: str, path: Path, size: renditions.Size, progress: float, **detail: Any) -> None:
    width, height = size
    say({"event": "rendition", "name": name, "file": path.name, "width": width, "height": height, "detail": detail})
    say({"event": "progress", "value": progress})


def _small_stills(display: Array, have: frozenset[str], workspace: Path, say: Say) -> None:
    """The preview is what shows first: before a smaller copy of it, before all else."""
    for name, side, progress in (
        ("preview", renditions.PREVIEW_SIDE, 0.15),
        ("thumbnail", renditions.THUMBNAIL_SIDE, 0.2),
    ):
        if name not in have:
            target = workspace / f"{name}.webp"
            _made(say, name, target, renditions.write_webp(display, target, side), progress)


def _document(source: Source, have: frozenset[str], workspace: Path, say: Say, *, small_only: bool) -> None:
    """The pages as a picture; text needs no lossless tiles."""
    _say_facts(source, say)
    if not source.facts.rows:
        return
    sheet = source.frame(0)
    _small_stills(sheet, have, workspace, say)
    if "full" not in have and not small_only:
        target = workspace / "full.webp"
        _made(say, "full", target, renditions.write_webp(sheet, target, limits.MAX_WEBP_SIDE), 1.0)


def _overlays(source: Source, workspace: Path, say: Say) -> None:
    target, index = workspace / "overlays.bin", workspace / "overlays.json"
    if isinstance(source, OverlaidSource) and source.write_overlays(target, index):
        size = (source.facts.columns, source.facts.rows)
        _made(say, "overlays", target, size, 0.2, index_file=index.name)


def _full_still(source: Source, frame: Array, have: frozenset[str], workspace: Path, say: Say) -> None:
    if "full" not in have:
        target = workspace / "full.webp"
        _made(say, "full", target, renditions.write_webp(source.to_display(frame), target, limits.MAX_WEBP_SIDE), 0.5)
    if "tiles" not in have:
        _tiles(frame, "tiles", workspace, say)


def _tiles(frame: Array, name: str, workspace: Path, say: Say) -> None:
    target = workspace / "tiles.bin"
    with target.open("wb") as file:
        index, values_at = tiles.write_tiles(frame, file)
    size = (frame.shape[1], frame.shape[0])
    _made(say, name, target, size, 1.0, index=index.as_json(), values_at=list(values_at))


def frame_tiles(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """The lossless tiles of one frame of a clip: `frame_index`, from 0. Raises Refusal."""
    source = open_source(path, workspace)
    _tiles(source.frame(int(request["frame_index"])), "frame_tiles", workspace, say)


def _clips(source: Source, have: frozenset[str], workspace: Path, say: Say) -> None:
    """Both passes, or the one that is missing; whichever decodes the clip tells what all of its frames taught."""
    spool: Spool | None = None
    if "clip_small" not in have:
        spool = Spool(workspace / "pictures.yuv", 0 if _WHOLE <= have else limits.MAX_SPOOL_BYTES)
        _small_clip(source, spool, workspace, say)
    if not _WHOLE <= have:
        _full_clip(source, spool if spool is not None and spool.whole else None, workspace, say)


def _small_clip(source: Source, spool: Spool, workspace: Path, say: Say) -> None:
    steps = _steps(say, source.facts.frames, 0.2, 0.7)
    side = limits.MAX_SMALL_CLIP_SIDE
    watch = quality_measures.ClipWatch()
    small = clips.encode(_spooled(source, spool, side, watch), workspace / "small.mp4", clips.SMALL_PASS, side, steps)
    _say_learned(source, watch, small.durations_us, say)
    _say_bundle(say, "clip_small", small, workspace, 0.7)


def _full_clip(source: Source, spool: Spool | None, workspace: Path, say: Say) -> None:
    steps = _steps(say, source.facts.frames, 0.7, 0.95)
    watch = quality_measures.ClipWatch()
    frames: Iterator[tuple[Array | clips.Picture, int]] = spool.pictures() if spool else _watched(source, watch)
    full = clips.encode(frames, workspace / "clip.mp4", clips.FULL_PASS, on_frame=steps)
    if spool is None:
        _say_learned(source, watch, full.durations_us, say)
    _say_bundle(say, "clip", full, workspace, 0.95)
    _made(say, "clip_mp4", full.path, (full.width, full.height), 1.0)


def _watched(source: Source, watch: quality_measures.ClipWatch) -> Iterator[TimedFrame]:
    """Every frame as it is shown, looked at in passing."""
    for frame, duration in displayed(source):
        watch.look(frame)
        yield frame, duration


def _spooled(
    source: Source, spool: Spool, longest: int, watch: quality_measures.ClipWatch
) -> Iterator[tuple[Array | clips.Picture, int]]:
    """The frames for the small pass; their full-size pictures are kept for the other one."""
    for frame, duration in _watched(source, watch):
        picture = clips.as_picture(frame)
        spool.add(picture, duration)
        yield (picture if max(frame.shape[:2]) <= longest else frame), duration


def _say_learned(source: Source, watch: quality_measures.ClipWatch, shown_us: list[int], say: Say) -> None:
    source.facts.quality |= watch.as_facts()
    _correct_times(source, shown_us)
    _say_facts(source, say)


def _correct_times(source: Source, shown_us: list[int]) -> None:
    """What a container says of count and times may be wrong or unsaid: what was decoded is the truth."""
    if not isinstance(source, TimedSource):
        return
    shown_ms = [round(one / 1000, 3) for one in shown_us]
    even = max(shown_ms) - min(shown_ms) <= _EVEN_MS
    source.facts.frames = len(shown_us)
    source.facts.frame_durations_ms = [round(sum(shown_us) / len(shown_us) / 1000, 3)] if even else shown_ms


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
