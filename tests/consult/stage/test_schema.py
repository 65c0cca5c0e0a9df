"""What the shared document may hold, and who may write what."""

from __future__ import annotations

import math
from typing import Any

import pytest

from app.errors import Invalid, NotAllowed
from consult.stage.schema import ABSENT, COLOURS, KINDS, MAPS, WRITERS, check_change, check_entry
from tests.consult.stage.drawing import DOCTOR, INSTANCE, PATIENT, SPECIALIST, annotation, key_image, view

KEY = "e" * 32
KEY_IMAGE_KEY = f"{INSTANCE}/1"
ROLES = ("treating_doctor", "specialist", "patient", "attendant", "observer", "interpreter")


def test_whole_numbers_come_back_as_such_however_they_were_sent() -> None:
    checked = check_entry("annotations", KEY, annotation(frame=3.0))
    assert checked["frame"] == 3
    assert type(checked["frame"]) is int
    assert check_entry("views", DOCTOR, view(rotation=270.0))["rotation"] == 270


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", COLOURS)
def test_every_kind_and_colour_is_taken(kind: str, colour: str) -> None:
    check_entry("annotations", KEY, annotation(kind=kind, colour=colour, points=[1.0, 2.0, 3.0, 4.0]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points", [1.0, 2.0, 3.0, math.nan]),
        ("points", [1.0, 2.0, 3.0, math.inf]),
        ("points", [1.0, 2.0, 3.0, 1e5 + 1]),
        ("points", [1.0, 2.0, 3.0, -1e5 - 1]),
        ("points", [1.0, 2.0, 3.0]),
        ("points", [1.0, 2.0]),
        ("points", []),
        ("points", [0.0] * 4002),
        ("points", ["1", 2.0, 3.0, 4.0]),
        ("points", [[1.0, 2.0], [3.0, 4.0]]),
        ("points", None),
        ("kind", "blob"),
        ("colour", "#000000"),
        ("colour", "red"),
        ("text", "x" * 201),
        ("text", 7.0),
        ("frame", 0.0),
        ("frame", 1.5),
        ("frame", math.nan),
        ("frame", True),
        ("frame", "1"),
        ("instance", "not an id"),
        ("instance", INSTANCE.upper().replace("1", "A")),
        ("instance", INSTANCE + "\n"),
        ("sop", "1.2.x"),
        ("sop", "1" * 65),
        ("author", ""),
        ("author_name", "x" * 201),
        ("created_at", math.nan),
        ("created_at", -1.0),
        ("something_else", 1.0),
    ],
)
def test_a_bad_annotation_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        check_entry("annotations", KEY, annotation(**{field: value}))
    assert refused.value.field == field


@pytest.mark.parametrize("field", sorted(annotation()))
def test_an_annotation_lacks_no_field(field: str) -> None:
    lacking = annotation()
    del lacking[field]
    with pytest.raises(Invalid) as refused:
        check_entry("annotations", KEY, lacking)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", ["arrow", "ellipse", "length"])
def test_all_but_lines_have_two_points(kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_entry("annotations", KEY, annotation(kind=kind, points=[1.0] * 6))
    assert refused.value.field == "points"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("zoom", 0.0),
        ("zoom", math.inf),
        ("rotation", 45.0),
        ("flip", 1.0),
        ("window", {"center": 1.0, "width": 0.0}),
        ("center", [1.0]),
        ("center", [1.0, math.nan]),
        ("playing", {"at": 1.0, "frame": 1.0}),
        ("quality", "best"),
        ("width_px", -1.0),
    ],
)
def test_a_bad_view_is_refused_by_the_name_of_its_field(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refused:
        check_entry("views", DOCTOR, view(**{field: value}))
    assert refused.value.field.split(".")[0] == field


@pytest.mark.parametrize("value", [None, 3.0, "text", [], [1.0], True, {}])
@pytest.mark.parametrize("map_name", ["annotations", "views", "key_images"])
def test_an_entry_that_is_no_object_of_its_kind_is_refused(map_name: str, value: Any) -> None:
    key = KEY_IMAGE_KEY if map_name == "key_images" else KEY
    with pytest.raises(Invalid):
        check_entry(map_name, key, value)


@pytest.mark.parametrize(
    ("map_name", "key"),
    [
        ("annotations", "short"),
        ("annotations", KEY + "\n"),
        ("views", "Z" * 32),
        ("key_images", INSTANCE),
        ("key_images", f"{INSTANCE}/0"),
        ("key_images", f"{INSTANCE}/2"),
        ("stage", "layout"),
        ("notes", KEY),
    ],
)
def test_keys_are_of_the_form_that_their_map_has(map_name: str, key: str) -> None:
    values = {"annotations": annotation(), "views": view(), "key_images": key_image(), "stage": DOCTOR}
    with pytest.raises(Invalid):
        check_entry(map_name, key, values.get(map_name))


@pytest.mark.parametrize("value", [3.0, "nobody", {}, [DOCTOR]])
def test_the_presenter_is_a_participant_or_nobody(value: Any) -> None:
    assert check_entry("stage", "presenter", DOCTOR) == DOCTOR
    assert check_entry("stage", "presenter", None) is None
    with pytest.raises(Invalid):
        check_entry("stage", "presenter", value)


def test_every_map_says_who_may_write_it() -> None:
    assert set(WRITERS) == set(MAPS)


def allowed(map_name: str, key: str, before: Any, after: Any, who: str, role: str) -> bool:
    try:
        check_change(map_name, key, before, after, who, role)
    except NotAllowed:
        return False
    return True


OWN, OTHERS = annotation(author=DOCTOR), annotation(author=SPECIALIST)
# map, key, before, after, whether a doctor (DOCTOR) may; nobody else may any of these except the own view
CHANGES = [
    ("annotations", KEY, ABSENT, OWN, True),
    ("annotations", KEY, OWN, annotation(text="changed"), True),
    ("annotations", KEY, OWN, ABSENT, True),
    ("annotations", KEY, ABSENT, OTHERS, False),
    ("annotations", KEY, OTHERS, OWN, False),
    ("annotations", KEY, OTHERS, OTHERS, False),
    ("annotations", KEY, OTHERS, ABSENT, False),
    ("annotations", KEY, OWN, OTHERS, False),
    ("key_images", KEY_IMAGE_KEY, ABSENT, key_image(by=DOCTOR), True),
    ("key_images", KEY_IMAGE_KEY, ABSENT, key_image(by=SPECIALIST), False),
    ("key_images", KEY_IMAGE_KEY, key_image(by=SPECIALIST), key_image(by=DOCTOR), True),
    ("key_images", KEY_IMAGE_KEY, key_image(by=SPECIALIST), ABSENT, True),
    ("stage", "presenter", ABSENT, DOCTOR, True),
    ("stage", "presenter", SPECIALIST, DOCTOR, True),
    ("stage", "presenter", DOCTOR, SPECIALIST, True),
    ("stage", "presenter", DOCTOR, ABSENT, True),
    ("stage", "presenter", DOCTOR, None, True),
    ("stage", "presenter", None, DOCTOR, True),
    ("stage", "presenter", SPECIALIST, None, True),
    ("stage", "presenter", SPECIALIST, PATIENT, True),
    ("stage", "presenter", SPECIALIST, ABSENT, True),
    ("stage", "presenter", ABSENT, SPECIALIST, True),
    ("views", DOCTOR, ABSENT, view(), True),
    ("views", DOCTOR, view(), ABSENT, True),
    ("views", SPECIALIST, ABSENT, view(), False),
    ("views", SPECIALIST, view(), ABSENT, False),
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("map_name", "key", "before", "after", "by_a_doctor"), CHANGES)
def test_who_may_write_what(map_name: str, key: str, before: Any, after: Any, by_a_doctor: bool, role: str) -> None:
    draws = role in ("treating_doctor", "specialist")
    expected = by_a_doctor and (draws or map_name == "views")
    assert allowed(map_name, key, before, after, DOCTOR, role) is expected
