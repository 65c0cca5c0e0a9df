"""Pictures that say whose they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app import db
from consult.models import Consult
from imaging import ingest
from imaging.models import Instance
from imaging.rendering import make_renditions
from tests.cast import Cast, consult_in
from tests.imaging import files
from tests.imaging.conftest import chest, doctor, fresh_looks, instance_row, no_children, send

__all__ = ["chest", "doctor", "fresh_looks", "no_children", "send"]

Take = Callable[..., Instance]


@pytest.fixture
def consult(cast: Cast) -> Consult:
    """A consult under way on the cast's case."""
    with db.write_transaction() as session:
        return consult_in(session, cast, "in_progress")


@pytest.fixture
def take(consult: Consult, no_children: None, send: Callable[..., str], tmp_path: Path) -> Take:
    """Take in and render a small radiograph with these elements in its header."""
    count = 0

    def taken(**elements: object) -> Instance:
        nonlocal count
        count += 1
        pixels = np.random.default_rng(count).integers(0, 4096, (60, 50), dtype=np.uint16)
        uid = f"1.2.3.4.5.{count}"
        data = files.dicom(pixels, BitsStored=12, HighBit=11, SOPInstanceUID=uid, **elements)
        instance_id = ingest.ingest(send(files.save(data, tmp_path / f"{count}.dcm").read_bytes(), f"{count}.dcm"))
        assert instance_id is not None
        make_renditions(instance_id)
        return instance_row(instance_id)

    return taken
