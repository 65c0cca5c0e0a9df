"""What a ruler in a picture makes of its pixels."""

from __future__ import annotations

import math
from typing import Any

from imaging.models import Instance


def has_own_scale(facts: dict[str, Any]) -> bool:
    """Whether the file calibrates any part of the picture, in any frame, whatever it counts there."""
    frames = (facts.get("per_frame") or {}).get("sets") or []
    return bool(facts.get("calibration")) or any(one.get("calibration") for one in frames)


def regions(instance: Instance) -> list[dict[str, Any]] | None:
    """The whole picture in estimated millimetres, as manifests have calibration; None without a ruler."""
    scale = instance.scale
    if scale is None or has_own_scale(instance.facts):
        return None
    x0, y0, x1, y1 = scale["points"]
    step = scale["length_mm"] / math.hypot(x1 - x0, y1 - y0)
    whole = {"x0": 0, "y0": 0, "x1": instance.facts["columns"], "y1": instance.facts["rows"]}
    counted = {"per_px_x": step, "per_px_y": step, "unit_x": "mm", "unit_y": "mm"}
    return [{**whole, **counted, "label": "mm estimated"}]
