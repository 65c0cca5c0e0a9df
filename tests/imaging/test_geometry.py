"""Millimetres only where the file calibrates them."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging import geometry


def calibrated(modality: str, **elements: Any) -> list[dict[str, Any]]:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return geometry.calibration(data, modality=modality, rows=100, columns=200)


def region(**changes: Any) -> Dataset:
    data = Dataset()
    values: dict[str, Any] = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionLocationMinX0": 10,
        "RegionLocationMinY0": 20,
        "RegionLocationMaxX1": 109,
        "RegionLocationMaxY1": 79,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.05,
        "PhysicalDeltaY": 0.025,
    }
    for keyword, value in {**values, **changes}.items():
        setattr(data, keyword, value)
    return data


def test_a_ct_slice_is_in_millimetres_and_rows_come_first() -> None:
    [area] = calibrated("CT", PixelSpacing=[0.5, 0.7])
    assert (area["mm_per_px_x"], area["mm_per_px_y"], area["label"]) == (0.7, 0.5, "mm")
    assert (area["x0"], area["y0"], area["x1"], area["y1"]) == (0, 0, 200, 100)


@pytest.mark.parametrize("modality", ["CR", "DX", "MG", "XA"])
def test_a_projection_measured_at_the_detector_says_so(modality: str) -> None:
    for elements in (
        {"ImagerPixelSpacing": [0.2, 0.2]},
        {"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.2, 0.2]},
        {"PixelSpacing": [0.2, 0.2]},
    ):
        assert [area["label"] for area in calibrated(modality, **elements)] == ["mm at detector"]


def test_a_projection_whose_spacing_was_corrected_uses_that_and_never_mixes_them() -> None:
    [area] = calibrated("DX", ImagerPixelSpacing=[0.2, 0.2], PixelSpacing=[0.17, 0.17])
    assert (area["label"], area["mm_per_px_x"]) == ("mm", 0.17)


@pytest.mark.parametrize("spacing", [[0, 0], [-0.1, 0.1], [0.1], [0.1, 0], None, [1e9, 1e9]])
def test_a_spacing_that_cannot_be_true_is_no_calibration(spacing: Any) -> None:
    assert calibrated("CR", PixelSpacing=spacing) == []
    assert calibrated("CT", PixelSpacing=spacing) == []


def test_a_spacing_of_words_is_no_calibration() -> None:
    data = Dataset()
    data.add_new("PixelSpacing", "LO", ["wide", "tall"])
    assert geometry.calibration(data, modality="CT", rows=10, columns=10) == []


def test_an_ultrasound_region_has_its_own_box_and_two_scales() -> None:
    [area] = calibrated("US", SequenceOfUltrasoundRegions=Sequence([region()]))
    assert (area["x0"], area["y0"], area["x1"], area["y1"]) == (10, 20, 110, 80)
    assert (area["mm_per_px_x"], area["mm_per_px_y"], area["label"]) == (0.5, 0.25, "mm")


@pytest.mark.parametrize(
    "changes",
    [
        {"PhysicalDeltaX": 0.0},
        {"PhysicalDeltaX": -0.05},
        {"PhysicalUnitsXDirection": 4},  # seconds
        {"RegionSpatialFormat": 2},  # M-mode
        {"RegionDataType": 3},  # spectral Doppler
        {"RegionLocationMaxX1": 5000},
        {"RegionLocationMaxX1": 10},
    ],
)
def test_a_region_that_is_no_tissue_in_centimetres_measures_nothing(changes: dict[str, Any]) -> None:
    assert calibrated("US", SequenceOfUltrasoundRegions=Sequence([region(**changes)])) == []


def test_regions_that_are_present_but_unusable_are_not_replaced_by_a_pixel_spacing() -> None:
    unusable = Sequence([region(PhysicalDeltaX=0.0)])
    assert calibrated("US", SequenceOfUltrasoundRegions=unusable, PixelSpacing=[0.1, 0.1]) == []


def test_only_the_tissue_region_of_a_mixed_picture_measures() -> None:
    regions = Sequence([region(), region(RegionSpatialFormat=2, PhysicalUnitsXDirection=4)])
    assert len(calibrated("US", SequenceOfUltrasoundRegions=regions)) == 1


@pytest.mark.parametrize(
    ("element", "letters"),
    [
        ({"PatientOrientation": ["L", "F"]}, ("R", "L", "H", "F")),
        ({"PatientOrientation": ["A", "FR"]}, ("P", "A", "HL", "FR")),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}, ("R", "L", "A", "P")),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, ("A", "P", "H", "F")),
        ({"PatientOrientation": ["L"]}, ("", "", "", "")),
        ({"PatientOrientation": ["<b>", "F"]}, ("", "", "", "")),
        ({}, ("", "", "", "")),
    ],
)
def test_edges_are_lettered_from_the_patients_own_directions(
    element: dict[str, Any], letters: tuple[str, str, str, str]
) -> None:
    data = Dataset()
    for keyword, value in element.items():
        setattr(data, keyword, value)
    found = geometry.orientation(data)
    assert (found["left"], found["right"], found["top"], found["bottom"]) == letters
