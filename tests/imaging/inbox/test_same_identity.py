"""Two different files that say they are the same picture: both are kept, and people are told."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.actor import Actor
from app.auth.models import User
from imaging import arrivals, ingest
from imaging.inbox.queries import count
from imaging.models import Upload
from tests.cast import Cast
from tests.imaging import files

ClientAs = Callable[[User | None], FlaskClient]
BOTH = "Another file with the same identity came before this one"


def two_at_once(sender: Actor, case_id: str | None, tmp_path: Path) -> bytes:
    """Both are acknowledged before either is looked at; returns the bytes of the one that came second."""
    for shade in (1, 2):
        path = files.save(files.dicom(np.full((8, 8), shade, np.uint16), PatientName=""), tmp_path / f"{shade}")
        content = path.read_bytes()
        waits = arrivals.take(sender, case_id, path, file_name=f"{shade}.dcm")
        assert waits.state == "checking"
    with db.read_session() as session:
        arrived = list(session.scalars(select(Upload).order_by(Upload.created_at)))
    for upload in arrived:
        ingest.ingest(upload.id)
    return content


def test_two_files_of_one_identity_from_a_unit_are_both_kept_and_the_inbox_says_so(
    client_as: ClientAs, cast: Cast, unit: Actor, tmp_path: Path, no_children: None
) -> None:
    doctor = client_as(cast.doctor)
    second = two_at_once(unit, None, tmp_path)
    page = doctor.get("/inbox").text
    assert BOTH in page
    with db.read_session() as session:
        assert count(session, cast.facility.id) == 2  # the picture and the file
    [address] = re.findall(r"/inbox/files/\w+(?=\" download)", page)
    assert doctor.get(address).data == second


def test_two_files_of_one_identity_stored_into_a_case_are_told_in_the_case_and_in_the_inbox(
    client_as: ClientAs, cast: Cast, tmp_path: Path, no_children: None
) -> None:
    doctor = client_as(cast.doctor)
    second = two_at_once(cast.doctor.actor(), cast.case.id, tmp_path)
    told = doctor.get(f"/imaging/cases/{cast.case.id}").json
    assert told is not None
    assert [one["state"] for one in told["uploads"]] == ["stored", "refused"]
    assert BOTH in told["uploads"][1]["reason"]
    page = doctor.get("/inbox").text
    assert BOTH in page
    assert f"/cases/{cast.case.id}" in page
    [address] = re.findall(r"/inbox/files/\w+(?=\" download)", page)
    assert doctor.get(address).data == second
    assert client_as(cast.far_doctor).get(address).status_code == 404
