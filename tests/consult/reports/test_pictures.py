"""Pictures of a record come from the preserved original of an instance of this very case."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from app import clock, db
from consult.models import Consult
from consult.reports import pictures
from consult.stage import queries as stage_queries
from imaging import store
from imaging.facts import Facts
from imaging.models import Instance, Series, Study
from tests.cast import Cast, consult_in
from tests.consult.reports import written

AREA = {"x0": 0, "y0": 0, "x1": 128, "y1": 128, "mm_per_px_x": 0.6, "mm_per_px_y": 0.6, "label": "mm"}


def kept(name: str) -> str:
    """The SHA-256 of one of pydicom's own files, kept as an original."""
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return store.keep("originals", Path(path))


def test_a_key_image_is_drawn_from_the_original_through_its_window(cast: Cast) -> None:
    view = {"rotation": 90, "flip": False, "invert": False, "window": {"center": 40.0, "width": 400.0}}
    image = written.key_image(sha256=kept("CT_small.dcm"), rows=128, columns=128, frame=1, view=view)
    plain = pictures.for_print(image)
    inverted = pictures.for_print({**image, "view": {**view, "invert": True}})
    assert plain is not None
    assert inverted is not None
    with Image.open(io.BytesIO(plain)) as one, Image.open(io.BytesIO(inverted)) as other:
        assert one.size == (128, 128)
        level, opposite = (picture.convert("L").tobytes()[64 * 128 + 64] for picture in (one, other))
        assert level + opposite == pytest.approx(255, abs=12)


def test_an_original_that_is_gone_is_not_drawn(cast: Cast) -> None:
    assert pictures.for_print(written.key_image(sha256="0" * 64)) is None


def test_only_instances_of_this_case_are_frozen_with_what_is_known_of_them(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        own = instance_of(session, cast.case.id, consult)
        foreign = instance_of(session, None, consult)
        marked = {f"{one.id}/1": mark(one.id) for one in (own, foreign)}
        monkeypatch.setattr(stage_queries, "content", lambda *_: {"annotations": {}, "key_images": marked})
        frozen = pictures.frozen_from_stage(session, consult)
    assert [(one["instance"], one["sha256"], one["description"]) for one in frozen] == [(own.id, "a" * 64, "Chest")]
    assert (frozen[0]["columns"], frozen[0]["calibration"]) == (128, [AREA])


def mark(instance: str) -> dict[str, Any]:
    return {"instance": instance, "sop": "1.2.3", "frame": 1, "by": "f" * 32, "by_name": "S", "at": 1.0, "view": {}}


def instance_of(session: Any, case_id: str | None, consult: Consult) -> Instance:
    now = clock.now()
    study = Study(case_id=case_id, program_id="program", study_instance_uid="1.2", description="Chest", created_at=now)
    session.add(study)
    session.flush()
    series = Series(study_id=study.id, series_instance_uid="1.2.1")
    session.add(series)
    session.flush()
    facts = Facts(media="dicom", kind="still", modality="DX", rows=128, columns=128, calibration=[AREA])
    instance = Instance(
        case_id=case_id,
        program_id=consult.program_id,
        study_id=study.id,
        series_id=series.id,
        sop_instance_uid="1.2.3",
        sha256="a" * 64,
        size_bytes=1,
        file_name="x.dcm",
        media="dicom",
        kind="still",
        facts=facts.as_json(),
        created_at=now,
    )
    session.add(instance)
    session.flush()
    return instance
