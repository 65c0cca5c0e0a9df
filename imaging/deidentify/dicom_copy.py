"""A DICOM file written anew without the patient: cleaned header, masked pixels, nothing else of the original's bytes.

Stills are written as Explicit VR Little Endian; clips as lossless JPEG-LS, because a masked clip of native pixels is
ten times what a thin link can fetch. What was lossy before stays declared so (0028,2110).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.encoders.base import get_encoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless

from app.config import VERSION
from imaging.dataset import DicomFile, open_dicom
from imaging.deidentify import masks
from imaging.deidentify.boxes import Box
from imaging.deidentify.headers import DUMMIES, Cleaner, clean_header
from imaging.deidentify.identity import Disguise
from imaging.deidentify.profile import EDITION, OPTION_CODES, PROFILE_CODE, Option
from imaging.deidentify.traces import Traces, traces_of
from imaging.pixels import DicomSource
from imaging.refusals import Refusal, refusing
from imaging.source import Array

IMPLEMENTATION: Final = UID("2.25.207813842519302786041530976238847142910")
_LOSSY: Final = {
    **{f"1.2.840.10008.1.2.4.{end}": "ISO_10918_1" for end in ("50", "51", "52", "53", "54", "55", "56", "111")},
    "1.2.840.10008.1.2.4.81": "ISO_14495_1",
    "1.2.840.10008.1.2.4.91": "ISO_15444_1",
    "1.2.840.10008.1.2.4.203": "ISO_15444_15",
    "1.2.840.10008.1.2.4.112": "ISO_18181_1",
}
_LONGEST_NATIVE = 0xFFFFFFFE  # a value length is 32 bits, the last one means "undefined"
_LEAST_TELLING = 6  # characters: shorter traces meet by chance among the bytes of a header
# What every copy says, whoever the patient is.
_OUR_OWN: Final = " ".join(
    [meaning for _value, meaning in (PROFILE_CODE, *OPTION_CODES.values())]
    + [str(dummy) for dummy in DUMMIES.values()]
    + ["iso_ir 192", "derived", "primary", "original", "modified"]
).casefold()


@dataclass(frozen=True, slots=True)
class Order:
    """How one file is to be copied."""

    disguise: Disguise
    options: frozenset[Option]
    boxes: tuple[Box, ...]
    preset: str
    confirmed: bool  # a person has looked at every mask and says that nothing names the patient


def write_copy(path: Path, workspace: Path, target: Path, order: Order) -> Cleaner:
    """Write the copy of the DICOM picture at `path`. Raises Refusal as `open_dicom` does, and identity_left."""
    dicom = open_dicom(path, workspace)
    if dicom.layout.is_float:
        raise Refusal("unsupported_pixels", kind="floating point")
    source = DicomSource(dicom)
    header, traces, cleaner = cleaned_header(dicom.path, order)
    describe_pixels(header, dicom, source, bool(order.boxes))
    native = source.facts.frames == 1 or header.PixelRepresentation == 1
    syntax = ExplicitVRLittleEndian if native else JPEGLSLossless
    write_header(header, target, syntax, order, traces)
    frames = masked_frames(source, dicom.header, order.boxes)
    with target.open("ab") as file:
        if native:
            _write_native(file, frames, header, source.facts.frames)
        else:
            _write_encapsulated(file, frames, header)
    return cleaner


def header_of(path: Path, workspace: Path) -> Dataset:
    """The whole data set before the pixels, as it came. Raises Refusal as `open_dicom` does."""
    dicom = open_dicom(path, workspace)
    with refusing("damaged_header"):
        return pydicom.dcmread(dicom.path, stop_before_pixels=True)


def cleaned_header(path: Path, order: Order) -> tuple[Dataset, Traces, Cleaner]:
    """The data set before its pixels, cleaned, with the traces that must not be in it any more."""
    with refusing("damaged_header"):
        read = pydicom.dcmread(path, stop_before_pixels=True)
        big_endian = not read.original_encoding[1]
        header = Dataset()
        header.update(read)
        traces = traces_of(read)
        cleaner = clean_header(header, order.disguise, order.options)
        if big_endian:
            _swap_words(header)
    return header, traces, cleaner


def _swap_words(data: Dataset) -> None:
    """Tables of 16 bit words keep the byte order of the file they came from: turn them (PS3.5 section 7.3)."""
    for element in data:
        if element.VR == "SQ":
            for item in element.value:
                _swap_words(item)
        elif element.VR == "OW" and isinstance(element.value, bytes) and len(element.value) % 2 == 0:
            element.value = np.frombuffer(element.value, ">u2").astype("<u2").tobytes()


def describe_pixels(header: Dataset, dicom: DicomFile, source: DicomSource, masked: bool) -> None:
    """The Image Pixel module as the new pixels are, with the lossy history of the old ones."""
    layout = dicom.layout
    first = source.stored(0)
    bits = first.dtype.itemsize * 8
    header.Rows, header.Columns = layout.rows, layout.columns
    header.SamplesPerPixel = layout.samples
    header.PhotometricInterpretation = "RGB" if layout.samples == 3 else layout.photometric
    if layout.samples == 3:
        header.PlanarConfiguration = 0
    elif "PlanarConfiguration" in header:
        del header.PlanarConfiguration
    header.BitsAllocated = bits
    header.BitsStored = layout.bits_stored if layout.bits_allocated > 1 else bits
    header.HighBit = header.BitsStored - 1
    header.PixelRepresentation = int(first.dtype.kind == "i")
    if layout.frames > 1 or "NumberOfFrames" in header:
        header.NumberOfFrames = layout.frames
    if masked:
        kinds = [str(one) for one in np.atleast_1d(header.get("ImageType") or ["ORIGINAL", "PRIMARY"])]
        header.ImageType = ["DERIVED", *(kinds[1:] or ["PRIMARY"])]
    method = _LOSSY.get(layout.transfer_syntax)
    if method and header.get("LossyImageCompression") != "01":
        packed = sum(length for spans in dicom.frames for _start, length in spans)
        plain = layout.rows * layout.columns * layout.samples * layout.frames * bits / 8
        declare_lossy(header, method, plain / max(1, packed))


def declare_lossy(header: Dataset, method: str, ratio: float) -> None:
    """Add one step of lossy compression to its history (PS3.3 C.7.6.1.1.5)."""
    known = header.get("LossyImageCompression") == "01"
    for keyword, value in (("LossyImageCompressionRatio", f"{ratio:.2f}"), ("LossyImageCompressionMethod", method)):
        before = header.get(keyword) if known else None
        steps = [] if before in (None, "") else [str(one) for one in np.atleast_1d(before)]
        setattr(header, keyword, [*steps, value])
    header.LossyImageCompression = "01"


def write_header(header: Dataset, target: Path, syntax: UID, order: Order, traces: Traces) -> None:
    """Write preamble, file meta information and everything before the pixels. Raises Refusal("identity_left")."""
    _say_what_was_done(header, order)
    header.SpecificCharacterSet = "ISO_IR 192"
    for keyword in ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
        if not header.get(keyword):
            setattr(header, keyword, UID(order.disguise.uid(f"absent {keyword}")))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = header.SOPClassUID
    meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = f"NIDAAN {VERSION}"
    header.file_meta = meta
    header.preamble = b"\0" * 128
    with refusing("damaged_header"):
        pydicom.dcmwrite(target, header, implicit_vr=False, little_endian=True, enforce_file_format=True)
    _require_no_trace(target, traces)


def _say_what_was_done(header: Dataset, order: Order) -> None:
    """PS3.15 section E.1.1: that identity was removed, by which profile and options, and what of the dates is left."""
    header.PatientIdentityRemoved = "YES"
    header.DeidentificationMethod = [
        f"DICOM PS3.15 {EDITION} Table E.1-1",
        f"Nidaan {VERSION}, {order.preset}",
    ]
    codes = [PROFILE_CODE, *(OPTION_CODES[option] for option in sorted(order.options))]
    header.DeidentificationMethodCodeSequence = [_code(value, meaning) for value, meaning in codes]
    modified = "retain_modified_dates" in order.options
    full = "retain_full_dates" in order.options
    header.LongitudinalTemporalInformationModified = "UNMODIFIED" if full else "MODIFIED" if modified else "REMOVED"
    if order.confirmed:
        header.BurnedInAnnotation = "NO"


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning[:64]
    return code


def _require_no_trace(target: Path, traces: Traces) -> None:
    """The last look: none of the original's names and numbers among the bytes that are about to leave."""
    written = target.read_bytes().lower()
    for trace in traces.words | traces.numbers:
        if len(trace) >= _LEAST_TELLING and trace.encode() in written and trace not in _OUR_OWN:
            raise Refusal("identity_left")


def masked_frames(source: DicomSource, header: Dataset, boxes: tuple[Box, ...]) -> Iterator[Array]:
    """Every frame as stored, boxes filled with black, bits above Bits Stored (old overlays hide there) cleared."""
    black: int | None = None
    stored = source.facts.bits_stored
    for index in range(source.facts.frames):
        frame = source.stored(index)
        if frame.dtype.kind == "u" and source.facts.photometric != "RGB" and stored < frame.dtype.itemsize * 8:
            frame = frame & ((1 << stored) - 1)
        if black is None:
            black = _black(frame, header)
        yield masks.fill(frame, boxes, black)


def _black(frame: Array, header: Dataset) -> int:
    photometric = str(header.get("PhotometricInterpretation", "")).upper()
    if photometric == "MONOCHROME1":
        return int(frame.max())
    if photometric == "MONOCHROME2":
        return int(frame.min())
    if photometric == "PALETTE COLOR":
        indices = np.unique(frame)
        return int(indices[apply_color_lut(indices[None, :], header)[0].sum(axis=-1, dtype=np.int64).argmin()])
    return 0


def _write_native(file: BinaryIO, frames: Iterator[Array], header: Dataset, count: int) -> None:
    frame_bytes = header.Rows * header.Columns * header.SamplesPerPixel * header.BitsAllocated // 8
    length = frame_bytes * count
    if length > _LONGEST_NATIVE:
        raise Refusal("too_many_frames", frames=count)
    file.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, length + length % 2))
    for frame in frames:
        file.write(np.ascontiguousarray(frame).astype(frame.dtype.newbyteorder("<"), copy=False).tobytes())
    file.write(b"\0" * (length % 2))


def _write_encapsulated(file: BinaryIO, frames: Iterator[Array], header: Dataset) -> None:
    """PS3.5 section A.4: an empty offset table, one fragment a frame."""
    file.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF))
    file.write(struct.pack("<HHL", 0xFFFE, 0xE000, 0))
    encoder = get_encoder(JPEGLSLossless)
    options: dict[str, Any] = {
        "rows": header.Rows,
        "columns": header.Columns,
        "number_of_frames": 1,
        "samples_per_pixel": header.SamplesPerPixel,
        "photometric_interpretation": header.PhotometricInterpretation,
        "bits_allocated": header.BitsAllocated,
        "bits_stored": header.BitsStored,
        "pixel_representation": 0,
        **({"planar_configuration": 0} if header.SamplesPerPixel == 3 else {}),
    }
    for frame in frames:
        packed = encoder.encode(np.ascontiguousarray(frame), **options)
        packed += b"\0" * (len(packed) % 2)
        file.write(struct.pack("<HHL", 0xFFFE, 0xE000, len(packed)) + packed)
    file.write(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))
