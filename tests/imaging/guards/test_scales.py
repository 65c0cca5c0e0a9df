"""A ruler in a photo: estimated millimetres, by a named person, never over what a file says itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from app import clock, db
from app.auth.models import User
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from consult.models import Consult
from imaging import ingest, queries
from imaging.guards.scales import operations
from imaging.models import Instance
from imaging.rendering import make_renditions
from tests.cast import Cast, guest_of
from tests.imaging import files
from tests.imaging.conftest import instance_row
from tests.imaging.guards.conftest import Take

ClientAs = Callable[[User | None], FlaskClient]


@pytest.fixture
def photo(consult: Consult, no_children: None, send: Callable[..., str]) -> Instance:
    pixels = np.random.default_rng(3).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    instance_id = ingest.ingest(send(files.png(pixels), "film.png"))
    assert instance_id is not None
    make_renditions(instance_id)
    return instance_row(instance_id)


def calibrate(cast: Cast, instance: Instance, points: list[Any], length: Any, who: User | None = None) -> None:
    with db.write_transaction() as session:
        actor = (who or cast.specialist).actor()
        operations.calibrate(session, actor, instance.id, points, length, clock.now())


def manifest(instance: Instance) -> dict[str, Any]:
    return queries.manifest(instance_row(instance.id))


def test_a_ruler_gives_the_whole_picture_estimated_millimetres_and_says_who_measured(
    cast: Cast, photo: Instance
) -> None:
    assert (manifest(photo)["calibration"], manifest(photo)["scale"]) == ([], None)
    calibrate(cast, photo, [10, 10, 210, 10], 50)
    found = manifest(photo)
    [area] = found["calibration"]
    assert (area["per_px_x"], area["per_px_y"], area["label"]) == (0.25, 0.25, "mm estimated")
    assert (area["x1"], area["y1"], found["uncalibrated"]) == (400, 300, None)
    assert (found["scale"]["by"], found["scale"]["length_mm"]) == (cast.specialist.full_name, 50)


def test_a_second_ruler_replaces_the_first_and_any_ruler_can_be_taken_away(cast: Cast, photo: Instance) -> None:
    calibrate(cast, photo, [0, 0, 100, 0], 100)
    calibrate(cast, photo, [0, 0, 100, 0], 50, cast.doctor)
    assert manifest(photo)["calibration"][0]["per_px_x"] == 0.5
    with db.write_transaction() as session:
        operations.remove(session, cast.specialist.actor(), photo.id)
    assert (manifest(photo)["calibration"], manifest(photo)["scale"]) == ([], None)


def test_a_picture_whose_file_says_its_millimetres_takes_no_ruler(cast: Cast, take: Take) -> None:
    instance = take(Modality="CT", PixelSpacing=[0.5, 0.5])
    before = manifest(instance)["calibration"]
    assert before[0]["label"] == "mm"
    with pytest.raises(Conflict):
        calibrate(cast, instance, [0, 0, 40, 0], 50)
    assert manifest(instance)["calibration"] == before


@pytest.mark.parametrize(
    ("points", "length", "field"),
    [
        ([0, 0, 100], 50, "points"),
        ([0, 0, 100, "x"], 50, "points"),
        ([0, 0, 100, float("nan")], 50, "points"),
        ([0, 0, 401, 0], 50, "points"),
        ([0, -1, 100, 0], 50, "points"),
        ([0, 0, 19, 0], 50, "points"),
        ([0, 0, 100, 0], 0.5, "length_mm"),
        ([0, 0, 100, 0], 2001, "length_mm"),
        ([0, 0, 100, 0], True, "length_mm"),
        ([0, 0, 100, 0], None, "length_mm"),
        ([0, 0, 100, 0], float("nan"), "length_mm"),
    ],
)
def test_a_ruler_that_cannot_be_is_refused_and_names_what_is_wrong(
    points: list[Any], length: Any, field: str, cast: Cast, photo: Instance
) -> None:
    with pytest.raises(Invalid) as refused:
        calibrate(cast, photo, points, length)
    assert refused.value.field == field
    assert manifest(photo)["scale"] is None


def test_only_the_two_doctors_of_the_consult_measure(cast: Cast, consult: Consult, photo: Instance) -> None:
    with pytest.raises(NotAllowed):
        calibrate(cast, photo, [0, 0, 100, 0], 50, cast.colleague)
    with pytest.raises(NotFound):
        calibrate(cast, photo, [0, 0, 100, 0], 50, cast.far_doctor)
    with db.write_transaction() as session:
        _, guest = guest_of(session, consult, cast)
    with pytest.raises(NotAllowed), db.write_transaction() as session:
        operations.calibrate(session, guest, photo.id, [0, 0, 100, 0], 50, clock.now())


def test_the_door_answers_with_the_manifest_and_refuses_what_means_nothing(
    cast: Cast, photo: Instance, client_as: ClientAs
) -> None:
    client, address = client_as(cast.doctor), f"/imaging/instances/{photo.id}/scale"
    found = client.put(address, json={"points": [0, 0, 100, 0], "length_mm": 100}).get_json()
    assert found["calibration"][0]["label"] == "mm estimated"
    bodies: list[Any] = [None, [], {}, {"points": "x", "length_mm": {}}]
    for body in bodies:
        assert client.put(address, json=body).status_code == 422
    assert client.delete(address).get_json()["scale"] is None
