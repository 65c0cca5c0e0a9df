"""Annotations as shapes for print: the stage's image coordinates, turned as the image was looked at. Pure geometry.

Coordinates are pixels of the printed picture from its top left; the template scales them. Heads of arrows and ticks
of lengths are in proportion to the picture, so that they look the same on a photo and on an ultrasound frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Point = tuple[float, float]
Shape = dict[str, Any]

HEAD = 0.022  # of the picture's longer side
TICK = 0.012


@dataclass(frozen=True, slots=True)
class Turn:
    """How an image of columns x rows lies on paper: a mirror first, then a turn clockwise, as in the viewport."""

    columns: int
    rows: int
    rotation: int = 0
    flip: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as printed."""
        return (self.rows, self.columns) if self.rotation in (90, 270) else (self.columns, self.rows)

    def __call__(self, x: float, y: float) -> Point:
        """Where an image point lies on the printed picture."""
        if self.flip:
            x = self.columns - x
        if self.rotation == 90:
            return self.rows - y, x
        if self.rotation == 180:
            return self.columns - x, self.rows - y
        if self.rotation == 270:
            return y, self.columns - x
        return x, y


def shapes(annotation: Mapping[str, Any], turn: Turn, words: str) -> list[Shape]:
    """What to draw for one annotation; `words` (its text, or its length) stands beside it."""
    points = [turn(x, y) for x, y in zip(annotation["points"][::2], annotation["points"][1::2], strict=True)]
    side = max(turn.size)
    drawn = _DRAWERS[annotation["kind"]](points, side)
    if words:
        x, y, above = _text_place(annotation["kind"], points)
        drawn.append({"shape": "text", "x": round(x, 2), "y": round(y, 2), "above": above, "words": words})
    return [{**shape, "colour": annotation["colour"]} for shape in drawn]


def _text_place(kind: str, points: list[Point]) -> tuple[float, float, bool]:
    """Where words stand, and whether above that place: never between an arrow's tail and its head."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    if kind == "length":
        return (x0 + x1) / 2, (y0 + y1) / 2, False
    if kind == "ellipse":
        return (x0 + x1) / 2, min(y0, y1), True
    return x0, y0, y0 < y1


def _line(points: list[Point], _side: int) -> list[Shape]:
    return [_path(points)]


def _ellipse(points: list[Point], _side: int) -> list[Shape]:
    (x0, y0), (x1, y1) = points[0], points[1]
    box = (min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0))
    x, y, width, height = (round(one, 2) for one in box)
    return [{"shape": "ellipse", "x": x, "y": y, "width": width, "height": height}]


def _arrow(points: list[Point], side: int) -> list[Shape]:
    tail, head = points[0], points[1]
    along, _ = _directions(tail, head)
    wing = HEAD * side
    left, right = (_away(head, along, -wing, angle) for angle in (0.45, -0.45))
    neck = (head[0] - along[0] * wing * 0.8, head[1] - along[1] * wing * 0.8)
    return [_path([tail, neck]), {**_path([head, left, right]), "shape": "area"}]


def _length(points: list[Point], side: int) -> list[Shape]:
    _, across = _directions(points[0], points[1])
    reach = TICK * side
    ticks = [
        _path([(x - across[0] * reach, y - across[1] * reach), (x + across[0] * reach, y + across[1] * reach)])
        for x, y in points
    ]
    return [_path(points), *ticks]


def _directions(start: Point, end: Point) -> tuple[Point, Point]:
    """Unit vectors along and across; for two equal points, to the right and down."""
    distance = math.hypot(end[0] - start[0], end[1] - start[1])
    if distance == 0:
        return (1.0, 0.0), (0.0, 1.0)
    x, y = (end[0] - start[0]) / distance, (end[1] - start[1]) / distance
    return (x, y), (-y, x)


def _away(start: Point, along: Point, reach: float, angle: float) -> Point:
    x = along[0] * math.cos(angle) - along[1] * math.sin(angle)
    y = along[0] * math.sin(angle) + along[1] * math.cos(angle)
    return start[0] + x * reach, start[1] + y * reach


def _path(points: list[Point]) -> Shape:
    return {"shape": "path", "points": [[round(x, 2), round(y, 2)] for x, y in points]}


_DRAWERS = {"arrow": _arrow, "line": _line, "ellipse": _ellipse, "length": _length}
