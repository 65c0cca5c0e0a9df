"""A file is what its bytes say, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imaging.detection import detect
from imaging.refusals import Refusal
from tests.imaging import files

GREY = np.zeros((8, 8), np.uint8)


def test_a_png_named_dcm_is_a_png(tmp_path: Path) -> None:
    path = tmp_path / "chest.dcm"
    path.write_bytes(files.png(GREY))
    assert detect(path) == "png"


def test_dicom_is_known_by_its_mark_behind_any_preamble(tmp_path: Path) -> None:
    data = files.dicom(GREY)
    data.preamble = b"MZ" + b"<html>".ljust(126, b" ")
    assert detect(files.save(data, tmp_path / "chest.jpg")) == "dicom"


def test_photographs_and_videos_are_known(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(files.jpeg(GREY))
    assert detect(tmp_path / "a") == "jpeg"
    assert detect(files.video(tmp_path / "b.txt", files.numbered_frames(2))) == "video"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"GIF89a" + b"\0" * 20, "gif"),
        (b"II*\0" + b"\0" * 20, "tiff"),
        (b"MM\0*" + b"\0" * 20, "tiff"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 20, "heic"),
        (b"\0\0\0\x18ftypavif" + b"\0" * 20, "avif"),
        (b"\0\0\0\x18ftyp3gp5" + b"\0" * 20, "video"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "webp"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\x1aE\xdf\xa3" + b"\0" * 20, "video"),
        (b"\0\0\x01\xba" + b"\0" * 20, "video"),
        ((b"G" + b"\0" * 187) * 3, "video"),
        (b"BM" + b"\x10\0\0\0" + b"\0" * 20, "bmp"),
    ],
)
def test_what_phones_and_machines_write_is_known_by_its_first_bytes(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "file").write_bytes(content)
    assert detect(tmp_path / "file") == kind


@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        (b"", "empty_file", None),
        (b"hello", "unknown_kind", None),
        (b"\0" * 200, "unknown_kind", None),
        (b"<!doctype html><script>", "other_kind", "HTML"),
        (b"<html>", "other_kind", "HTML"),
        (b"PK\x03\x04rest", "other_kind", "ZIP"),
    ],
)
def test_what_cannot_be_shown_is_named_where_it_is_known(
    tmp_path: Path, content: bytes, code: str, kind: str | None
) -> None:
    path = tmp_path / "file.dcm"
    path.write_bytes(content)
    with pytest.raises(Refusal) as refused:
        detect(path)
    assert (refused.value.code, refused.value.values.get("kind")) == (code, kind)
