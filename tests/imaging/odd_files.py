"""DICOM files of our own making that are rare, wrong or meant to harm, each with what must come of it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import imagecodecs
import numpy as np
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian

from tests.imaging import files
from tests.imaging.files import Pixels

FAMILY = "1.2.840.10008.1.2.4."
GREY = (np.arange(64 * 48, dtype=np.uint32).reshape(48, 64) * 5 % 4096).astype(np.uint16)
BYTES = (np.arange(64 * 48, dtype=np.uint32).reshape(48, 64) % 251).astype(np.uint8)
SIGNED = (GREY.astype(np.int32) - 2048).astype(np.int16)
RED = np.zeros((48, 64, 3), np.uint8)
RED[:, :, 0] = 220
COLOURS = np.stack([BYTES, BYTES[::-1], BYTES[:, ::-1]], axis=2)


@dataclass(frozen=True, slots=True)
class Odd:
    """A file and what must come of it: the codes of which one must refuse it, or what each frame must hold."""

    name: str
    make: Callable[[], bytes]
    refused: tuple[str, ...] = ()
    stored: Pixels | None = None  # of frame 1, exactly
    near: Pixels | None = None  # of frame 1, as lossy coding leaves it
    frames: int = 1
    cautions: tuple[str, ...] = ()


def to_bytes(data: FileDataset) -> bytes:
    """A data set as a file."""
    target = io.BytesIO()
    data.save_as(target, enforce_file_format=False)
    return target.getvalue()


def twelve(**elements: Any) -> FileDataset:
    """A still of 12 bits in 16."""
    return files.dicom(GREY, **{"BitsStored": 12, "HighBit": 11, **elements})


def packed(syntax: str, frames: list[bytes], like: Pixels, **elements: Any) -> bytes:
    """Encapsulated pixel data of frames that look like `like`."""
    data = files.dicom(like)
    data.file_meta.TransferSyntaxUID = UID(BASELINE)
    if len(frames) > 1:
        data.NumberOfFrames = len(frames)
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    data.PixelData = elements.get("PixelData") or encapsulate(frames)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return mislabelled(data, syntax)  # written here: pydicom writes no syntax that it does not know


def fragments(*pieces: bytes, table: bytes = b"", end: bool = True) -> bytes:
    """Items as they are given: no care for even lengths."""
    out = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(one)) + one for one in (table, *pieces))
    return out + (b"\xfe\xff\xdd\xe0\0\0\0\0" if end else b"")


def jpeg(pixels: Pixels, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg8_encode(pixels, level=95, **options))


def j2k(pixels: Pixels, **options: Any) -> bytes:
    return bytes(imagecodecs.jpeg2k_encode(pixels, reversible=True, codecformat="j2k", **{"level": 0, **options}))


def without_meta(data: FileDataset) -> bytes:
    """The data set alone."""
    data.file_meta = FileMetaDataset()
    return to_bytes(data)[132:]


def mislabelled(data: FileDataset, said: str) -> bytes:
    """A file whose meta information names another native syntax than it was written in."""
    whole = to_bytes(data)
    written = str(data.file_meta.TransferSyntaxUID).encode()
    at = whole.index(b"\x02\x00\x10\x00UI")
    length = struct.unpack_from("<H", whole, at + 6)[0]
    assert whole[at + 8 : at + 8 + length].rstrip(b"\0") == written
    assert whole[132:136] != b"\x02\x00\x00\x00"  # no group length, which would have to change too
    new = said.encode() + b"\0" * (len(said) % 2)
    return whole[: at + 6] + struct.pack("<H", len(new)) + new + whole[at + 8 + length :]


def implicit(data: FileDataset) -> FileDataset:
    data.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return data


def big_endian(pixels: Pixels, vr: str) -> bytes:
    """Explicit VR big endian; bytes in words are swapped, as PS3.5 section 7.3 has it."""
    data = files.dicom(pixels)
    raw = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    raw += b"\0" * (len(raw) % 2)
    if pixels.dtype.itemsize == 1 and vr == "OW":
        raw = np.frombuffer(raw, np.uint16).byteswap().tobytes()
    plain = Dataset()
    plain.update(data)
    plain.file_meta = data.file_meta
    plain.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    plain.PixelData = raw
    plain["PixelData"].VR = vr
    target = io.BytesIO()
    dcmwrite(target, plain, implicit_vr=False, little_endian=False, enforce_file_format=True)
    return target.getvalue()


def raw_bits(pixels: Pixels, bits: int) -> bytes:
    """Values lying back to back, least significant bit first (any number of frames)."""
    flat = pixels.astype(np.uint32).ravel()
    spread = ((flat[:, None] >> np.arange(bits, dtype=np.uint32)) & 1).astype(np.uint8).ravel()
    found = np.packbits(spread, bitorder="little").tobytes()
    return found + b"\0" * (len(found) % 2)


def bits(pixels: Pixels, allocated: int, frames: int = 1) -> bytes:
    data = files.dicom(pixels, frames=frames, BitsAllocated=allocated, BitsStored=allocated, HighBit=allocated - 1)
    data.PixelData = raw_bits(pixels, allocated)
    data["PixelData"].VR = "OW"
    return to_bytes(data)


def floating(pixels: Pixels) -> bytes:
    data = files.dicom(GREY, BitsAllocated=32, Rows=pixels.shape[0], Columns=pixels.shape[1])
    del data.PixelData
    for name in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(data, name)
    data.FloatPixelData = pixels.astype("<f4").tobytes()
    return to_bytes(data)


def chroma_422(pixels: Pixels) -> bytes:
    """Two pixels, one chroma."""
    pairs = pixels.reshape(-1, 2, 3)
    out = np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], axis=1)
    return out.astype(np.uint8).tobytes()


def palette(entries: int, first: int, bits_said: int, data: tuple[bytes, bytes, bytes], **elements: Any) -> bytes:
    found = files.dicom(np.array([[0, 1], [2, 3]], np.uint8), PhotometricInterpretation="PALETTE COLOR", **elements)
    segmented = "Segmented" if elements.get("Modality") == "SG" else ""
    for colour, content in zip(("Red", "Green", "Blue"), data, strict=True):
        found.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [entries, first, bits_said])
        found.add_new(f"{segmented}{colour}PaletteColorLookupTableData", "OW", content)
    return to_bytes(found)


def words(*numbers: int) -> bytes:
    return np.array(numbers, "<u2").tobytes()


def nested(depth: int) -> bytes:
    """A still with a private sequence that many levels deep, every item closed."""
    inner = Dataset()
    for _ in range(depth):
        outer = Dataset()
        outer.add_new(0x00091001, "SQ", Sequence([inner]))
        inner = outer
    data = twelve()
    data.add_new(0x00091001, "SQ", Sequence([inner]))
    return to_bytes(data)


def with_element(raw: bytes) -> bytes:
    """A still with these bytes in the place of an element, before its pixels' module."""
    whole = to_bytes(twelve())
    at = whole.index(b"\x28\x00\x02\x00US")
    return whole[:at] + raw + whole[at:]


def enhanced(**own: list[Any]) -> FileDataset:
    """Three frames whose rescale, window, spacing and direction each frame says for itself."""
    stack = np.stack([GREY, GREY, GREY])
    data = files.dicom(stack, frames=3, BitsStored=12, HighBit=11, Modality="MR")
    groups = []
    for index in range(3):
        group = Dataset()
        for macro, names in MACROS.items():
            item = Dataset()
            for name in names:
                if name in own:
                    setattr(item, name, own[name][index])
            if len(item):
                setattr(group, macro, Sequence([item]))
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return data


MACROS = {
    "PixelMeasuresSequence": ["PixelSpacing"],
    "PlaneOrientationSequence": ["ImageOrientationPatient"],
    "PixelValueTransformationSequence": ["RescaleSlope", "RescaleIntercept"],
    "FrameVOILUTSequence": ["WindowCenter", "WindowWidth", "VOILUTFunction"],
}


def rle(pixels: Pixels) -> bytes:
    from pydicom.pixels.encoders import RLELosslessEncoder

    data = files.dicom(pixels)
    return bytes(RLELosslessEncoder.encode(pixels, **_options(data)))


def _options(data: Dataset) -> dict[str, Any]:
    from pydicom.pixels.utils import as_pixel_options

    return dict(as_pixel_options(data))


def changed(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


def bomb() -> bytes:
    return files.deflated(files.dicom(GREY), zeros=260 * 1_048_576)


BASELINE, EXTENDED, LOSSLESS, FIRST_ORDER = (FAMILY + end for end in ("50", "51", "57", "70"))
JPEG_LS, J2K, HTJ2K, XL, XL_RECOMPRESSED = (FAMILY + end for end in ("80", "90", "201", "110", "111"))
RLE = "1.2.840.10008.1.2.5"
YBR = {"PhotometricInterpretation": "YBR_FULL_422"}
TWELVE = {"BitsStored": 12, "HighBit": 11}
DAMAGED = ("truncated", "damaged_header", "encoding_mismatch", "cannot_decode", "wrong_value", "missing_value")

SOUND: list[Odd] = [
    Odd("jpeg_12_bit", lambda: packed(EXTENDED, [jpeg(GREY, bitspersample=12)], GREY, **TWELVE), near=GREY),
    Odd("jpeg_lossless_16", lambda: packed(LOSSLESS, [jpeg(GREY, lossless=True)], GREY), stored=GREY),
    Odd("jpeg_lossless_rgb", lambda: packed(FIRST_ORDER, [jpeg(COLOURS, lossless=True)], COLOURS), stored=COLOURS),
    Odd("jpeg_rgb_adobe", lambda: packed(BASELINE, [jpeg(RED, outcolorspace="RGB")], RED, **YBR), near=RED),
    Odd("jpeg_jfif_says_rgb", lambda: packed(BASELINE, [files.jpeg(RED)], RED), near=RED),
    Odd("jpeg_planar_lies", lambda: packed(BASELINE, [files.jpeg(RED)], RED, PlanarConfiguration=1, **YBR), near=RED),
    Odd("jpeg_ls", lambda: packed(JPEG_LS, [bytes(imagecodecs.jpegls_encode(GREY))], GREY, **TWELVE), stored=GREY),
    Odd("j2k_rgb_says_rct", lambda: packed(J2K, [j2k(COLOURS)], COLOURS, PhotometricInterpretation="YBR_RCT"),
        stored=COLOURS),
    Odd("j2k_rgb_says_full", lambda: packed(J2K, [j2k(COLOURS)], COLOURS, PhotometricInterpretation="YBR_FULL"),
        stored=COLOURS),
    Odd("j2k_signed", lambda: packed(J2K, [j2k(SIGNED)], SIGNED), stored=SIGNED),
    Odd("htj2k", lambda: packed(HTJ2K, [bytes(imagecodecs.htj2k_encode(GREY, reversible=True))], GREY), stored=GREY),
    Odd("jpeg_xl_16", lambda: packed(XL, [bytes(imagecodecs.jpegxl_encode(GREY, lossless=True))], GREY), stored=GREY),
    Odd("jpeg_xl_rgb", lambda: packed(XL, [bytes(imagecodecs.jpegxl_encode(COLOURS, lossless=True))], COLOURS),
        stored=COLOURS),
    Odd("jpeg_xl_container", lambda: packed(
        XL_RECOMPRESSED, [bytes(imagecodecs.jpegxl_encode(BYTES, lossless=True, usecontainer=True))], BYTES),
        stored=BYTES),
    Odd("rle_16", lambda: packed(RLE, [rle(GREY)], GREY), stored=GREY),
    Odd("rle_rgb", lambda: packed(RLE, [rle(COLOURS)], COLOURS, PlanarConfiguration=1), stored=COLOURS),
    Odd("odd_fragment", lambda: packed(
        BASELINE, [], RED, PixelData=fragments(files.jpeg(RED) + b"\0"), **YBR), near=RED),
    Odd("empty_fragments", lambda: packed(
        BASELINE, [], RED, PixelData=fragments(b"", files.jpeg(RED), b""), **YBR), near=RED),
    Odd("no_sequence_end", lambda: packed(
        BASELINE, [], RED, PixelData=fragments(files.jpeg(RED), end=False), **YBR), near=RED),
    Odd("offsets_past_the_end", lambda: packed(
        BASELINE, [b"", b""], RED, **YBR, PixelData=fragments(
            files.jpeg(RED), files.jpeg(RED), table=words(0, 0, 9, 99))),
        near=RED, frames=2),
    Odd("offsets_repeat", lambda: packed(
        BASELINE, [b"", b""], RED, PixelData=fragments(files.jpeg(RED), files.jpeg(RED), table=b"\0" * 8), **YBR),
        near=RED, frames=2),
    Odd("planar_native", lambda: to_bytes(files.dicom(
        COLOURS, PlanarConfiguration=1, PixelData=COLOURS.transpose(2, 0, 1).tobytes())), stored=COLOURS),
    Odd("planar_unsaid", lambda: to_bytes(files.dicom(COLOURS, PlanarConfiguration=None)), stored=COLOURS),
    Odd("big_endian_words_of_bytes", lambda: big_endian(BYTES, "OW"), stored=BYTES),
    Odd("big_endian_bytes", lambda: big_endian(BYTES, "OB"), stored=BYTES),
    Odd("big_endian_16", lambda: big_endian(GREY, "OW"), stored=GREY),
    Odd("packed_12", lambda: bits(GREY, 12), stored=GREY),
    Odd("single_bits", lambda: bits(BYTES & 1, 1), stored=BYTES & 1),
    Odd("single_bits_frames_inside_bytes", lambda: bits(np.stack([BYTES[:5, :5] & 1] * 3), 1, 3),
        stored=BYTES[:5, :5] & 1, frames=3),
    Odd("upper_bits", lambda: to_bytes(files.dicom((GREY << 4) | 5, BitsStored=12, HighBit=15)), stored=GREY),
    Odd("dirty_unused_bits", lambda: to_bytes(files.dicom(GREY | 0xF000, BitsStored=12, HighBit=11)), stored=GREY),
    Odd("signed_12", lambda: to_bytes(files.dicom(SIGNED & np.int16(0xFFF), BitsStored=12, HighBit=11)), stored=SIGNED),
    Odd("thirty_two_bits", lambda: to_bytes(files.dicom(GREY.astype(np.uint32) * 1000)), cautions=("reduced_depth",),
        stored=GREY.astype(np.uint32) * 1000),
    Odd("thirty_two_bits_shallow", lambda: to_bytes(files.dicom(GREY.astype(np.int32) - 100_000)),
        stored=GREY.astype(np.int32) - 100_000),
    Odd("floating", lambda: floating(GREY / 4096), cautions=("reduced_depth",),
        stored=(GREY / 4096).astype(np.float32)),
    Odd("floating_not_a_number", lambda: floating(np.where(GREY > 4000, np.nan, GREY)), cautions=("reduced_depth",)),
    Odd("chroma_shared_native", lambda: to_bytes(files.dicom(RED, PixelData=chroma_422(
        np.broadcast_to(np.array([66, 91, 239], np.uint8), RED.shape)), **YBR)), near=RED),
    Odd("chroma_whole_says_shared", lambda: to_bytes(files.dicom(
        np.ascontiguousarray(np.broadcast_to(np.array([66, 91, 239], np.uint8), RED.shape)), **YBR)), near=RED),
    Odd("implicit_says_explicit", lambda: mislabelled(implicit(twelve()), "1.2.840.10008.1.2.1"), stored=GREY),
    Odd("explicit_says_implicit", lambda: mislabelled(twelve(), "1.2.840.10008.1.2"), stored=GREY),
    Odd("no_meta_explicit", lambda: without_meta(twelve()), stored=GREY, cautions=("guessed_encoding",)),
    Odd("no_meta_implicit", lambda: without_meta(implicit(twelve())), stored=GREY, cautions=("guessed_encoding",)),
    Odd("no_preamble", lambda: to_bytes(twelve())[132:], stored=GREY),
    Odd("preamble_of_a_jpeg", lambda: changed(to_bytes(twelve()), 0, b"\xff\xd8\xff\xe0"), stored=GREY),
    Odd("preamble_of_a_pdf", lambda: changed(to_bytes(twelve()), 0, b"%PDF-1.4"), stored=GREY),
    Odd("preamble_of_a_zip", lambda: changed(to_bytes(twelve()), 0, b"PK\x03\x04") + b"PK\x05\x06" + b"\0" * 18,
        stored=GREY),
    Odd("private_sequences", lambda: nested(40), stored=GREY),
    Odd("unknown_vr", lambda: with_element(b"\x27\x00\x01\x10ZZ\x04\x00abcd"), stored=GREY),
    Odd("a_group_length", lambda: with_element(b"\x28\x00\x00\x00UL\x04\x00\xff\xff\xff\x7f"), stored=GREY),
    Odd("rows_twice", lambda: with_element(b"\x28\x00\x10\x00US\x02\x00\x30\x00"), stored=GREY),
    Odd("pixels_of_more_frames", lambda: to_bytes(files.dicom(GREY, PixelData=GREY.tobytes() * 3)), stored=GREY,
        cautions=("extra_pixels",)),
    Odd("rows_too_few", lambda: to_bytes(twelve(Rows=24)), stored=GREY[:24], cautions=("extra_pixels",)),
    Odd("overlay_in_the_file", lambda: with_element(b"\x00\x60\x00\x30OW\0\0\x04\0\0\0abcd"), cautions=("overlays",)),
]  # fmt: skip

HOSTILE: list[Odd] = [
    Odd("rows_too_many", lambda: to_bytes(twelve(Rows=96)), ("truncated",)),
    Odd("no_columns", lambda: to_bytes(twelve(Columns=0)), ("wrong_value",)),
    Odd("frames_negative", lambda: to_bytes(twelve(NumberOfFrames="-3")), ("wrong_value",)),
    Odd("frames_without_number", lambda: changed_frames(b"1A"), ("wrong_value",)),
    Odd("frames_fractional", lambda: changed_frames(b"2.5 "), ("wrong_value",)),
    Odd("frames_huge", lambda: changed_frames(b"99999999999999 "), ("too_many_frames", "wrong_value")),
    Odd("samples_two", lambda: to_bytes(twelve(SamplesPerPixel=2)), ("wrong_value",)),
    Odd("bits_none", lambda: to_bytes(twelve(BitsStored=0)), ("wrong_value",)),
    Odd("bits_64", lambda: to_bytes(twelve(BitsAllocated=64, BitsStored=64)), ("unsupported_pixels",)),
    Odd("grey_jpeg_says_rgb", lambda: packed(BASELINE, [files.jpeg(BYTES)], RED), ("encoding_mismatch",)),
    Odd("rgb_jpeg_says_grey", lambda: packed(BASELINE, [files.jpeg(RED)], BYTES), ("encoding_mismatch",)),
    Odd("eight_bits_say_twelve", lambda: packed(BASELINE, [files.jpeg(BYTES)], GREY, **TWELVE), ("encoding_mismatch",)),
    Odd("sixteen_bits_say_eight", lambda: packed(LOSSLESS, [jpeg(GREY, lossless=True)], BYTES), ("encoding_mismatch",)),
    Odd("j2k_under_jpeg_ls", lambda: packed(JPEG_LS, [j2k(GREY)], GREY), ("encoding_mismatch",)),
    Odd("png_under_jpeg", lambda: packed(BASELINE, [files.png(BYTES)], BYTES), ("encoding_mismatch",)),
    Odd("all_fragments_empty", lambda: packed(BASELINE, [], RED, PixelData=fragments(b"", b"")), ("truncated",)),
    Odd("one_frame_of_two_pictures", lambda: packed(
        BASELINE, [], RED, PixelData=fragments(files.jpeg(RED), files.jpeg(RED)), **YBR), ("frames_mismatch",)),
    Odd("frame_missing", lambda: packed(
        BASELINE, [], RED, NumberOfFrames=3, PixelData=fragments(files.jpeg(RED), files.jpeg(RED)), **YBR),
        ("frames_mismatch",)),
    Odd("fragment_past_the_end", lambda: packed(
        BASELINE, [], RED, PixelData=b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0\xff\xff\xff\x7f" + files.jpeg(RED)),
        ("truncated",)),
    Odd("jpeg_cut_in_two_and_closed", lambda: packed(
        BASELINE, [half(jpeg(noise()))], noise()), ("cannot_decode", "damaged_parts")),
    Odd("j2k_cut_in_two_and_closed", lambda: packed(J2K, [half(j2k(noise()))], noise()),
        ("truncated", "cannot_decode")),
    Odd("j2k_of_millions_of_tiles", lambda: packed(J2K, [tiny_tiles()], np.zeros((2000, 2000), np.uint16)),
        ("encoding_mismatch",)),
    Odd("j2k_of_huge_tiles", lambda: packed(J2K, [changed(j2k(GREY), 24, b"\x7f\xff\xff\xff" * 2)], GREY),
        ("encoding_mismatch", "cannot_decode", "truncated", "")),
    Odd("j2k_huge", lambda: packed(J2K, [changed(j2k(GREY), 8, b"\x7f\xff\xff\xff" * 2)], GREY), ("size_mismatch",)),
    Odd("xl_of_another_size", lambda: packed(
        XL, [bytes(imagecodecs.jpegxl_encode(GREY[:20], lossless=True))], GREY), ("size_mismatch",)),
    Odd("xl_cut_in_two", lambda: packed(XL, [bytes(imagecodecs.jpegxl_encode(noise(), lossless=True))[:1500]], noise()),
        ("cannot_decode",)),
    Odd("jpeg_ls_cut_in_two", lambda: packed(JPEG_LS, [half(bytes(imagecodecs.jpegls_encode(noise())))], noise()),
        ("cannot_decode",)),
    Odd("rle_without_segments", lambda: packed(RLE, [b"\0" * 64], GREY), ("encoding_mismatch",)),
    Odd("rle_segment_outside", lambda: packed(RLE, [changed(rle(GREY), 8, b"\xff\xff\xff\x7f")], GREY), ("truncated",)),
    Odd("rle_cut_in_two", lambda: packed(RLE, [rle(GREY)[:700]], GREY), ("truncated", "cannot_decode")),
    Odd("deflate_bomb", bomb, ("inflates_too_much",)),
    Odd("deflate_cut_in_two", lambda: files.deflated(files.dicom(GREY), zeros=0)[:1200], DAMAGED),
    Odd("deflate_of_noise", lambda: files.deflated(files.dicom(GREY), zeros=0)[:500] + b"\xff" * 2000, DAMAGED),
    Odd("sequence_of_4_gb", lambda: with_element(b"\x27\x00\x01\x10SQ\0\0\xfe\xff\xff\xff"),
        ("truncated", "no_picture", "damaged_header", "not_an_image")),
    Odd("element_of_4_gb", lambda: with_element(b"\x27\x00\x01\x10OB\0\0\xfe\xff\xff\xff"),
        ("truncated", "no_picture", "damaged_header", "not_an_image")),
    Odd("nested_without_end", lambda: with_element(
        b"\x27\x00\x01\x10SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 4000),
        ("nested_too_deep", "damaged_header", "truncated")),
    Odd("not_a_number_anywhere", lambda: floating(np.full((8, 8), np.nan)), ("unsupported_pixels",)),
    Odd("no_palette", lambda: to_bytes(files.dicom(BYTES, PhotometricInterpretation="PALETTE COLOR")),
        ("missing_value",)),
    Odd("palette_too_short", lambda: palette(256, 0, 16, (words(1, 2),) * 3), ("wrong_value",)),
    Odd("palette_segments_endless", lambda: palette(
        4, 0, 16, (words(1, 65535, 9, 2, 65535, 0, 0),) * 3, Modality="SG"), ("wrong_value",)),
    Odd("native_says_jpeg", lambda: mislabelled(twelve(), BASELINE), ("encoding_mismatch",)),
    Odd("meta_only", lambda: to_bytes(twelve())[:300], ("truncated", "no_picture", "damaged_header")),
    Odd("dicm_alone", lambda: b"\0" * 128 + b"DICM", ("missing_value",)),
    Odd("dicm_and_noise", lambda: b"\0" * 128 + b"DICM" + bytes(range(256)) * 8, DAMAGED),
]  # fmt: skip


def noise() -> Pixels:
    """What no coder makes small: half of its stream is half of its picture."""
    return np.random.default_rng(3).integers(0, 256, (64, 64), dtype=np.uint8)


def half(stream: bytes) -> bytes:
    """The first half of a codestream, closed as if it were whole."""
    return stream[: len(stream) // 2] + b"\xff\xd9"


def tiny_tiles() -> bytes:
    stream = bytearray(j2k(np.zeros((2000, 2000), np.uint16)))
    stream[24:32] = struct.pack(">LL", 1, 1)
    return bytes(stream)


def changed_frames(text: bytes) -> bytes:
    """A still whose Number of Frames is this text."""
    whole = to_bytes(twelve())
    at = whole.index(b"\x28\x00\x10\x00US")
    return whole[:at] + b"\x28\x00\x08\x00IS" + struct.pack("<H", len(text)) + text + whole[at:]
