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


def traced(**changes: Any) -> Dataset:
    """A spectral Doppler region under the tissue: time along, speed upwards."""
    values: dict[str, Any] = {
        "RegionSpatialFormat": 3,
        "RegionDataType": 3,
        "RegionLocationMinY0": 80,
        "RegionLocationMaxY1": 99,
        "PhysicalUnitsXDirection": 4,
        "PhysicalUnitsYDirection": 7,
        "PhysicalDeltaX": 0.004,
        "PhysicalDeltaY": -0.5,
    }
    return region(**{**values, **changes})


def test_a_doppler_trace_measures_time_and_speed_and_its_speeds_grow_upwards() -> None:
    tissue, doppler = calibrated("US", SequenceOfUltrasoundRegions=Sequence([region(), traced()]))[::-1]
    assert (tissue["unit_x"], tissue["unit_y"]) == ("mm", "mm")
    assert (doppler["unit_x"], doppler["unit_y"], doppler["label"]) == ("s", "cm/s", "")
    assert (doppler["per_px_x"], doppler["per_px_y"]) == (0.004, 0.5)
    assert "mm_per_px_x" not in doppler


@pytest.mark.parametrize(
    ("said", "zero", "up"),
    [
        ({"ReferencePixelY0": 20}, 20.5, True),
        ({"ReferencePixelY0": 20, "ReferencePixelPhysicalValueY": 0.0, "PhysicalDeltaY": 0.8}, 20.5, False),
        ({"ReferencePixelY0": 0, "ReferencePixelPhysicalValueY": 8.0, "PhysicalDeltaY": -0.8}, 10.5, True),
        ({"ReferencePixelY0": -3}, -2.5, True),
    ],
)
def test_speeds_are_measured_from_the_baseline_that_the_file_names(said: dict[str, Any], zero: float, up: bool) -> None:
    [area] = calibrated("US", SequenceOfUltrasoundRegions=Sequence([traced(**said)]))
    assert (area["zero_y"] - area["y0"], area["up"]) == (pytest.approx(zero), up)


@pytest.mark.parametrize("said", [{}, {"ReferencePixelY0": 100_000}])
def test_without_a_baseline_that_can_be_true_only_differences_of_speed_are_given(said: dict[str, Any]) -> None:
    [area] = calibrated("US", SequenceOfUltrasoundRegions=Sequence([traced(**said)]))
    assert "zero_y" not in area


def test_an_m_mode_trace_measures_time_along_and_depth_down() -> None:
    m_mode = region(RegionSpatialFormat=2, PhysicalUnitsXDirection=4, PhysicalDeltaX=0.005)
    [area] = calibrated("US", SequenceOfUltrasoundRegions=Sequence([m_mode]))
    assert (area["unit_x"], area["per_px_x"], area["unit_y"], area["per_px_y"]) == ("s", 0.005, "mm", 0.25)


@pytest.mark.parametrize(
    "changes",
    [{"PhysicalDeltaX": -0.004}, {"PhysicalUnitsXDirection": 3}, {"PhysicalDeltaX": 0}, {"PhysicalDeltaX": 99}],
)
def test_a_trace_whose_time_cannot_be_true_has_none(changes: dict[str, Any]) -> None:
    [area] = calibrated("US", SequenceOfUltrasoundRegions=Sequence([traced(**changes)]))
    assert (area["unit_x"], area["unit_y"]) == ("", "cm/s")


def test_speeds_in_other_units_than_centimetres_a_second_are_not_given() -> None:
    in_hertz = traced(PhysicalUnitsYDirection=5, PhysicalUnitsXDirection=0)
    assert calibrated("US", SequenceOfUltrasoundRegions=Sequence([in_hertz])) == []


def test_a_region_that_lies_over_another_is_the_one_that_counts() -> None:
    inset = traced(RegionLocationMinX0=20, RegionLocationMinY0=30, RegionLocationMaxX1=60, RegionLocationMaxY1=50)
    for regions in ([region(), inset], [inset, region()]):
        areas = calibrated("US", SequenceOfUltrasoundRegions=Sequence(regions))
        assert [area["unit_y"] for area in areas] == ["cm/s", "mm"]
    chosen = calibrated("US", SequenceOfUltrasoundRegions=Sequence([region(RegionFlags=1), inset]))
    assert [area["unit_y"] for area in chosen] == ["mm", "cm/s"]


def test_a_strip_without_units_over_tissue_lets_nothing_be_measured_through_it() -> None:
    strip = traced(RegionDataType=10, RegionLocationMinY0=60, RegionLocationMaxY1=75)  # an ECG
    areas = calibrated("US", SequenceOfUltrasoundRegions=Sequence([region(), strip]))
    assert [(area["unit_x"], area["unit_y"]) for area in areas] == [("", ""), ("mm", "mm")]


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({}, "unsaid"),
        ({"PixelSpacing": [0, 0]}, "impossible"),
        ({"SequenceOfUltrasoundRegions": [region(PhysicalDeltaX=-0.1)]}, "impossible"),
        ({"SequenceOfUltrasoundRegions": [region(RegionLocationMaxX1=5000)]}, "outside"),
        ({"SequenceOfUltrasoundRegions": [traced()]}, "no_length"),
        ({"SequenceOfUltrasoundRegions": [region(), traced()]}, None),
        ({"PixelSpacing": [0.5, 0.5]}, None),
    ],
)
def test_why_nothing_can_be_measured_is_said(elements: dict[str, Any], reason: str | None) -> None:
    data = Dataset()
    for keyword, value in elements.items():
        setattr(data, keyword, Sequence(value) if keyword.startswith("Sequence") else value)
    areas = geometry.calibration(data, modality="CT", rows=100, columns=200)
    assert geometry.why_uncalibrated(data, areas, rows=100, columns=200) == reason


def test_a_magnification_that_the_device_wrote_makes_an_estimate_and_is_called_one() -> None:
    spacing = {"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 1.25}
    [area] = calibrated("DX", **spacing)
    assert (area["mm_per_px_x"], area["label"]) == (pytest.approx(0.16), "mm estimated")
    for absurd in (0, -1, 1, 400):
        [area] = calibrated("DX", **{**spacing, "EstimatedRadiographicMagnificationFactor": absurd})
        assert (area["mm_per_px_x"], area["label"]) == (0.2, "mm at detector")


def test_a_spacing_that_was_calibrated_is_believed_without_a_detector() -> None:
    [area] = calibrated("CR", PixelSpacing=[0.2, 0.2], PixelSpacingCalibrationType="FIDUCIAL")
    assert area["label"] == "mm"


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
