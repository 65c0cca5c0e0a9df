"""Key images: what "use in report" on the stage becomes in a signed document. Pure; pictures are fetched elsewhere.

Frozen at signing: the annotations on that frame, how the image was looked at, and what the image is (study, frames,
calibration, SHA-256 of the preserved original), so that the record never depends on what happens to the stage later.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NotRequired, TypedDict

MOST_KEY_IMAGES: Final = 24  # a report of more pages is nobody's; the rest stays on the stage
_DRAWN: Final = ("kind", "points", "text", "colour", "author_name", "created_at")
_VIEWED: Final = ("rotation", "flip", "invert", "window")


class PictureFacts(TypedDict):
    """What `imaging` knows of an instance: pixels, and calibrated areas as in the instance manifest."""

    description: str
    modality: str
    study_date: str
    sha256: str  # of the original; empty while only its sender's preview is here
    tablet_sha256: NotRequired[str]  # of that preview
    rows: int
    columns: int
    frames: int
    calibration: list[dict[str, Any]]


Describe = Callable[[str], PictureFacts | None]


def frozen(stage: Mapping[str, Any], describe: Describe) -> list[dict[str, Any]]:
    """The stage's key images with their annotations, in the order in which they were marked.

    `stage` is `consult.stage.queries.content`: `key_images` and `annotations` by their keys. An image of an instance
    that `describe` does not know (it is not of this case) is left out.
    """
    drawn = sorted(stage["annotations"].items(), key=lambda item: (item[1]["created_at"], item[0]))
    images: list[dict[str, Any]] = []
    for _, marked in sorted(stage["key_images"].items(), key=lambda item: (item[1]["at"], item[0])):
        facts = describe(marked["instance"])
        if facts is not None and len(images) < MOST_KEY_IMAGES:
            images.append(_image(marked, facts, [one for _, one in drawn if _is_on(one, marked)]))
    return images


def _is_on(annotation: Mapping[str, Any], marked: Mapping[str, Any]) -> bool:
    return bool((annotation["instance"], annotation["frame"]) == (marked["instance"], marked["frame"]))


def _image(marked: Mapping[str, Any], facts: PictureFacts, drawn: list[dict[str, Any]]) -> dict[str, Any]:
    view = marked.get("view") or {}
    return {
        "instance": marked["instance"],
        "sop": marked["sop"],
        "frame": marked["frame"],
        "marked_by": marked["by_name"],
        "view": {name: view.get(name) for name in _VIEWED},
        **facts,
        "annotations": [{name: one[name] for name in _DRAWN} for one in drawn],
    }


def added_since(earlier: list[dict[str, Any]] | None, later: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Those of the outcome's key images that the opinion does not already show, drawing for drawing."""
    shown = [(one["instance"], one["frame"], one["annotations"]) for one in earlier or []]
    return [one for one in later or [] if (one["instance"], one["frame"], one["annotations"]) not in shown]


_DOUBTFUL = {"mm at detector": "at_detector", "mm estimated": "estimated"}


def calibration_words(image: Mapping[str, Any]) -> str:
    """`calibrated`, `at_detector`, `estimated` or `uncalibrated`: how far lengths on this image may be believed."""
    labels = {area["label"] for area in image["calibration"] if "mm_per_px_x" in area}
    if not labels:
        return "uncalibrated"
    return next((word for label, word in _DOUBTFUL.items() if label in labels), "calibrated")


def length(points: list[float], calibration: list[dict[str, Any]]) -> tuple[float, str]:
    """The distance between two points and its unit: mm only where one calibrated area covers both, else image px."""
    x0, y0, x1, y1 = points[:4]
    for area in calibration:
        if all(_covers(area, x, y) for x, y in ((x0, y0), (x1, y1))):
            if "mm_per_px_x" not in area:  # a trace of time or speed: no length, and none of what lies beneath
                break
            return math.hypot((x1 - x0) * area["mm_per_px_x"], (y1 - y0) * area["mm_per_px_y"]), area["label"]
    return math.hypot(x1 - x0, y1 - y0), "px"


def _covers(area: Mapping[str, Any], x: float, y: float) -> bool:
    return bool(area["x0"] <= x <= area["x1"] and area["y0"] <= y <= area["y1"])
