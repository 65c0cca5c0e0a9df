"""What should be masked in one file: text read in its pixels, what lies outside ultrasound regions, the banner.

A clip is read in frames spread over it and once more in the brightest picture of all its frames together, in which a
line stands that was shown for a moment only. Proposals are for a person to decide; none is ever taken as the truth.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging import renditions
from imaging.deidentify.boxes import Box, Origin, around, united
from imaging.deidentify.burned_text import Line, Reader
from imaging.source import Array, Source

SHOWN_SIDE: Final = 1600  # px of the pictures that the person sees
_MOST_FRAMES = 4
_BANNER = 0.15  # of the picture's height, where there are no regions to go by
_DARK = 24  # a band whose brightest pixel is below this holds nothing to read
_DEEP = 8


@dataclass(frozen=True, slots=True)
class Proposal:
    """One box, where it came from, and whether it looks like somebody's identity."""

    box: Box
    origin: Origin
    likely: bool

    def as_json(self) -> dict[str, Any]:
        """x, y, width, height, origin, likely."""
        return {**asdict(self.box), "origin": self.origin, "likely": self.likely}


@dataclass(slots=True)
class Seen:
    """The frames that were looked at: (frame_index, display); the last one, of index None, is all frames together."""

    frames: list[tuple[int | None, Array]]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        rows, columns = self.frames[0][1].shape[:2]
        return columns, rows


def look(source: Source) -> Seen:
    """Choose frames and lay all of them together."""
    count = source.facts.frames
    wanted = {round(step * (count - 1) / max(1, _MOST_FRAMES - 1)) for step in range(_MOST_FRAMES)}
    frames: list[tuple[int | None, Array]] = []
    brightest: Array | None = None
    for index, frame in enumerate(source.frames()):
        display = source.to_display(frame, index=index)
        if index in wanted:
            frames.append((index, display))
        if count > 1:
            brightest = display.copy() if brightest is None else np.maximum(brightest, display, out=brightest)
    if brightest is not None:
        frames.append((None, brightest))
    return Seen(frames)


def propose(source: Source, seen: Seen, regions: list[Box], known: frozenset[str]) -> list[Proposal]:
    """Every mask that should be looked at: bands first, then lines from top to bottom."""
    columns, rows = seen.size
    reader = Reader(known)
    lines = [line for display in _readable(source, seen) for line in reader.lines(display)]
    found = [*_bands(seen, around(regions, columns, rows)), *(_banner(lines, seen) if not regions else [])]
    for likely in (True, False):  # apart: whoever keeps "60 %" must not have to keep the name beside it
        boxes = united(line.box for line in lines if line.likely is likely)
        inside = [part for box in boxes if (part := box.within(columns, rows)) is not None]
        found += [Proposal(box, "text", likely) for box in inside if not _covered(box, found)]
    return found


def _covered(box: Box, found: list[Proposal]) -> bool:
    """Whether a line that names nobody lies in a line that does: a clip says the same in many frames."""
    return any(one.origin == "text" and one.box.covers(box) for one in found)


def _readable(source: Source, seen: Seen) -> list[Array]:
    """The pictures to read in: as shown and, of deep grey ones, evened out too, since a window can hide a name."""
    displays = [display for _index, display in seen.frames]
    if source.facts.photometric != "RGB" and source.facts.bits_stored > _DEEP:
        displays.append(_evened(source.frame(0)))
    return displays


def _evened(frame: Array) -> Array:
    """Histogram equalisation: every grey that was stored becomes visible somewhere between black and white."""
    low, high = int(frame.min()), int(frame.max())
    counts = np.bincount((frame.astype(np.int64) - low).ravel(), minlength=high - low + 1)
    ranks = np.cumsum(counts) - counts[0]
    table = (ranks * 255 // max(1, ranks[-1])).astype(np.uint8)
    evened: Array = table[frame.astype(np.int64) - low]
    return evened


def _bands(seen: Seen, bands: list[Box]) -> list[Proposal]:
    return [Proposal(band, "outside", True) for band in bands if _holds_something(seen, band)]


def _holds_something(seen: Seen, box: Box) -> bool:
    return any(
        int(display[box.y : box.bottom, box.x : box.right].max(initial=0)) > _DARK for _index, display in seen.frames
    )


def _banner(lines: list[Line], seen: Seen) -> list[Proposal]:
    """The whole width down to the last line of identity at the top: letters that were not read lie beside it."""
    columns, rows = seen.size
    depth = max((line.box.bottom for line in lines if line.likely and line.box.bottom <= rows * _BANNER), default=0)
    return [Proposal(Box(0, 0, columns, depth), "banner", True)] if depth > 0 else []


def regions_of(header: Dataset) -> list[Box]:
    """The ultrasound regions (0018,6011) of a DICOM header (PS3.3 C.8.5.5.1.1..4): where the picture itself lies."""
    found = []
    for item in values.items(header, "SequenceOfUltrasoundRegions"):
        corners = [values.whole(item, f"RegionLocation{name}") for name in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
        if None in corners:
            continue
        left, top, right, bottom = (int(corner or 0) for corner in corners)
        if right > left and bottom > top:
            found.append(Box(left, top, right - left + 1, bottom - top + 1))
    return found


def write_pictures(seen: Seen, workspace: Path) -> list[dict[str, Any]]:
    """What the person is shown, as WebP files: [{"file", "frame_number" (None: all together), "width", "height"}]."""
    made = []
    for number, (index, display) in enumerate(seen.frames):
        target = workspace / f"seen-{number}.webp"
        width, height = renditions.write_webp(display, target, SHOWN_SIDE, quality=85)
        frame_number = None if index is None else index + 1
        made.append({"file": target.name, "frame_number": frame_number, "width": width, "height": height})
    return made
