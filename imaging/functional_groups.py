"""Enhanced multi-frame objects: what holds for one frame, from its own groups, the shared ones, or the header."""

from __future__ import annotations

from pydicom.dataset import Dataset

from imaging import dicom_values as values

# Functional group macros that say what a frame's pixels and places mean (PS3.3 C.7.6.16.2).
_MACROS = (
    "PixelMeasuresSequence",
    "PlaneOrientationSequence",
    "PatientOrientationInFrameSequence",
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
)
_MEANT = (
    "PatientOrientation", "ImageOrientationPatient", "SequenceOfUltrasoundRegions", "ImagerPixelSpacing",
    "PixelSpacing", "PixelSpacingCalibrationType", "EstimatedRadiographicMagnificationFactor", "WindowCenter",
    "WindowWidth", "VOILUTFunction", "VOILUTSequence", "RescaleIntercept", "RescaleSlope", "PixelRepresentation",
)  # fmt: skip


class FrameHeaders:
    """One header a frame, as if each were a file of its own."""

    def __init__(self, header: Dataset) -> None:
        self._header = header
        shared = values.items(header, "SharedFunctionalGroupsSequence")
        self._base = _merged(header, shared[:1])
        self._own = values.items(header, "PerFrameFunctionalGroupsSequence")

    @property
    def differ(self) -> bool:
        """Whether any frame says something of its own."""
        return bool(self._own)

    def of(self, index: int) -> Dataset:
        """The header of the frame with this frame_index."""
        return _merged(self._base, self._own[index : index + 1]) if index < len(self._own) else self._base


def _merged(base: Dataset, groups: list[Dataset]) -> Dataset:
    out = Dataset()
    for keyword in _MEANT:
        _copy(base, keyword, out)
    for group in groups:
        _copy(group, "SequenceOfUltrasoundRegions", out)
        for macro in _MACROS:
            for item in values.items(group, macro)[:1]:
                for keyword in _MEANT:
                    _copy(item, keyword, out)
    return out


def _copy(source: Dataset, keyword: str, target: Dataset) -> None:
    if values.raw(source, keyword) is not None:
        target[keyword] = source[keyword]
