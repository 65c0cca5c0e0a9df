"""DICOM files that lie about themselves are refused before anything is decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import UID

from imaging import limits
from imaging.dataset import open_dicom
from imaging.refusals import Refusal
from tests.imaging import files

SQUARE = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


def refusal(data: FileDataset | bytes, folder: Path) -> Refusal:
    path = folder / "file.dcm"
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        files.save(data, path)
    with pytest.raises(Refusal) as refused:
        open_dicom(path, folder)
    return refused.value


def bytes_of(data: FileDataset, folder: Path) -> bytes:
    return files.save(data, folder / "whole.dcm").read_bytes()


def clip(**elements: Any) -> FileDataset:
    return files.jpeg_clip(files.numbered_frames(4), **elements)


def test_a_sound_file_has_its_frames_located(tmp_path: Path) -> None:
    found = open_dicom(files.save(clip(), tmp_path / "clip.dcm"), tmp_path)
    assert (found.layout.rows, found.layout.columns, found.layout.frames) == (48, 64, 4)
    assert [len(spans) for spans in found.frames] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"Rows": 0}, "wrong_value"),
        ({"Columns": None}, "missing_value"),
        ({"Rows": 65535, "Columns": 65535}, "too_large"),
        ({"NumberOfFrames": 999_999}, "too_many_frames"),
        ({"NumberOfFrames": 2}, "truncated"),
        ({"BitsStored": 17}, "wrong_value"),
        ({"BitsAllocated": 24, "BitsStored": 24}, "unsupported_pixels"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "truncated"),
        ({"SamplesPerPixel": 3}, "wrong_value"),
        ({"PhotometricInterpretation": "HSV"}, "unsupported_pixels"),
        ({"PixelRepresentation": None}, "missing_value"),
    ],
)
def test_an_impossible_header_is_refused_by_name(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    assert refusal(files.dicom(SQUARE, **change), tmp_path).code == code


def test_native_pixels_that_were_cut_off_are_refused(tmp_path: Path) -> None:
    whole = bytes_of(files.dicom(SQUARE), tmp_path)
    assert refusal(whole[:-100], tmp_path).code == "truncated"


def test_a_clip_cut_off_inside_a_frame_is_refused(tmp_path: Path) -> None:
    whole = bytes_of(clip(), tmp_path)
    assert refusal(whole[: len(whole) * 2 // 3], tmp_path).code == "truncated"


def test_a_header_and_a_codestream_of_different_sizes_are_refused(tmp_path: Path) -> None:
    found = refusal(clip(Rows=480), tmp_path)
    assert (found.code, found.values["header"], found.values["inside"]) == ("size_mismatch", "64 x 480", "64 x 48")


def test_a_frame_without_its_end_marker_is_refused(tmp_path: Path) -> None:
    packed = [files.jpeg(frame) for frame in files.numbered_frames(4)]
    packed[2] = packed[2][:-200]
    data = clip()
    data.PixelData = encapsulate(packed)
    assert refusal(data, tmp_path).code == "truncated"


def test_any_frame_may_be_the_one_that_lies(tmp_path: Path) -> None:
    packed = [files.jpeg(frame) for frame in files.numbered_frames(3)]
    packed.append(files.jpeg(np.zeros((96, 64, 3), np.uint8)))
    data = clip()
    data.PixelData = encapsulate(packed)
    assert refusal(data, tmp_path).code == "size_mismatch"


def test_a_count_of_frames_that_is_not_what_lies_inside_is_refused(tmp_path: Path) -> None:
    found = refusal(clip(NumberOfFrames=9), tmp_path)
    assert (found.code, found.values) == ("frames_mismatch", {"header": 9, "inside": 4})


def test_a_wrong_offset_table_is_not_believed(tmp_path: Path) -> None:
    data = clip()
    packed = [files.jpeg(frame) for frame in files.numbered_frames(4)]
    whole = bytearray(encapsulate(packed))
    whole[8:24] = b"\xff\xff\xff\x7f" * 4
    data.PixelData = bytes(whole)
    assert len(open_dicom(files.save(data, tmp_path / "clip.dcm"), tmp_path).frames) == 4


@pytest.mark.parametrize("named", [(1, 2), (0, 2)])
def test_an_offset_table_that_leaves_out_a_picture_is_not_believed(tmp_path: Path, named: tuple[int, int]) -> None:
    packed = [files.jpeg(frame) for frame in files.numbered_frames(3)]
    packed = [one + b"\0" * (len(one) % 2) for one in packed]
    items = [struct.pack("<HHL", 0xFFFE, 0xE000, len(one)) + one for one in packed]
    table = struct.pack("<LL", *(sum(map(len, items[:number])) for number in named))
    data = clip(NumberOfFrames=2)
    data.PixelData = struct.pack("<HHL", 0xFFFE, 0xE000, len(table)) + table + b"".join(items)
    assert refusal(data, tmp_path).code == "frames_mismatch"


def test_frames_in_several_fragments_are_put_together(tmp_path: Path) -> None:
    data = clip()
    packed = [files.jpeg(frame) for frame in files.numbered_frames(4)]
    data.PixelData = encapsulate(packed, fragments_per_frame=2, has_bot=False)
    found = open_dicom(files.save(data, tmp_path / "clip.dcm"), tmp_path)
    assert [len(spans) for spans in found.frames] == [2, 2, 2, 2]


def says_syntax(uid: str) -> Callable[[FileDataset], None]:
    def change(data: FileDataset) -> None:
        data.file_meta.TransferSyntaxUID = UID(uid)

    return change


@pytest.mark.parametrize(
    ("syntax", "code"),
    [
        ("1.2.840.10008.1.2.4.90", "encoding_mismatch"),  # says JPEG 2000, is JPEG
        ("1.2.840.10008.1.2.4.80", "encoding_mismatch"),  # says JPEG-LS, is JPEG
        ("1.2.840.10008.1.2.4.61", "unsupported_encoding"),
        ("1.2.3", "unsupported_encoding"),
    ],
)
def test_a_transfer_syntax_that_is_not_what_lies_inside_is_refused(tmp_path: Path, syntax: str, code: str) -> None:
    whole = bytearray(bytes_of(clip(), tmp_path))
    old = b"1.2.840.10008.1.2.4.50"
    whole = whole.replace(old, syntax.encode().ljust(len(old), b"\0"), 1)
    assert refusal(bytes(whole), tmp_path).code == code


def test_a_deflated_file_is_inflated_on_disk_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deflated.dcm"
    path.write_bytes(files.deflated(files.dicom(SQUARE), zeros=0))
    assert open_dicom(path, tmp_path).layout.rows == 64


def test_a_deflate_bomb_is_stopped_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_INFLATED_BYTES", 4 * 1_048_576)
    bomb = files.deflated(files.dicom(SQUARE), zeros=16 * 1_048_576)
    assert len(bomb) < 65_536
    assert refusal(bomb, tmp_path).code == "inflates_too_much"
    assert (tmp_path / "inflated.dcm").stat().st_size <= 5 * 1_048_576


def test_sequences_nested_without_end_are_refused(tmp_path: Path) -> None:
    item = b""
    for _ in range(3000):
        item = b"\x18\x00\x11\x60SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" + item
    whole = bytes_of(files.dicom(SQUARE), tmp_path)
    at = whole.index(b"\x28\x00\x02\x00US")
    assert refusal(whole[:at] + item, tmp_path).code in {"nested_too_deep", "damaged_header", "truncated"}


@pytest.mark.parametrize(
    ("sop_class", "code"),
    [("1.2.840.10008.5.1.4.1.1.104.1", "not_an_image"), ("1.2.3", "no_picture")],
)
def test_a_document_is_told_from_a_picture(tmp_path: Path, sop_class: str, code: str) -> None:
    data = files.dicom(SQUARE, SOPClassUID=sop_class)
    del data.PixelData
    assert refusal(data, tmp_path).code == code


def test_the_pixel_data_of_an_icon_is_not_the_picture(tmp_path: Path) -> None:
    data = files.dicom(SQUARE)
    icon = Dataset()
    icon.Rows, icon.Columns, icon.BitsAllocated = 4, 4, 8
    icon.add_new("PixelData", "OB", b"\0" * 16)
    data.IconImageSequence = Sequence([icon])
    assert open_dicom(files.save(data, tmp_path / "iconic.dcm"), tmp_path).layout.rows == 64
