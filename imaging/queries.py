"""Reads: manifests, upload states and a case's whole listing, as the JSON that the client is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.errors import NotFound
from imaging import cautions, quality_words, store
from imaging.facts import Facts
from imaging.guards.scales import reckoning
from imaging.guards.sides import telling
from imaging.models import FRAME_TILES, Instance, Rendition, Study, Upload
from imaging.reasons import sentence

Json = dict[str, Any]
# The last part of each address: a name that says what the bytes are.
FILE_NAMES = {
    "thumbnail": "thumbnail.webp",
    "tablet_preview": "tablet_preview.webp",
    "preview": "preview.webp",
    "full": "full.webp",
    "tiles": "tiles",
    "clip": "clip.bin",
    "clip_small": "clip_small.bin",
    "clip_mp4": "clip.mp4",
    "tablet_clip": "tablet_clip.bin",
    FRAME_TILES: "tiles",
    "overlays": "overlays.bin",
}


def manifest(instance: Instance) -> Json:
    """The instance as the viewport knows it (pixels, milliseconds, millimetres per pixel)."""
    facts, ruled = Facts.from_json(instance.facts), reckoning.regions(instance)
    return {
        "id": instance.id,
        "sop_instance_uid": instance.sop_instance_uid,
        "study_id": instance.study_id,
        "study_instance_uid": instance.study.study_instance_uid,
        "kind": instance.kind,
        "state": instance.state,
        "progress": instance.progress,
        "reason": sentence(instance.reason_code, instance.reason_values),
        "reason_code": instance.reason_code,
        "modality": facts.modality,
        "description": facts.series_description or facts.study_description,
        "file_name": instance.file_name,
        "size_bytes": instance.size_bytes,
        "sha256": instance.sha256 or "",
        "rows": facts.rows,
        "columns": facts.columns,
        "frames": facts.frames,
        "frame_time_ms": facts.frame_time_ms(),
        "photometric": facts.photometric,
        "bits_stored": facts.bits_stored,
        "orientation": telling.orientation(instance) or facts.orientation,
        "side": instance.side,
        "window": facts.window,
        "voi_function": facts.voi_function,
        "voi_lut": facts.voi_lut,
        "modality_lut": facts.modality_lut,
        "pixel_range": facts.pixel_range or {"min": 0, "max": (1 << facts.bits_stored) - 1},
        "calibration": facts.calibration if ruled is None else ruled,
        "uncalibrated": cautions.why_uncalibrated(facts.uncalibrated) if ruled is None else None,
        "scale": instance.scale,
        "per_frame": _per_frame(facts.per_frame),
        "document": _document(facts.document),
        "cautions": _cautions(instance, facts),
        "advice": quality_words.sentences(instance.facts),
        "hold": instance.hold,
        "renditions": {} if instance.is_held else {one.name: _rendition(one) for one in instance.renditions},
        "frame_tiles": [] if instance.is_held else [_frame_tiles(one) for one in instance.frame_tiles],
    }


def _document(said: Json) -> Json | None:
    """What kind of document it is; its text is read at an address of its own."""
    return {name: said.get(name) for name in ("type", "title", "pages", "pages_shown")} if said else None


def document_to_read(instance: Instance) -> Json:
    """A document as its page shows it: text where it has any, else its pages (of a picture: the picture)."""
    facts = Facts.from_json(instance.facts)
    sheet = next((one for one in instance.renditions if one.name == "full"), None)
    return {
        "instance_id": instance.id,
        "file_name": instance.file_name,
        "document": facts.document,
        "lines": facts.document.get("lines", []),
        "cut": facts.document.get("cut", False),
        "sheet": _rendition(sheet) if sheet else None,
        "cautions": cautions.sentences(facts.cautions),
    }


def _per_frame(said: Json | None) -> Json | None:
    if said is None:
        return None
    sets = [{**one, "uncalibrated": cautions.why_uncalibrated(one.get("uncalibrated"))} for one in said["sets"]]
    return {"sets": sets, "of": said["of"]}


def _cautions(instance: Instance, facts: Facts) -> list[dict[str, str]]:
    """What the file gives cause to say, then what became of its preview."""
    found = cautions.sentences([*facts.cautions, *(["not_as_previewed"] if instance.differs else [])])
    if instance.sha256 is None and instance.reason_code is not None:
        found.append({"code": instance.reason_code, "text": sentence(instance.reason_code) or ""})
    return found


def _frame_tiles(rendition: Rendition) -> Json:
    return {"frame_number": rendition.frame_index + 1, **_rendition(rendition)}


def _rendition(rendition: Rendition) -> Json:
    base = f"/imaging/renditions/{rendition.id}"
    found: Json = {
        "id": rendition.id,
        "url": f"{base}/{FILE_NAMES[rendition.name]}",
        "bytes": rendition.bytes,
        "width": rendition.width,
        "height": rendition.height,
    }
    if rendition.name in {"tiles", FRAME_TILES}:
        found["index"] = rendition.detail["index"]
    if rendition.index_sha256 is not None:
        found["index_url"] = f"{base}/index.json"
    return found


def upload_status(upload: Upload) -> Json:
    """The upload as its sender and the room see it (bytes)."""
    return {
        "id": upload.id,
        "file_name": upload.file_name,
        "size": upload.size,
        "received": upload.received,
        "state": upload.state,
        "reason": sentence(upload.reason_code, upload.reason_values),
        "reason_code": upload.reason_code,
        "already_here": upload.note == "again",
        "instances": [upload.instance_id] if upload.instance_id else [],
    }


def instances_of_case(session: Session, case_id: str) -> list[Instance]:
    """Every instance of a case, oldest first, its renditions loaded."""
    rows = (
        select(Instance)
        .where(Instance.case_id == case_id)
        .order_by(Instance.created_at, Instance.id)
        .options(selectinload(Instance.renditions), selectinload(Instance.frame_tiles), selectinload(Instance.study))
    )
    return list(session.scalars(rows))


def case_listing(session: Session, case_id: str) -> Json:
    """{"uploads": [UploadStatus], "studies": [{..., "instances": [InstanceManifest]}]}, oldest first."""
    uploads = session.scalars(
        select(Upload).where(Upload.case_id == case_id, Upload.state != "cancelled").order_by(Upload.created_at)
    )
    held: dict[str, list[Json]] = {}
    for instance in instances_of_case(session, case_id):
        held.setdefault(instance.study_id, []).append(manifest(instance))
    studies = session.scalars(select(Study).where(Study.case_id == case_id).order_by(Study.created_at, Study.id))
    return {
        "uploads": [upload_status(upload) for upload in uploads],
        "studies": [_study(study, held.get(study.id, [])) for study in studies],
    }


def _study(study: Study, instances: list[Json]) -> Json:
    return {
        "id": study.id,
        "study_instance_uid": study.study_instance_uid,
        "description": study.description,
        "modality": study.modality,
        "study_date": study.study_date,
        "instances": instances,
    }


def instance_in_case(session: Session, case_id: str, instance_id: str) -> Instance | None:
    """The instance when it belongs to this case: what an annotation or a key image may refer to."""
    found = session.get(Instance, instance_id)
    return found if found is not None and found.case_id == case_id else None


def original_path(instance: Instance) -> Path:
    """Where the original's bytes lie, exactly as they came. Raises NotFound while only a preview of it is here."""
    if instance.sha256 is None:
        raise NotFound()
    return store.path_of("originals", instance.sha256)


def rendition_path(rendition: Rendition) -> Path:
    """Where a rendition's bytes lie."""
    return store.path_of("renditions", rendition.sha256)
