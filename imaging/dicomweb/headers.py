"""Headers of DICOM files: made in the sandbox, kept beside the originals, made again when they are missing or old.

Two files for each original, found by its SHA-256: the data set as DICOM JSON and the places of its frames.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import config, db
from imaging import sandbox, store
from imaging.dicomweb import serving
from imaging.dicomweb.attributes import INDEXED
from imaging.dicomweb.models import LONGEST, DicomHeader
from imaging.models import Instance
from imaging.refusals import Refusal

EDITION = "2"  # raise it when `header.py` writes something else: what is kept is then made again
_BULK = b'"BulkDataURI":"{bulk}/'  # as header.py writes it
Spans = list[list[tuple[int, int]]]  # per frame: (offset in the original, length), bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What the sandbox found: two JSON documents and the attributes for searching."""

    header: bytes
    frames: bytes
    index: dict[str, Any]


def read_event(event: dict[str, Any], workspace: Path) -> Found:
    """The sandbox's "header" event with the files that it names."""
    header, frames = ((workspace / event[name]).read_bytes() for name in ("header", "frames"))
    return Found(header, frames, event["index"])


def path_of(sha256: str, kind: str) -> Path:
    """Where the header (`kind` "header") or the frames ("frames") of an original lie."""
    return config.current().data_dir / "headers" / EDITION / sha256[:2] / f"{sha256[2:]}.{kind}.json"


def keep(sha256: str, found: Found) -> None:
    """Keep both files. They can be made again (`_whole`), so they are renamed into place but not synced."""
    for kind, content in (("header", found.header), ("frames", found.frames)):
        target = path_of(sha256, kind)
        target.parent.mkdir(parents=True, exist_ok=True)
        with store.refusing_when_full():
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, target)


def drop(sha256: str) -> None:
    """Forget the header of an original that is not kept."""
    for kind in ("header", "frames"):
        path_of(sha256, kind).unlink(missing_ok=True)


def add(session: Session, instance: Instance, found: Found) -> None:
    """Write the row that searches look at, in the caller's transaction; an existing one is brought up to date."""
    row = session.get(DicomHeader, instance.id)
    columns = _columns(found)
    if row is None:
        session.add(DicomHeader(instance_id=instance.id, **columns))
        return
    for name, value in columns.items():
        setattr(row, name, value)


def _columns(found: Found) -> dict[str, Any]:
    index = found.index

    def text(keyword: str, longest: int = LONGEST) -> str:
        values = index.get(INDEXED[keyword], {}).get("Value", [])
        return "\\".join(_searched(one) for one in values)[:longest]

    return {
        "transfer_syntax_uid": str(json.loads(found.frames)["transfer_syntax"])[:64],
        "patient_name": text("PatientName"),
        "patient_id": text("PatientID"),
        "patient_birth_date": text("PatientBirthDate", 8),
        "patient_sex": text("PatientSex", 16),
        "accession_number": text("AccessionNumber"),
        "study_date": text("StudyDate", 8),
        "study_time": text("StudyTime").replace(":", "")[:6],
        "study_id": text("StudyID"),
        "study_description": text("StudyDescription"),
        "referring_physician": text("ReferringPhysicianName"),
        "modality": text("Modality", 16),
        "series_number": text("SeriesNumber", 16),
        "series_description": text("SeriesDescription"),
        "body_part": text("BodyPartExamined", 64),
        "step_date": text("PerformedProcedureStepStartDate", 8),
        "step_time": text("PerformedProcedureStepStartTime").replace(":", "")[:6],
        "instance_number": text("InstanceNumber", 16),
        "attributes": index,
    }


def _searched(value: Any) -> str:
    """As it is matched: lower case; all three ways of writing a name, an equals sign between."""
    if isinstance(value, dict):
        groups = (str(value.get(group, "")).rstrip("^") for group in ("Alphabetic", "Ideographic", "Phonetic"))
        return "=".join(groups).rstrip("=").lower()
    return "" if value is None else str(value).lower()


def make(instance_id: str) -> None:
    """Make an instance's header anew from its original. Raises Refusal."""
    with db.read_session() as session:
        instance = session.get(Instance, instance_id)
    if instance is None or instance.sha256 is None:
        return
    found = inspect(store.path_of("originals", instance.sha256))
    keep(instance.sha256, found)
    with db.write_transaction() as session:
        add(session, session.get_one(Instance, instance_id), found)


def inspect(original: Path) -> Found:
    """A DICOM file's header, read in the sandbox. Raises Refusal."""
    if not original.exists():
        raise Refusal("lost_bytes")
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("dicomweb", original, workspace, {"do": "header"}):
            if event["event"] == "header":
                return read_event(event, workspace)
    raise Refusal("crashed")


def header_of(instance: Instance, bulk_address: str) -> bytes:
    """The data set as DICOM JSON, its bulk data referred to under `bulk_address`. Raises Refusal, Busy."""
    content = _whole(instance, "header")
    return content.replace(_BULK, b'"BulkDataURI":' + json.dumps(f"{bulk_address}/").encode()[:-1])


def spans_of(instance: Instance) -> Spans | None:
    """Where each frame lies in the original; None where it must be unpacked first. Raises Refusal."""
    spans: Spans | None = json.loads(_whole(instance, "frames"))["spans"]
    return spans


def _whole(instance: Instance, kind: str) -> bytes:
    if instance.sha256 is None:
        raise Refusal("lost_bytes")  # only its sender's preview is here
    path = path_of(instance.sha256, kind)
    kept = _kept(path)
    if kept is not None:
        return kept
    with serving.place():
        keep(instance.sha256, inspect(store.path_of("originals", instance.sha256)))
    return path.read_bytes()


def _kept(path: Path) -> bytes | None:
    """A file of `keep`'s; None where it is missing, or where a power cut left its name and not its bytes."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return content if content[:1] == b"{" and content[-1:] == b"}" else None


def missing(session: Session) -> list[str]:
    """Instances of DICOM files that searches do not know yet, oldest first."""
    rows = (
        select(Instance.id)
        .outerjoin(DicomHeader, DicomHeader.instance_id == Instance.id)
        .where(
            Instance.media.in_(("dicom", "dicom_video")),
            Instance.sha256.is_not(None),
            DicomHeader.instance_id.is_(None),
        )
        .order_by(Instance.created_at)
    )
    return list(session.scalars(rows))
