"""Read and check a DICOM file: header against limits, header against what lies inside, before anything is decoded."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import config as pydicom_config
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset, FileDataset
from pydicom.filebase import DicomFileLike
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from imaging import dicom_values as values
from imaging import encapsulation, limits
from imaging.codestream import Coding, read_size, require_same_size
from imaging.encapsulation import PixelElement, Span
from imaging.guards import header as guard_header
from imaging.refusals import Refusal, refusing

# Warnings quote values, and values hold names: none may reach a log.
pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE

DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
CODINGS: dict[str, Coding] = {
    RLE: "rle",
    **{_JPEG_FAMILY + end: "jpeg" for end in ("50", "51", "57", "70")},
    **{_JPEG_FAMILY + end: "jpeg-ls" for end in ("80", "81")},
    **{_JPEG_FAMILY + end: "jpeg2000" for end in ("90", "91", "201", "202", "203")},
}
_JPEG_XL = {_JPEG_FAMILY + end for end in ("110", "111", "112")}  # newer than the dictionary in use
VIDEO_SYNTAXES = {_JPEG_FAMILY + end for end in ("100", "101", "102", "103", "104", "105", "106", "107", "108")}
NATIVE = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", DEFLATED}
_MONO = {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
_COLOUR = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"}
_HEADER_OF_CODESTREAM = 256 * 1024
_TAIL_OF_CODESTREAM = 64  # padding may follow the end
_END_MARKER = b"\xff\xd9"
_CHUNK = 1024 * 1024

# Nothing else is read: what is skipped cannot hurt. Groups 0028 and the few elements the rest of the folder uses.
_TAGS = [
    "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "StudyDate", "StudyDescription",
    "SeriesDescription", "SeriesNumber", "InstanceNumber", "Modality", "PatientOrientation", "ImageOrientationPatient",
    "SequenceOfUltrasoundRegions", "FrameTime", "FrameTimeVector", "CineRate", "RecommendedDisplayFrameRate",
    "ImagerPixelSpacing", "SharedFunctionalGroupsSequence", "SamplesPerPixel", "PhotometricInterpretation",
    "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns", "PixelSpacing", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit", "WindowCenter", "WindowWidth",
    "RescaleIntercept", "RescaleSlope", "ModalityLUTSequence", "VOILUTSequence", "VOILUTFunction",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData", "GreenPaletteColorLookupTableData",
    "BluePaletteColorLookupTableData", "SegmentedRedPaletteColorLookupTableData",
    "SegmentedGreenPaletteColorLookupTableData", "SegmentedBluePaletteColorLookupTableData",
    "PresentationLUTShape", "SpecificCharacterSet", *guard_header.TAGS,
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """The picture as the header describes it and as it was found inside: sizes in pixels, bits per sample."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    transfer_syntax: str


@dataclass(slots=True)
class DicomFile:
    """A checked DICOM file: header, layout, and where each frame lies in `path` (a plain copy of a deflated file)."""

    path: Path
    header: FileDataset
    layout: Layout
    element: PixelElement
    frames: list[list[Span]]  # the spans of each frame; one entry, the whole stream, for encapsulated video


def open_dicom(path: Path, workspace: Path) -> DicomFile:
    """Read and check. `workspace` takes the inflated copy of a deflated file.

    Raises Refusal: damaged_header, nested_too_deep, no_picture, not_an_image, missing_value, wrong_value, too_large,
    too_many_frames, unsupported_encoding, unsupported_pixels, encoding_mismatch, size_mismatch, frames_mismatch,
    truncated, inflates_too_much, out_of_memory.
    """
    with refusing("damaged_header"):
        syntax = _transfer_syntax(path)
        if syntax == DEFLATED:
            path = inflate(path, workspace)
        with path.open("rb") as file:
            header = read_partial(file, stop_when=_at_pixels, specific_tags=[Tag(name) for name in _TAGS])
            element = _find_element(file, header)
            layout = read_layout(header, syntax)
            frames = _find_frames(file, element, layout, path.stat().st_size)
    return DicomFile(path, header, layout, element, frames)


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) in encapsulation.PIXEL_TAGS


def _transfer_syntax(path: Path) -> str:
    meta = pydicom.filereader.read_file_meta_info(path)
    syntax = values.uid(meta, "TransferSyntaxUID")
    if not syntax:
        raise Refusal("missing_value", name="Transfer Syntax UID")
    sop_class = values.uid(meta, "MediaStorageSOPClassUID")
    if sop_class == "1.2.840.10008.1.3.10":
        raise Refusal("not_an_image", what="DICOMDIR")
    if syntax not in NATIVE and syntax not in CODINGS and syntax not in VIDEO_SYNTAXES:
        raise Refusal("unsupported_encoding", encoding=_name_of(syntax))
    return syntax


def _name_of(uid: str) -> str:
    """The standard's own name of a UID; a UID it does not know is not repeated."""
    if uid in _JPEG_XL:
        return "JPEG XL"
    return UID(uid).name if uid in UID_dictionary else "unknown"


def inflate(path: Path, workspace: Path) -> Path:
    """Write a plain copy of a deflated file (PS3.5 section A.5), stopping at MAX_INFLATED_BYTES."""
    copy = workspace / "inflated.dcm"
    with path.open("rb") as source, copy.open("wb") as target:
        source.seek(128 + 4)
        meta = pydicom.filereader._read_file_meta_info(source)
        meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1")
        target.write(b"\0" * 128 + b"DICM")
        pydicom.filewriter.write_file_meta_info(DicomFileLike(target), meta, enforce_standard=False)
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        written = 0
        piece = source.read(_CHUNK)
        while piece:
            plain = engine.decompress(piece, _CHUNK)
            written += len(plain)
            if written > limits.MAX_INFLATED_BYTES:
                raise Refusal("inflates_too_much")
            target.write(plain)
            piece = engine.unconsumed_tail or source.read(_CHUNK)
    return copy


def _find_element(file: BinaryIO, header: FileDataset) -> PixelElement:
    implicit, little = header.original_encoding
    element = encapsulation.read_element(file, implicit=bool(implicit), little=bool(little))
    if element is None:
        name = _name_of(values.uid(header, "SOPClassUID"))
        if "Image Storage" in name:
            raise Refusal("truncated")
        if name != "unknown":
            raise Refusal("not_an_image", what=name)
        raise Refusal("no_picture")
    if element.tag != encapsulation.PIXEL_DATA:
        raise Refusal("unsupported_pixels", kind="floating point")
    if element.length == 0:
        raise Refusal("no_picture")
    return element


def read_layout(header: Dataset, syntax: str) -> Layout:
    """The Image Pixel module (PS3.3 C.7.6.3), each value present, sane and within `limits`."""
    rows, columns = _required(header, "Rows"), _required(header, "Columns")
    frames = values.whole(header, "NumberOfFrames") or 1  # absent, empty and 0 are all met in single frames
    _require_budget(rows, columns, frames)
    allocated, stored = _required(header, "BitsAllocated"), _required(header, "BitsStored")
    if allocated not in {1, 8, 16}:
        raise Refusal("unsupported_pixels", kind=f"{allocated} bit")
    if not 0 < stored <= allocated:
        raise Refusal("wrong_value", name="Bits Stored")
    samples = _required(header, "SamplesPerPixel")
    photometric = values.text(header, "PhotometricInterpretation").upper()
    if photometric not in _MONO | _COLOUR:
        raise Refusal("unsupported_pixels", kind="Photometric Interpretation")
    if samples != (1 if photometric in _MONO else 3):
        raise Refusal("wrong_value", name="Samples per Pixel")
    if values.whole(header, "PixelRepresentation") not in {0, 1}:
        raise Refusal("missing_value", name="Pixel Representation")
    if samples == 3 and values.whole(header, "PlanarConfiguration") not in {0, 1}:
        header.PlanarConfiguration = 0  # absent in some JPEG files, whose codec decides it anyway
    return Layout(rows, columns, frames, samples, photometric, allocated, stored, syntax)


def _required(header: Dataset, keyword: str) -> int:
    number = values.whole(header, keyword)
    name = pydicom.datadict.dictionary_description(keyword)
    if number is None:
        raise Refusal("missing_value" if values.raw(header, keyword) is None else "wrong_value", name=name)
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


def _find_frames(file: BinaryIO, element: PixelElement, layout: Layout, size: int) -> list[list[Span]]:
    if layout.transfer_syntax in NATIVE:
        return _native_frames(element, layout, size)
    if element.length is not None:
        raise Refusal("encoding_mismatch")
    table, spans = encapsulation.walk_fragments(file, element, size)
    if layout.transfer_syntax in VIDEO_SYNTAXES:
        return [spans]
    frames = encapsulation.group_frames(file, table, spans, layout.frames)
    coding = CODINGS[layout.transfer_syntax]
    if coding != "rle":
        for spans in frames:
            _check_codestream(encapsulation.read_spans(file, spans, _HEADER_OF_CODESTREAM), coding, layout)
            # EOI and EOC are one marker. Decoders fill what is missing with grey and say nothing.
            if _END_MARKER not in encapsulation.read_tail(file, spans, _TAIL_OF_CODESTREAM):
                raise Refusal("truncated")
    return frames


def _native_frames(element: PixelElement, layout: Layout, size: int) -> list[list[Span]]:
    if element.length is None:
        raise Refusal("encoding_mismatch")
    bits = layout.rows * layout.columns * layout.samples * layout.bits_allocated
    if layout.photometric == "YBR_FULL_422":
        bits = bits // 3 * 2  # two pixels share their chroma
    if layout.frames > 1 and bits % 8:
        raise Refusal("unsupported_pixels", kind="1 bit")
    length = (bits + 7) // 8
    if min(element.length, size - element.offset) < length * layout.frames:
        raise Refusal("truncated")
    return [[(element.offset + index * length, length)] for index in range(layout.frames)]


def _check_codestream(head: bytes, coding: Coding, layout: Layout) -> None:
    try:
        found = read_size(head)
    except ValueError as error:
        raise Refusal("encoding_mismatch") from error
    # Lossless JPEG and JPEG-LS share markers with JPEG only by name: what it says it is must be what it is.
    if found.coding != coding:
        raise Refusal("encoding_mismatch")
    require_same_size(found, rows=layout.rows, columns=layout.columns, samples=layout.samples)
