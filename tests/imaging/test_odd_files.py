"""Rare and hostile DICOM files: the rare ones give their own pixels, the hostile ones one clear refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imaging.refusals import Refusal
from imaging.source import open_source
from tests.fuzz.mutations import elements
from tests.imaging import files, odd_files
from tests.imaging.odd_files import HOSTILE, SOUND, Odd


def opened(content: bytes, folder: Path) -> Any:
    path = folder / "odd"
    path.write_bytes(content)
    return open_source(path, folder)


def outcome(content: bytes, folder: Path) -> set[str]:
    """The refusal's code; of a file that shows, its cautions, and "" when there are none."""
    try:
        source = opened(content, folder)
        for index in range(source.facts.frames):
            source.frame(index)
    except Refusal as refusal:
        return {refusal.code}
    return set(source.facts.cautions) or {""}


@pytest.mark.parametrize("odd", SOUND, ids=lambda odd: odd.name)
def test_a_rare_file_gives_its_own_pixels(odd: Odd, tmp_path: Path) -> None:
    source = opened(odd.make(), tmp_path)
    assert source.facts.frames == odd.frames
    assert tuple(source.facts.cautions) == odd.cautions
    for index in range(odd.frames):
        stored = source.stored(index)
        if odd.stored is not None:
            assert np.array_equal(stored, odd.stored)
        if odd.near is not None:
            assert np.abs(stored.astype(int) - odd.near).mean() < max(2.0, float(odd.near.max()) / 200)
        shown = source.to_display(source.frame(index), index=index)
        assert shown.dtype == np.uint8
        assert shown.shape[:2] == (source.facts.rows, source.facts.columns)
        if source.facts.photometric != "RGB":
            assert (shown.min(), shown.max()) == (0, 255)


@pytest.mark.parametrize("odd", HOSTILE, ids=lambda odd: odd.name)
def test_a_hostile_file_is_refused_in_one_known_way(odd: Odd, tmp_path: Path) -> None:
    assert set(odd.refused) & outcome(odd.make(), tmp_path)


@pytest.mark.parametrize("kind", ["native", "packed"])
def test_a_file_cut_at_any_boundary_of_its_structure_is_refused(kind: str, tmp_path: Path) -> None:
    data = odd_files.twelve() if kind == "native" else files.jpeg_clip(files.numbered_frames(3))
    whole = odd_files.to_bytes(data)
    last = elements(whole)[-1]
    places = {place for one in elements(whole) for place in (one.start, one.length_at, one.value, one.value + 1)}
    items = [at for at in range(last.value, len(whole) - 12) if whole[at : at + 4] == b"\xfe\xff\x00\xe0"]
    places |= {at + step for at in items for step in (0, 4, 8, 12)} if kind == "packed" else {len(whole) - 2}
    for place in sorted(places):
        with pytest.raises(Refusal) as refused:
            opened(whole[:place], tmp_path)
        assert refused.value.code != "crashed"


WINDOWS: list[dict[str, Any]] = [
    {"WindowCenter": "nan", "WindowWidth": "nan"},
    {"WindowCenter": 100, "WindowWidth": "inf"},
    {"WindowCenter": 100, "WindowWidth": 0},
    {"WindowCenter": 100, "WindowWidth": -5},
    {"WindowCenter": "1e308", "WindowWidth": 1},
    {"WindowCenter": 100},
    {"WindowCenter": ["", "50"], "WindowWidth": ["", "100"]},
    {"RescaleSlope": "nan", "RescaleIntercept": "inf"},
    {"RescaleSlope": 0, "RescaleIntercept": 5},
    {"RescaleSlope": "1e300", "RescaleIntercept": "1e300"},
    {"RescaleSlope": "-1", "RescaleIntercept": 1000},
]


@pytest.mark.parametrize("said", WINDOWS, ids=str)
def test_windows_and_scales_that_cannot_be_meant_still_leave_a_picture_to_see(
    said: dict[str, Any], tmp_path: Path
) -> None:
    source = opened(odd_files.to_bytes(odd_files.twelve(**said)), tmp_path)
    shown = source.to_display(source.frame(0))
    assert (shown.min(), shown.max()) == (0, 255)
    numbers = [*source.facts.window.values(), *source.facts.modality_lut.values(), *source.facts.pixel_range.values()]
    assert all(np.isfinite(numbers))


def test_each_frame_is_drawn_and_measured_by_what_it_says_of_itself(tmp_path: Path) -> None:
    data = odd_files.enhanced(
        PixelSpacing=[[0.5, 0.5], [0.5, 0.5], [0.25, 0.25]],
        ImageOrientationPatient=[[1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]],
        RescaleSlope=[1, 2, 1],
        RescaleIntercept=[0, -1000, 0],
        WindowCenter=[2048, 3096, 2048],
        WindowWidth=[4096, 8192, 4096],
    )
    facts = (source := opened(odd_files.to_bytes(data), tmp_path)).facts
    one, two, three = (facts.per_frame["sets"][number] for number in facts.per_frame["of"])
    assert (one["modality_lut"]["slope"], two["modality_lut"]["slope"]) == (1.0, 2.0)
    assert (two["window"], three["calibration"][0]["mm_per_px_x"]) == ({"center": 3096.0, "width": 8192.0}, 0.25)
    assert (one["orientation"]["right"], three["orientation"]["right"]) == ("L", "P")
    assert (facts.window, facts.calibration, facts.orientation) == (
        one["window"],
        one["calibration"],
        one["orientation"],
    )
    first, second = (source.to_display(source.frame(index), index=index).astype(int) for index in (0, 1))
    assert np.abs(first - second).max() <= 1  # twice the values in twice the window


def test_frames_that_mean_the_same_say_it_once(tmp_path: Path) -> None:
    same = [[0.5, 0.5]] * 3
    facts = opened(odd_files.to_bytes(odd_files.enhanced(PixelSpacing=same)), tmp_path).facts
    assert facts.per_frame is None
    assert facts.calibration[0]["mm_per_px_x"] == 0.5


PALETTES: list[tuple[str, bytes]] = [
    ("sixteen_bits", odd_files.palette(4, 0, 16, (odd_files.words(0, 0x4000, 0x8000, 0xFF00),) * 3)),
    ("eight_bits", odd_files.palette(4, 0, 8, (bytes([0, 0x40, 0x80, 0xFF]),) * 3)),
    ("eight_bits_in_words", odd_files.palette(4, 0, 8, (odd_files.words(0, 0x40, 0x80, 0xFF),) * 3)),
    ("eight_bits_in_high_bytes", odd_files.palette(4, 0, 8, (odd_files.words(0, 0x4000, 0x8000, 0xFF00),) * 3)),
    ("says_sixteen_holds_eight", odd_files.palette(4, 0, 16, (odd_files.words(0, 0x40, 0x80, 0xFF),) * 3)),
    (
        "segmented",
        odd_files.palette(4, 0, 16, (odd_files.words(0, 1, 0, 1, 2, 0x8000, 0, 1, 0xFF00),) * 3, Modality="SG"),
    ),
    (
        "segmented_with_a_copy",
        odd_files.palette(4, 0, 16, (odd_files.words(0, 3, 0, 0x4000, 0x8000, 0, 1, 0xFF00),) * 3, Modality="SG"),
    ),
]


@pytest.mark.parametrize(("name", "content"), PALETTES, ids=[name for name, _ in PALETTES])
def test_a_palette_is_read_whichever_way_it_was_written(name: str, content: bytes, tmp_path: Path) -> None:
    shown = opened(content, tmp_path).frame(0)
    assert shown[:, :, 0].ravel().tolist() == [0, 0x40, 0x80, 0xFF]
    assert np.array_equal(shown[:, :, 0], shown[:, :, 2])


def test_a_palette_that_begins_later_gives_its_ends_to_what_lies_outside(tmp_path: Path) -> None:
    content = odd_files.palette(2, 1, 8, (bytes([10, 200]),) * 3)
    assert opened(content, tmp_path).frame(0)[:, :, 1].ravel().tolist() == [10, 10, 200, 200]
