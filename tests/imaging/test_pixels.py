"""Pixels come out right: colours converted once, LUTs applied, windows sane, MONOCHROME1 inverted for show only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from imaging.pixels import open_pixels
from imaging.refusals import Refusal
from imaging.source import Source
from tests.imaging import files

RAMP = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (32, 1))


def opened(data: FileDataset, folder: Path) -> Source:
    return open_pixels(files.save(data, folder / "file.dcm"), folder)


def twelve_bit(**elements: Any) -> FileDataset:
    return files.dicom(RAMP, BitsStored=12, HighBit=11, **elements)


def test_stored_values_are_given_as_they_are(tmp_path: Path) -> None:
    source = opened(twelve_bit(WindowCenter=2048, WindowWidth=4096), tmp_path)
    assert np.array_equal(source.frame(0), RAMP)
    assert source.facts.pixel_range == {"min": 0.0, "max": 4032.0}
    assert source.facts.window == {"center": 2048.0, "width": 4096.0}


def test_monochrome1_is_inverted_for_show_and_not_in_the_stored_values(tmp_path: Path) -> None:
    source = opened(twelve_bit(PhotometricInterpretation="MONOCHROME1"), tmp_path)
    shown = source.to_display(source.frame(0))
    assert shown[0, 0] == 255
    assert shown[0, -1] == 0
    assert np.array_equal(source.frame(0), RAMP)


def test_a_window_is_in_modality_units(tmp_path: Path) -> None:
    data = files.dicom(
        np.array([[0, 1024, 1064, 2048]], np.uint16).repeat(4, 0),
        RescaleSlope=1,
        RescaleIntercept=-1024,
        WindowCenter=40,
        WindowWidth=400,
    )
    source = opened(data, tmp_path)
    assert source.facts.modality_lut == {"slope": 1.0, "intercept": -1024.0}
    assert source.facts.pixel_range == {"min": -1024.0, "max": 1024.0}
    black, grey, middle, white = source.to_display(source.frame(0))[0]
    assert (black, white) == (0, 255)
    assert grey == pytest.approx(102, abs=2)  # 0 HU: 160 above the window's lower end of 400
    assert middle == pytest.approx(128, abs=1)


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"WindowCenter": 100, "WindowWidth": 0},
        {"WindowCenter": 90_000, "WindowWidth": 10},
    ],
)
def test_a_window_that_is_absent_or_shows_nothing_is_replaced_by_the_pixels_own(
    tmp_path: Path, elements: dict[str, Any]
) -> None:
    source = opened(twelve_bit(**elements), tmp_path)
    shown = source.to_display(source.frame(0))
    assert (shown.min(), shown.max()) == (0, 255)


def test_padding_does_not_widen_the_pixels_own_window(tmp_path: Path) -> None:
    pixels = np.full((32, 64), 60_000, np.uint16)
    pixels[:, 40:] = np.arange(1000, 1024)
    source = opened(files.dicom(pixels, PixelPaddingValue=60_000), tmp_path)
    assert source.facts.window is not None
    assert source.facts.window["width"] < 30


def lut(values: list[int], first: int, bits: int, **elements: Any) -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(values), first, bits]
    item.add_new("LUTData", "US", values)
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


def test_a_modality_lut_is_applied_to_the_values(tmp_path: Path) -> None:
    pixels = np.array([[0, 1], [2, 3]], np.uint8)
    table = lut([100, 300, 200, 400], 0, 16, ModalityLUTType="US")
    source = opened(files.dicom(pixels, ModalityLUTSequence=Sequence([table])), tmp_path)
    assert source.frame(0).tolist() == [[100, 300], [200, 400]]
    assert source.facts.modality_lut == {"slope": 1.0, "intercept": 0.0}


def test_a_voi_lut_decides_the_look_and_gives_a_window_near_it(tmp_path: Path) -> None:
    pixels = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    table = lut([max(0, min(255, (value - 100) * 5)) for value in range(256)], 0, 8)
    source = opened(files.dicom(pixels, VOILUTSequence=Sequence([table])), tmp_path)
    shown = source.to_display(source.frame(0))[0]
    assert (shown[99], shown[125], shown[160]) == (0, 125, 255)
    assert source.facts.window is not None
    assert source.facts.window["center"] == pytest.approx(125, abs=3)
    assert source.facts.window["width"] == pytest.approx(50, abs=4)


def test_a_voi_lut_that_lies_about_its_length_is_left_out(tmp_path: Path) -> None:
    pixels = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    table = lut([1, 2, 3], 0, 8)
    table.LUTDescriptor = [0, 0, 16]
    source = opened(files.dicom(pixels, VOILUTSequence=Sequence([table])), tmp_path)
    assert source.to_display(source.frame(0)).max() == 255


def test_a_palette_becomes_colour(tmp_path: Path) -> None:
    data = files.dicom(np.array([[0, 1], [1, 0]], np.uint8), PhotometricInterpretation="PALETTE COLOR")
    for colour, entries in (("Red", [0, 65_535]), ("Green", [0, 0]), ("Blue", [65_535, 0])):
        setattr(data, f"{colour}PaletteColorLookupTableDescriptor", [2, 0, 16])
        setattr(data, f"{colour}PaletteColorLookupTableData", np.array(entries, "<u2").tobytes())
    source = opened(data, tmp_path)
    assert source.facts.photometric == "RGB"
    assert source.frame(0)[0].tolist() == [[0, 0, 255], [255, 0, 0]]


def test_ybr_is_converted_to_rgb_exactly_once(tmp_path: Path) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[:, :, 0] = 220
    source = opened(files.jpeg_clip([red, red]), tmp_path)
    assert source.frame(0).reshape(-1, 3).mean(0) == pytest.approx([220, 0, 0], abs=4)


def test_a_clip_gives_each_frame_at_its_index_and_its_time(tmp_path: Path) -> None:
    source = opened(files.jpeg_clip(files.numbered_frames(5)), tmp_path)
    assert [files.number_of(frame) for frame in source.frames()] == [0, 1, 2, 3, 4]
    assert files.number_of(source.frame(3)) == 3
    assert (source.facts.kind, source.facts.frame_time_ms()) == ("clip", 40.0)


@pytest.mark.parametrize(
    ("elements", "milliseconds"),
    [
        ({"FrameTime": "0"}, None),
        ({"FrameTime": "0", "CineRate": "20"}, 50.0),
        ({"FrameTime": "", "RecommendedDisplayFrameRate": "10"}, 100.0),
        ({"FrameTimeVector": ["0", "30", "50"]}, pytest.approx(43.333, abs=0.01)),
        ({"FrameTime": "-5"}, None),
    ],
)
def test_frame_time_comes_from_whichever_element_says_something_sane(
    tmp_path: Path, elements: dict[str, Any], milliseconds: Any
) -> None:
    source = opened(files.jpeg_clip(files.numbered_frames(3), **elements), tmp_path)
    assert source.facts.frame_time_ms() == milliseconds


def test_a_frame_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    packed = [files.jpeg(frame) for frame in files.numbered_frames(3)]
    table = packed[1].index(b"\xff\xc4")
    packed[1] = packed[1][: table + 4] + b"\xff" * 40 + packed[1][table + 44 :]
    data = files.jpeg_clip(files.numbered_frames(3))
    data.PixelData = encapsulate(packed)
    with pytest.raises(Refusal) as refused:
        opened(data, tmp_path).frame(1)
    assert (refused.value.code, refused.value.values["frame"]) == ("cannot_decode", 2)


def test_text_of_the_header_comes_without_control_characters_and_uids_only_if_they_are_uids(tmp_path: Path) -> None:
    data = twelve_bit(
        StudyDescription="chest\u202e\x07 PA", SpecificCharacterSet="ISO_IR 192", SOPInstanceUID="..", StudyDate="today"
    )
    facts = opened(data, tmp_path).facts
    assert (facts.study_description, facts.sop_instance_uid, facts.study_date) == ("chest PA", "", "")
