"""Key images on paper: frozen from the stage, turned as they were looked at, measured only where calibrated."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from consult.reports import drawing, key_images, pictures, wording
from consult.reports.drawing import Turn
from consult.reports.key_images import PictureFacts
from tests.consult.reports import written

FACTS = PictureFacts(
    description="Chest PA",
    modality="DX",
    study_date="",
    sha256="a" * 64,
    rows=300,
    columns=400,
    frames=1,
    calibration=[],
)


def stage() -> dict[str, Any]:
    def annotation(instance: str, frame: int, at: float) -> dict[str, Any]:
        place = {"kind": "line", "instance": instance, "sop": "1.2", "frame": frame, "points": [1, 2, 3, 4], "text": ""}
        return {**place, "colour": "#ffd400", "author": "f" * 32, "author_name": "S", "created_at": at}

    def marked(instance: str, frame: int, at: float) -> dict[str, Any]:
        return {
            "instance": instance,
            "sop": "1.2",
            "frame": frame,
            "by": "f" * 32,
            "by_name": "S",
            "at": at,
            "view": {},
        }

    return {
        "annotations": {
            "2": annotation("one", 1, 20),
            "1": annotation("one", 1, 10),
            "3": annotation("one", 2, 5),
            "4": annotation("elsewhere", 1, 5),
        },
        "key_images": {"b": marked("two", 1, 30), "a": marked("one", 1, 40), "c": marked("foreign", 1, 1)},
    }


def test_key_images_are_frozen_with_the_drawings_of_their_own_frame_in_the_order_of_marking() -> None:
    frozen = key_images.frozen(stage(), lambda instance: None if instance == "foreign" else FACTS)
    assert [one["instance"] for one in frozen] == ["two", "one"]
    assert [drawn["created_at"] for drawn in frozen[1]["annotations"]] == [10, 20]
    assert frozen[1]["description"] == "Chest PA"


def test_the_outcome_adds_only_images_that_the_opinion_does_not_show() -> None:
    same, more = written.key_image(), written.key_image(frame=4)
    assert key_images.added_since([same], [same, more]) == [more]


MM = {"x0": 0, "y0": 0, "x1": 200, "y1": 200, "mm_per_px_x": 0.5, "mm_per_px_y": 2.0, "label": "mm"}


@pytest.mark.parametrize(
    ("points", "calibration", "words"),
    [
        ([0, 0, 100, 0], [MM], "50.0 mm"),
        ([0, 0, 0, 100], [MM], "20.0 cm"),
        ([0, 0, 100, 0], [{**MM, "label": "mm at detector"}], "50.0 mm at detector"),
        ([0, 0, 300, 0], [MM], "300 px (uncalibrated)"),  # one end lies outside the calibrated area
        ([0, 0, 3, 4], [], "5.0 px (uncalibrated)"),
    ],
)
def test_lengths_are_millimetres_only_where_one_area_covers_both_ends(
    points: list[float], calibration: list[dict[str, Any]], words: str
) -> None:
    assert wording.length(*key_images.length(points, calibration)) == words


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_drawing_stays_on_its_pixel_however_the_image_is_turned(rotation: int, flip: bool) -> None:
    image = written.key_image(view={"rotation": rotation, "flip": flip, "invert": False, "window": None})
    picture = Image.new("L", (400, 300))
    picture.paste(255, (296, 56, 304, 64))  # a mark around image point (300, 60)
    out = io.BytesIO()
    picture.save(out, "PNG")
    printed = pictures.for_print(image, lambda _image: out.getvalue())
    assert printed is not None
    turn = Turn(400, 300, rotation, flip)
    with Image.open(io.BytesIO(printed)) as lying:
        assert lying.size == turn.size
        x, y = turn(300, 60)
        assert lying.convert("L").tobytes()[int(y) * lying.width + int(x)] > 200


@pytest.mark.parametrize("kind", ["arrow", "line", "ellipse", "length"])
def test_every_kind_of_annotation_is_drawn_even_as_a_single_point(kind: str) -> None:
    annotation = {"kind": kind, "points": [10.0, 10.0, 10.0, 10.0], "colour": "#ffd400"}
    shapes = drawing.shapes(annotation, Turn(400, 300), "words")
    assert {one["shape"] for one in shapes} >= {"text"}
    assert all(one["colour"] == "#ffd400" for one in shapes)
