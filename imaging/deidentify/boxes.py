"""Rectangles that cover identity: proposed, drawn, united. Whole pixels, origin top left. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

# text: read in the pixels; outside: beyond every ultrasound region; banner: the band machines write names into
Origin = Literal["text", "outside", "banner", "person"]


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A rectangle in a picture's pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    def within(self, columns: int, rows: int) -> Box | None:
        """The part that lies in a picture of this size; None when nothing does."""
        x, y = max(0, self.x), max(0, self.y)
        right, bottom = min(columns, self.right), min(rows, self.bottom)
        return Box(x, y, right - x, bottom - y) if right > x and bottom > y else None

    def grown(self, by: int) -> Box:
        """The box with a margin all around it."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def touches(self, other: Box) -> bool:
        """Whether the two share a pixel."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom

    def covers(self, other: Box) -> bool:
        """Whether the other lies in this one whole."""
        return self.x <= other.x and self.y <= other.y and self.right >= other.right and self.bottom >= other.bottom


def united(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that touch are joined until none do: the union over time of a clip's frames stays a short list."""
    found: list[Box] = []
    for box in boxes:
        merged = box
        while (touching := next((one for one in found if one.touches(merged)), None)) is not None:
            found.remove(touching)
            merged = merged.joined(touching)
        found.append(merged)
    return sorted(found, key=lambda one: (one.y, one.x))


def around(regions: list[Box], columns: int, rows: int) -> list[Box]:
    """Boxes that cover everything outside `regions`: four bands around the smallest box that holds them all."""
    inside = [part for region in regions if (part := region.within(columns, rows)) is not None]
    if not inside:
        return []
    hull = inside[0]
    for region in inside[1:]:
        hull = hull.joined(region)
    bands = [
        Box(0, 0, columns, hull.y),
        Box(0, hull.bottom, columns, rows - hull.bottom),
        Box(0, hull.y, hull.x, hull.height),
        Box(hull.right, hull.y, columns - hull.right, hull.height),
    ]
    return [band for band in bands if band.width > 0 and band.height > 0]
