"""Which side of a film is the patient's right: told with the photo, shown with who told it, corrected by a doctor."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from app import clock, db
from app.auth.models import User
from app.errors import Conflict, NotAllowed, NotFound
from consult.models import Consult
from imaging import ingest, jobs, previews, queries, uploads
from imaging.guards.sides import operations
from imaging.models import Instance
from tests.cast import Cast, guest_of
from tests.imaging import files
from tests.imaging.conftest import instance_row, upload_row
from tests.imaging.guards.conftest import Take

ClientAs = Callable[[User | None], FlaskClient]
pytestmark = pytest.mark.usefixtures("no_children")


@pytest.fixture
def film() -> bytes:
    return files.png(np.random.default_rng(3).integers(0, 256, (60, 40, 3), dtype=np.uint8))


@pytest.fixture
def photo(consult: Consult, send: Callable[..., str], film: bytes) -> Instance:
    return instance_row(ingest.ingest(send(film, "film.png")))


def tell(cast: Cast, instance: Instance, side: Any, who: User | None = None) -> dict[str, Any]:
    with db.write_transaction() as session:
        operations.tell(session, (who or cast.doctor).actor(), instance.id, side, clock.now())
    return queries.manifest(instance_row(instance.id))


def arrive(cast: Cast, upload_id: str, content: bytes) -> dict[str, Any]:
    pieces = [content, b""]
    uploads.receive(cast.doctor.actor(), upload_id, 0, len(content), lambda _most: pieces.pop(0))
    return queries.manifest(instance_row(ingest.ingest(upload_id)))


def test_what_was_told_with_a_photo_stands_with_its_picture_under_the_tellers_name(
    cast: Cast, consult: Consult, film: bytes
) -> None:
    actor = cast.doctor.actor()
    upload = uploads.create(actor, cast.case.id, "film.png", len(film), side="right_on_left")
    found = arrive(cast, upload.id, film)
    assert (found["side"]["side"], found["side"]["by"]) == ("right_on_left", cast.doctor.full_name)
    assert found["orientation"] == {"left": "R", "right": "L", "top": "", "bottom": ""}


def test_a_doctor_who_corrects_it_is_named_and_a_later_original_does_not_undo_that(
    client_as: ClientAs, cast: Cast, consult: Consult, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "show_preview", previews.show)
    upload_id = opened_with_preview(client_as(cast.doctor), cast, len(film), "right_on_left")
    instance = instance_row(upload_row(upload_id).instance_id)
    assert (instance.state, queries.manifest(instance)["orientation"]["left"]) == ("provisional", "R")
    tell(cast, instance, "left_on_left", cast.specialist)
    found = arrive(cast, upload_id, film)
    assert (found["id"], found["orientation"]["left"]) == (instance.id, "L")
    assert found["side"]["by"] == cast.specialist.full_name


def opened_with_preview(client: FlaskClient, cast: Cast, size: int, side: str) -> str:
    told = {"filename": "film.png", "case_id": cast.case.id, "side": side}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
    still = files.jpeg(np.full((60, 40, 3), 90, np.uint8))
    form = {"facts": json.dumps(photograph(60, 40)), "still": (io.BytesIO(still), "still")}
    answer = client.post("/imaging/uploads", headers=headers, data=form)
    assert answer.get_json()["preview"] == "shown", answer.text
    return str(answer.get_json()["id"])


def photograph(rows: int, columns: int) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            "sop_instance_uid",
            "series_instance_uid",
            "study_instance_uid",
            "series_description",
            "study_description",
            "study_date",
            "sha256",
        ),
        "",
    )
    shape = {"kind": "still", "media": "png", "modality": "XC", "rows": rows, "columns": columns, "frames": 1}
    pixels = {"photometric": "RGB", "bits_stored": 8, "window": None, "pixel_range": None, "frame_time_ms": None}
    return {**nothing, **shape, **pixels, "modality_lut": {"slope": 1, "intercept": 0}, "identity": {}}


@pytest.mark.parametrize("side", ["right_limb", "left_limb", "unmarked"])
def test_a_limb_or_a_film_without_a_marker_puts_no_letter_at_any_edge(cast: Cast, photo: Instance, side: str) -> None:
    found = tell(cast, photo, side)
    assert (found["side"]["side"], set(found["orientation"].values())) == (side, {""})


def test_a_file_that_says_its_own_sides_is_not_contradicted(cast: Cast, take: Take) -> None:
    instance = take(Modality="CR", PatientOrientation=["L", "F"])
    with pytest.raises(Conflict):
        tell(cast, instance, "left_on_left")
    assert queries.manifest(instance_row(instance.id))["orientation"]["left"] == "R"


def test_those_at_the_case_tell_it_and_nobody_else(cast: Cast, consult: Consult, photo: Instance) -> None:
    for who in (cast.doctor, cast.specialist, cast.colleague):
        assert tell(cast, photo, "left_limb", who)["side"]["by"] == who.full_name
    with pytest.raises(NotFound):
        tell(cast, photo, "left_limb", cast.far_doctor)
    with db.write_transaction() as session:
        _, guest = guest_of(session, consult, cast)
    with pytest.raises(NotAllowed), db.write_transaction() as session:
        operations.tell(session, guest, photo.id, "left_limb", clock.now())


def test_the_doors_refuse_what_means_nothing_and_take_it_back(cast: Cast, photo: Instance, client_as: ClientAs) -> None:
    client, address = client_as(cast.doctor), f"/imaging/instances/{photo.id}/side"
    bodies: list[Any] = [None, [], {}, {"side": "up"}, {"side": ["left_limb"]}]
    for body in bodies:
        assert client.put(address, json=body).status_code == 422
    assert client.put(address, json={"side": "left_limb"}).get_json()["side"]["side"] == "left_limb"
    assert client.delete(address).get_json()["side"] is None
    metadata = f"case_id {base64.b64encode(cast.case.id.encode()).decode()},side {base64.b64encode(b'up').decode()}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Upload-Metadata": metadata}
    assert client.post("/imaging/uploads", headers=headers).status_code == 422
