"""How well a picture was taken, as far as pixels and header can say it: counts, shares and indices, then plain advice.

Never an absolute sharpness: sharp X-rays score 3 to 200 and blurred ones 1 to 4, so only pictures of one burst or clip
may be compared by it. Advice never blocks: a poor picture may be the only one there is. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from imaging.modalities import PROJECTION

CLIPPED_SHARE = 0.15  # of the middle of the picture: borders are black or white by collimation
FEW_LEVELS = 64
COPY_LEVELS = 256  # a projection of more than 8 bits has at least several hundred
SMALLEST_STILL = 700  # px of the shorter side below which fine lines are gone
SMALLEST_CLIP = 240
DEVIATION = 3.0  # IEC 62494-1 deviation index: a doubling or halving of the dose (AAPM report 116, table 2)

Advice = tuple[str, dict[str, Any]]
Facts = Mapping[str, Any]


def advise(facts: Mapping[str, Any]) -> list[Advice]:
    """Codes with the values of their sentences, the gravest first. `facts` is `imaging.facts.Facts` as JSON."""
    quality, projection = facts.get("quality") or {}, facts.get("modality") in PROJECTION
    if not quality:
        return []
    rules = (_nothing_seen, _exposure, _clipped, _copy, _small)
    return [advice for rule in rules for advice in rule(facts, quality, projection)]


def _nothing_seen(facts: Facts, quality: Facts, projection: bool) -> list[Advice]:
    if quality.get("dark"):
        return [("black_clip" if facts["kind"] == "clip" else "black_picture", {})]
    return [("frozen_clip", {"frames": facts["frames"]})] if quality.get("frozen") else []


def _exposure(facts: Facts, quality: Facts, projection: bool) -> list[Advice]:
    deviation = deviation_index(facts.get("acquisition") or {})
    if deviation is None or abs(deviation) < DEVIATION:
        return []
    return [("under_exposed" if deviation < 0 else "over_exposed", {"deviation": f"{deviation:+.1f}"})]


def deviation_index(acquisition: Facts) -> float | None:
    """DI as the file says it, else 10 log10(EI / target) (IEC 62494-1 section 4.4); None where neither is there."""
    told = acquisition.get("deviation_index")
    index, target = acquisition.get("exposure_index"), acquisition.get("target_exposure_index")
    if told is not None:
        return float(told)
    if index and target and index > 0 and target > 0:
        return float(10 * math.log10(index / target))
    return None


def _clipped(facts: Facts, quality: Facts, projection: bool) -> list[Advice]:
    """Only where much of the middle is one end value; an ultrasound picture is black by nature."""
    photograph = facts["media"] not in ("dicom", "dicom_video", "video")
    share = max(float(quality.get("high", 0)), float(quality.get("low", 0)) if projection else 0.0)
    if not (projection or photograph) or share < CLIPPED_SHARE or facts["kind"] != "still":
        return []
    return [("clipped", {"percent": round(100 * share)})]


def _copy(facts: Facts, quality: Facts, projection: bool) -> list[Advice]:
    levels = int(quality.get("levels", COPY_LEVELS))
    if facts["kind"] != "still":
        return []
    if quality.get("grey") and facts["media"] not in ("dicom", "dicom_video"):
        return [("copy", {})]
    if projection and levels < FEW_LEVELS:
        return [("few_levels", {"levels": levels})]
    return [("copy", {})] if projection and levels <= COPY_LEVELS else []


def _small(facts: Facts, quality: Facts, projection: bool) -> list[Advice]:
    least = SMALLEST_CLIP if facts["kind"] == "clip" or facts.get("modality") == "US" else SMALLEST_STILL
    if facts["media"] == "dicom" and not projection and facts.get("modality") != "US":
        return []  # slices are small by nature
    if min(facts["rows"], facts["columns"]) >= least:
        return []
    return [("small", {"size": f"{facts['columns']} x {facts['rows']}"})]
