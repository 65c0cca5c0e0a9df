"""Read and check a DICOM file: header against limits, header against what lies inside, before anything is decoded."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom import config as pydicom_config
from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import FileDataset
from pydicom.filebase import DicomFileLike
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from imaging import dicom_values as values
from imaging import encapsulation, limits, native
from imaging.codestream import CodestreamSize, Coding, read_size, require_same_size
from imaging.encapsulation import PixelElement, Span
from imaging.guards import header as guard_header
from imaging.layout import SUBSAMPLED, Layout, read_layout, with_true_chroma
from imaging.refusals import Refusal, refusing

# Warnings quote values, and values hold names: none may reach a log.
pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE

DEFLATED = "1.2.840.10008.1.2.1.99"
RLE = "1.2.840.10008.1.2.5"
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
CODINGS: dict[str, Coding] = {
    RLE: "rle",
    **{_JPEG_FAMILY + end: "jpeg" for end in ("50", "51", "52", "53", "54", "55", "56")},
    **{_JPEG_FAMILY + end: "jpeg-lossless" for end in ("57", "58", "70")},
    **{_JPEG_FAMILY + end: "jpeg-ls" for end in ("80", "81")},
    **{_JPEG_FAMILY + end: "jpeg2000" for end in ("90", "91", "201", "202", "203")},
    **{_JPEG_FAMILY + end: "jpeg-xl" for end in ("110", "111", "112")},
}
VIDEO_SYNTAXES = {_JPEG_FAMILY + end for end in ("100", "101", "102", "103", "104", "105", "106", "107", "108")}
IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
NATIVE = {IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED}
_TAIL_OF_CODESTREAM = 64  # padding may follow the end
_END_MARKER = b"\xff\xd9"
_CHUNK = 1024 * 1024
_NO_SYNTAX = {"name": "Transfer Syntax UID"}
OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
OVERLAY_TAGS = (0x0010, 0x0011, 0x0015, 0x0040, 0x0050, 0x0051, 0x0100, 0x0102, 0x1500, 0x3000)

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
    "PresentationLUTShape", "SpecificCharacterSet", "PerFrameFunctionalGroupsSequence",
    "EstimatedRadiographicMagnificationFactor", "PixelSpacingCalibrationType",
    *guard_header.TAGS,
]  # fmt: skip


@dataclass(slots=True)
class DicomFile:
    """A checked DICOM file: header, layout, and where each frame lies in `path` (a plain copy of a deflated file)."""

    path: Path
    header: FileDataset
    layout: Layout
    element: PixelElement
    frames: list[list[Span]]  # the spans of each frame; one entry, the whole stream, for encapsulated video
    cautions: list[str]  # codes of `cautions.py`: what must be said beside the picture


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
            header = read_header(file)
            guessed = not syntax
            syntax = syntax or _guessed_syntax(header)
            little = bool(header.original_encoding[1])
            element = _find_element(file, header, little=little)
            layout = read_layout(header, syntax, element, little=little)
            found = _locate(path, file, header, element, layout)
    if guessed:
        found.cautions.append("guessed_encoding")
    return found


def _locate(path: Path, file: BinaryIO, header: FileDataset, element: PixelElement, layout: Layout) -> DicomFile:
    size = path.stat().st_size
    cautions: list[str] = []
    if layout.transfer_syntax in NATIVE:
        if element.length is None:
            raise Refusal("encoding_mismatch")
        layout = with_true_chroma(layout, element.length)
        frames = _native_frames(element, layout, size)
        if element.length - 16 > sum(length for ((_, length),) in frames):
            cautions.append("extra_pixels")
    else:
        frames = _packed_frames(file, element, layout, size)
    return DicomFile(path, header, layout, element, frames, cautions)


def read_header(file: BinaryIO) -> FileDataset:
    """The data set before its pixel data, only the elements that are used; `file` is left where pixel data begins."""
    tags = [Tag(name) for name in _TAGS] + [Tag(group, element) for group in OVERLAY_GROUPS for element in OVERLAY_TAGS]
    return read_partial(file, stop_when=_at_pixels, specific_tags=list(tags), force=True)


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) in encapsulation.PIXEL_TAGS


def _transfer_syntax(path: Path) -> str:
    """The transfer syntax, or "" in a file without any meta information (older than PS3.10, or cut out of a stream)."""
    with path.open("rb") as file:
        bare = pydicom.filereader.read_preamble(file, force=True) is None
        meta = pydicom.filereader._read_file_meta_info(file)
    if not len(meta) and bare:
        return ""
    syntax = values.uid(meta, "TransferSyntaxUID")
    if values.uid(meta, "MediaStorageSOPClassUID") == "1.2.840.10008.1.3.10":
        raise Refusal("not_an_image", what="DICOMDIR")
    if not syntax and not values.text(meta, "TransferSyntaxUID"):
        raise Refusal("missing_value", **_NO_SYNTAX)
    if syntax not in NATIVE and syntax not in CODINGS and syntax not in VIDEO_SYNTAXES:
        raise Refusal("unsupported_encoding", encoding=_name_of(syntax))
    return syntax


def _guessed_syntax(header: FileDataset) -> str:
    """What the elements themselves show; compressed pixel data cannot be guessed and is refused where it is met."""
    implicit, little = header.original_encoding
    return IMPLICIT if implicit else EXPLICIT if little else BIG_ENDIAN


def _name_of(uid: str) -> str:
    """The standard's own name of a UID; a UID it does not know is not repeated."""
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


def _find_element(file: BinaryIO, header: FileDataset, *, little: bool) -> PixelElement:
    element = encapsulation.read_element(file, implicit=bool(header.original_encoding[0]), little=little)
    if element is None:
        name = _name_of(values.uid(header, "SOPClassUID"))
        if "Image Storage" in name:
            raise Refusal("truncated")
        if name != "unknown":
            raise Refusal("not_an_image", what=name)
        raise Refusal("no_picture")
    if element.length == 0:
        raise Refusal("no_picture")
    return element


def _packed_frames(file: BinaryIO, element: PixelElement, layout: Layout, size: int) -> list[list[Span]]:
    if element.length is not None or element.tag != encapsulation.PIXEL_DATA:
        raise Refusal("encoding_mismatch")
    table, spans = encapsulation.walk_fragments(file, element, size)
    if layout.transfer_syntax in VIDEO_SYNTAXES:
        return [spans]
    frames = encapsulation.group_frames(file, table, spans, layout.frames)
    coding = CODINGS[layout.transfer_syntax]
    for spans in frames:
        head = encapsulation.read_spans(file, spans, limits.CODESTREAM_HEADER_BYTES)
        if coding == "rle":
            _check_segments(head, sum(length for _, length in spans), layout)
            continue
        _check_codestream(head, coding, layout)
        # EOI and EOC are one marker. Decoders fill what is missing with grey and say nothing.
        if coding != "jpeg-xl" and _END_MARKER not in encapsulation.read_tail(file, spans, _TAIL_OF_CODESTREAM):
            raise Refusal("truncated")
    return frames


def _native_frames(element: PixelElement, layout: Layout, size: int) -> list[list[Span]]:
    """Where each frame's bits lie, in whole bytes: frames of single bits may begin inside one."""
    assert element.length is not None
    bits = native.frame_bits(layout, subsampled=layout.photometric in SUBSAMPLED)
    if min(element.length, size - element.offset) * 8 < bits * layout.frames:
        raise Refusal("truncated")
    frames: list[list[Span]] = []
    for index in range(layout.frames):
        start, end = index * bits // 8, ((index + 1) * bits + 7) // 8
        frames.append([(element.offset + start, end - start)])
    return frames


def _check_segments(head: bytes, length: int, layout: Layout) -> None:
    """The RLE header (PS3.5 section G.5): as many segments as sample bytes, each inside the frame."""
    if len(head) < 64:
        raise Refusal("truncated")
    count, *offsets = struct.unpack("<16L", head[:64])
    if count != layout.samples * (layout.bits_allocated // 8) or not 0 < count <= 15:
        raise Refusal("encoding_mismatch")
    used = offsets[:count]
    if used[0] != 64 or used != sorted(set(used)):
        raise Refusal("encoding_mismatch")
    if used[-1] >= length:
        raise Refusal("truncated")


def _check_codestream(head: bytes, coding: Coding, layout: Layout) -> None:
    try:
        found = read_size(head)
    except ValueError as error:
        raise Refusal("encoding_mismatch") from error
    # Lossless JPEG under the syntax of lossy JPEG, and the reverse, are met and decode alike; nothing else does.
    both = {"jpeg", "jpeg-lossless"}
    if found.coding != coding and not {found.coding, coding} <= both:
        raise Refusal("encoding_mismatch")
    require_same_size(found, rows=layout.rows, columns=layout.columns, samples=layout.samples)
    if found.odd:
        raise Refusal("encoding_mismatch")
    _check_depth(found, layout)


def _check_depth(found: CodestreamSize, layout: Layout) -> None:
    """Values that do not fit, or lossy ones that cannot reach what the header's window speaks of, are no picture."""
    if found.precision > layout.bits_allocated or (found.coding == "jpeg" and 0 < found.precision < layout.bits_stored):
        raise Refusal("encoding_mismatch")
