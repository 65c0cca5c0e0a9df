"""Advice on how a picture was taken: sound counts, plain words, never a block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging import ingest, queries
from imaging.quality import advise, deviation_index
from imaging.quality_measures import ClipWatch, measure_still
from imaging.quality_words import SENTENCES, sentences
from imaging.rendering import make_renditions
from tests.imaging import files
from tests.imaging.conftest import instance_row

GOOD = {"levels": 1800, "low": 0.0, "high": 0.01, "dark": False}


def facts(**said: Any) -> dict[str, Any]:
    told = {"media": "dicom", "kind": "still", "modality": "DX", "rows": 2000, "columns": 1800, "frames": 1, **said}
    return {**told, "quality": {**GOOD, **said.get("quality", {})}}


def codes(**said: Any) -> list[str]:
    return [code for code, _ in advise(facts(**said))]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"quality": {"levels": 256}}, ["copy"]),
        ({"quality": {"levels": 257}}, []),
        ({"quality": {"levels": 30}}, ["few_levels"]),
        ({"quality": {"high": 0.16}}, ["clipped"]),
        ({"quality": {"low": 0.16}}, ["clipped"]),
        ({"quality": {"low": 0.9, "levels": 200}, "modality": "US"}, []),
        ({"rows": 640, "columns": 480}, ["small"]),
        ({"rows": 512, "columns": 512, "modality": "CT"}, []),
        ({"rows": 600, "columns": 800, "modality": "US"}, []),
        ({"quality": {"dark": True}}, ["black_picture"]),
        ({"acquisition": {"deviation_index": -3.2}}, ["under_exposed"]),
        ({"acquisition": {"deviation_index": 2.9}}, []),
        ({"acquisition": {"exposure_index": 1000, "target_exposure_index": 400}}, ["over_exposed"]),
        ({"acquisition": {"exposure_index": 0, "target_exposure_index": 400}}, []),
        ({"media": "jpeg", "modality": "", "quality": {"grey": True, "levels": 250}}, ["copy"]),
        ({"media": "jpeg", "modality": "", "quality": {"grey": False, "levels": 250}}, []),
        ({"kind": "clip", "modality": "US", "frames": 60, "quality": {"frozen": True}}, ["frozen_clip"]),
        ({"kind": "clip", "modality": "US", "frames": 60, "quality": {"dark": True, "frozen": True}}, ["black_clip"]),
    ],
)
def test_each_fault_has_its_advice_and_a_good_picture_has_none(said: dict[str, Any], expected: list[str]) -> None:
    assert codes(**said) == expected


def test_a_picture_that_is_not_rendered_yet_is_not_judged() -> None:
    assert advise({**facts(), "quality": {}}) == []


def test_every_advice_has_a_sentence_whose_values_it_gives(app: object) -> None:
    worst = facts(rows=100, columns=90, quality={"levels": 3, "high": 0.5}, acquisition={"deviation_index": -9.0})
    told = sentences(worst)
    assert [one["code"] for one in told] == ["under_exposed", "clipped", "few_levels", "small"]
    assert not [one for one in told if "%(" in one["text"] or "%%" in one["text"]]
    assert {one["code"] for one in told} <= SENTENCES.keys()


def test_the_deviation_index_is_reckoned_where_only_index_and_target_are_told() -> None:
    assert deviation_index({"exposure_index": 800, "target_exposure_index": 400}) == pytest.approx(3.01, abs=0.01)
    assert deviation_index({}) is None


def test_levels_and_clipping_are_counted_in_what_was_stored() -> None:
    frame = np.full((100, 100), 1000, np.uint16)
    frame[40:60, 20:80] = 4095
    frame[0, :50] = np.arange(50)
    found = measure_still(frame, (frame >> 4).astype(np.uint8))
    assert (found["levels"], found["high"], found["low"], found["dark"]) == (
        52,
        pytest.approx(1 / 3, abs=0.01),
        0,
        False,
    )


def test_collimated_borders_are_no_clipping() -> None:
    frame = np.zeros((100, 100), np.int16)
    frame[15:85, 15:85] = np.random.default_rng(1).integers(1, 1000, (70, 70))
    assert measure_still(frame, np.full((100, 100), 90, np.uint8))["low"] == 0


def test_a_grey_photograph_is_told_from_a_coloured_one() -> None:
    grey = np.repeat(np.random.default_rng(2).integers(0, 256, (80, 80, 1), np.uint8), 3, axis=2)
    assert measure_still(grey, grey)["grey"]
    coloured = grey.copy()
    coloured[..., 0] //= 2
    assert not measure_still(coloured, coloured)["grey"]


def test_a_frozen_clip_and_a_black_one_are_told_from_a_moving_one() -> None:
    moving, frozen, black = ClipWatch(), ClipWatch(), ClipWatch()
    for frame in files.numbered_frames(5):
        moving.look(frame)
        frozen.look(files.numbered_frames(1)[0])
        black.look(np.zeros_like(frame))
    assert moving.as_facts() == {"frozen": False, "dark": False}
    assert frozen.as_facts() == {"frozen": True, "dark": False}
    assert black.as_facts() == {"frozen": True, "dark": True}


def test_an_8_bit_copy_of_a_radiograph_says_so_in_its_manifest_and_is_shown(
    no_children: None, send: Callable[..., str], tmp_path: Path
) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (800, 900), dtype=np.uint8)
    made = files.dicom(pixels, Modality="DX", DeviationIndex="-4.5", SOPClassUID="1.2.840.10008.5.1.4.1.1.7")
    instance_id = ingest.ingest(send(files.save(made, tmp_path / "copy.dcm").read_bytes(), "copy.dcm"))
    assert instance_id is not None
    make_renditions(instance_id)
    manifest = queries.manifest(instance_row(instance_id))
    assert [one["code"] for one in manifest["advice"]] == ["under_exposed", "copy"]
    assert "preview" in manifest["renditions"]


def test_a_frozen_clip_says_so_in_its_manifest(no_children: None, send: Callable[..., str], tmp_path: Path) -> None:
    still = files.numbered_frames(1, rows=240, columns=320)[0]
    clip = files.save(files.jpeg_clip([still] * 6), tmp_path / "clip.dcm")
    instance_id = ingest.ingest(send(clip.read_bytes(), "clip.dcm"))
    assert instance_id is not None
    make_renditions(instance_id)
    manifest = queries.manifest(instance_row(instance_id))
    assert [one["code"] for one in manifest["advice"]] == ["frozen_clip"]
    assert "6 frames" in manifest["advice"][0]["text"]
