"""The pictures of a record: what is frozen of them at signing, and how they are drawn for print."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from typing import Any, Final

from PIL import Image
from sqlalchemy.orm import Session

from consult.models import Consult
from consult.reports import key_images
from consult.reports.key_images import PictureFacts
from consult.stage import queries as stage_queries
from imaging import drawing, provisional, store
from imaging import queries as imaging_queries
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

QUALITY: Final = 88  # JPEG: a page of two pictures stays under what a village link carries in a few seconds
_TURNS: Final = {
    90: Image.Transpose.ROTATE_270,  # Pillow turns the other way round
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}

Draw = Callable[[dict[str, Any]], bytes]


def frozen_from_stage(session: Session, consult: Consult) -> list[dict[str, Any]]:
    """The key images on the consult's stage now, each with everything that its print needs."""

    def describe(instance_id: str) -> PictureFacts | None:
        found = imaging_queries.instance_in_case(session, consult.case_id, instance_id)
        if found is None or found.is_held:
            return None
        manifest = imaging_queries.manifest(found)
        facts = PictureFacts(
            description=manifest["description"] or found.study.description,
            modality=manifest["modality"],
            study_date=found.study.study_date,
            sha256=found.sha256 or "",
            rows=manifest["rows"],
            columns=manifest["columns"],
            frames=manifest["frames"],
            calibration=manifest["calibration"],
        )
        preview = provisional.tablet_preview(found) if found.sha256 is None else None
        if preview is not None:
            facts["tablet_sha256"] = preview.sha256
        return facts

    return key_images.frozen(stage_queries.content(session, consult.id), describe)


def draw(image: dict[str, Any]) -> bytes:
    """A frozen key image as PNG or WebP bytes, from the preserved original, as it was windowed. Raises Refusal.

    Of a picture whose original had not arrived at signing, what the signer saw: the preview of its first frame.
    """
    view = image["view"]
    if not image["sha256"]:
        preview = store.path_of("renditions", image.get("tablet_sha256", ""))
        if image["frame"] != 1 or not preview.is_file():
            raise Refusal("lost_bytes")
        return preview.read_bytes()
    original = store.path_of("originals", image["sha256"])
    return drawing.draw_frame(original, image["frame"], window=view.get("window"), invert=bool(view.get("invert")))


def for_print(image: dict[str, Any], draw_one: Draw = draw) -> bytes | None:
    """JPEG bytes as the picture lies on paper, mirrored and turned as it was looked at; None: it cannot be drawn."""
    try:
        drawn = draw_one(image)
    except Refusal as refusal:
        log.warning("key image of instance %s cannot be printed: %s", image["instance"], refusal.code)
        return None
    view = image["view"]
    with Image.open(io.BytesIO(drawn)) as picture:
        upright = picture.convert("L" if picture.mode in ("1", "L", "I;16") else "RGB")
    if view.get("flip"):
        upright = upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if view.get("rotation") in _TURNS:
        upright = upright.transpose(_TURNS[view["rotation"]])
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()
