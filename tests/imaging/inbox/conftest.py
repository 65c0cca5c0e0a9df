"""An inbox with something in it: sent by a unit of the doctor's facility, taken in as the worker does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from app import db
from app.actor import Actor
from imaging import arrivals, ingest, jobs
from imaging.models import Instance, Study, Upload
from tests.cast import Cast
from tests.imaging import files

Send = Callable[..., Upload]


@pytest.fixture(autouse=True)
def nothing_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests take in themselves what the worker would."""
    monkeypatch.setattr(jobs, "ingest_upload", lambda _upload_id: None)


@pytest.fixture
def unit(cast: Cast) -> Actor:
    """A portable ultrasound of the doctor's facility."""
    return Actor("device", "unit", "Portable <ultrasound>", "device", cast.program.id, cast.facility.id)


@pytest.fixture
def send(unit: Actor, tmp_path: Path, no_children: None) -> Send:
    """Send one instance and take it in; `number` tells instances apart."""

    def sent(number: int = 1, sender: Actor = unit, content: bytes | None = None, **values: object) -> Upload:
        elements = {
            "SOPInstanceUID": f"1.2.3.{number}",
            "PatientName": "One^Patient",
            "PatientBirthDate": "19720304",
            "PatientSex": "F",
            "StudyDescription": "Chest",
            **values,
        }
        path = tmp_path / f"sent-{db.new_id()}"
        if content is None:
            files.save(files.dicom(np.full((8, 8), number, dtype=np.uint16), **elements), path)
        else:
            path.write_bytes(content)
        upload = arrivals.take(sender, None, path, file_name=f"{number}.dcm")
        ingest.ingest(upload.id)
        with db.read_session() as session:
            return session.get_one(Upload, upload.id)

    return sent


def studies() -> list[Study]:
    with db.read_session() as session:
        return list(session.scalars(select(Study).order_by(Study.created_at, Study.id)))


def instances() -> list[Instance]:
    with db.read_session() as session:
        return list(session.scalars(select(Instance).order_by(Instance.created_at, Instance.id)))
