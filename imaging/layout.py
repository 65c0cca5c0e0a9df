"""How the pixels lie in a DICOM file, as the header describes it: every value present, sane and within the limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging import encapsulation, limits, native
from imaging.encapsulation import PixelElement
from imaging.refusals import Refusal

_MONO = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
_COLOUR = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"}
SUBSAMPLED = {"YBR_FULL_422", "YBR_PARTIAL_422"}


@dataclass(frozen=True, slots=True)
class Layout:
    """The Image Pixel module (PS3.3 C.7.6.3): sizes in pixels, bits per sample."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar: bool
    little: bool
    is_float: bool
    transfer_syntax: str

    def as_options(self) -> dict[str, Any]:
        """One frame of it as pydicom's decoders are told."""
        return {
            "rows": self.rows,
            "columns": self.columns,
            "number_of_frames": 1,
            "samples_per_pixel": self.samples,
            "photometric_interpretation": self.photometric,
            "bits_allocated": self.bits_allocated,
            "bits_stored": self.bits_stored,
            "pixel_representation": int(self.signed),
            "planar_configuration": int(self.planar),
            "pixel_keyword": "PixelData",
        }


def read_layout(header: Dataset, syntax: str, element: PixelElement, *, little: bool) -> Layout:
    """Raises Refusal: missing_value, wrong_value, too_large, too_many_frames, unsupported_pixels."""
    rows, columns = _required(header, "Rows"), _required(header, "Columns")
    frames = _frames(header)
    _require_budget(rows, columns, frames)
    samples, photometric = _samples(header)
    is_float = element.tag != encapsulation.PIXEL_DATA
    allocated = _required(header, "BitsAllocated")
    if allocated not in (native.FLOATS if is_float else native.BITS) or (is_float and samples == 3):
        raise Refusal("unsupported_pixels", kind=f"{allocated} bit")
    stored = allocated if is_float else _required(header, "BitsStored")
    if not 0 < stored <= allocated:
        raise Refusal("wrong_value", name="Bits Stored")
    representation = values.whole(header, "PixelRepresentation")
    if representation not in {0, 1} and not is_float:
        raise Refusal("missing_value", name="Pixel Representation")
    high_bit = values.whole(header, "HighBit")
    return Layout(
        rows=rows,
        columns=columns,
        frames=frames,
        samples=samples,
        photometric=photometric,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=high_bit if high_bit is not None and stored - 1 <= high_bit < allocated else stored - 1,
        signed=representation == 1,
        planar=values.whole(header, "PlanarConfiguration") == 1,  # absent in some JPEG files, whose codec decides it
        little=little,
        is_float=is_float,
        transfer_syntax=syntax,
    )


def _frames(header: Dataset) -> int:
    """Absent, empty and 0 are all met in single frames; what is there and no number is not believed to be one."""
    found = values.whole(header, "NumberOfFrames")
    if found is None and values.unreadable(header, "NumberOfFrames"):
        raise Refusal("wrong_value", name="Number of Frames")
    return found or 1


def _samples(header: Dataset) -> tuple[int, str]:
    samples = _required(header, "SamplesPerPixel")
    photometric = values.text(header, "PhotometricInterpretation").upper()
    if not photometric:
        raise Refusal("missing_value", name="Photometric Interpretation")
    if photometric not in _MONO | _COLOUR:
        raise Refusal("unsupported_pixels", kind="Photometric Interpretation")
    if samples != (1 if photometric in _MONO else 3):
        raise Refusal("wrong_value", name="Samples per Pixel")
    return samples, photometric


def _required(header: Dataset, keyword: str) -> int:
    number = values.whole(header, keyword)
    name = pydicom.datadict.dictionary_description(keyword)
    if number is None:
        raise Refusal("wrong_value" if values.unreadable(header, keyword) else "missing_value", name=name)
    if number <= 0:
        raise Refusal("wrong_value", name=name)
    return number


def _require_budget(rows: int, columns: int, frames: int) -> None:
    if rows * columns > limits.MAX_FRAME_PIXELS:
        raise Refusal("too_large", size=f"{columns} x {rows}")
    if frames < 0:
        raise Refusal("wrong_value", name="Number of Frames")
    if frames > limits.MAX_FRAMES or rows * columns * frames > limits.MAX_TOTAL_PIXELS:
        raise Refusal("too_many_frames", frames=frames)


def with_true_chroma(layout: Layout, length: int) -> Layout:
    """Native colour that says it shares chroma but is long enough to hold it for every pixel does hold it."""
    if layout.photometric not in SUBSAMPLED or length * 8 < native.frame_bits(layout) * layout.frames:
        return layout
    return replace(layout, photometric="YBR_FULL" if layout.photometric == "YBR_FULL_422" else "YBR_PARTIAL_420")
