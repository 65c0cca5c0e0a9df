"""Phone pictures: upright once, grey kept grey, nothing of their EXIF in what is shown."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from imaging import renditions
from imaging.pictures import PictureSource
from imaging.refusals import Refusal
from tests.imaging import files


def marked(rows: int = 40, columns: int = 60) -> files.Pixels:
    """Black, with a white block in the upper left corner."""
    pixels = np.zeros((rows, columns, 3), np.uint8)
    pixels[: rows // 4, : columns // 4] = 255
    return pixels


@pytest.mark.parametrize(("orientation", "corner"), [(1, "tl"), (3, "br"), (6, "tr"), (8, "bl"), (2, "tr"), (5, "tl")])
def test_a_photograph_is_turned_upright_exactly_once(tmp_path: Path, orientation: int, corner: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "photo").write_bytes(files.jpeg(marked(), exif=exif))
    source = PictureSource(tmp_path / "photo", "jpeg")
    shown = source.to_display(source.frame(0))
    corners = {"tl": shown[2, 2], "tr": shown[2, -3], "bl": shown[-3, 2], "br": shown[-3, -3]}
    assert {name for name, pixel in corners.items() if pixel.mean() > 128} == {corner}
    turned = orientation >= 5
    assert (source.facts.rows, source.facts.columns) == ((60, 40) if turned else (40, 60))


def test_what_is_shown_holds_no_exif(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "ACME phone"
    exif.get_ifd(0x8825)[1] = "N"
    (tmp_path / "photo").write_bytes(files.jpeg(marked(), exif=exif))
    source = PictureSource(tmp_path / "photo", "jpeg")
    renditions.write_webp(source.to_display(source.frame(0)), tmp_path / "shown.webp", 1024)
    shown = (tmp_path / "shown.webp").read_bytes()
    assert b"ACME" not in shown
    assert not Image.open(io.BytesIO(shown)).getexif()


def test_a_grey_picture_stays_grey_and_a_deep_one_deep(tmp_path: Path) -> None:
    (tmp_path / "grey").write_bytes(files.png(np.full((8, 8), 77, np.uint8)))
    assert PictureSource(tmp_path / "grey", "png").facts.photometric == "MONOCHROME2"
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    (tmp_path / "deep").write_bytes(files.png(deep))
    source = PictureSource(tmp_path / "deep", "png")
    assert source.facts.bits_stored == 16
    assert np.array_equal(source.frame(0), deep)


def test_transparency_is_shown_over_black(tmp_path: Path) -> None:
    pixels = np.full((4, 4, 4), 255, np.uint8)
    pixels[:2, :, 3] = 0
    (tmp_path / "clear").write_bytes(files.png(pixels))
    shown = PictureSource(tmp_path / "clear", "png").frame(0)
    assert (shown[0].max(), shown[3].min()) == (0, 255)


def test_a_picture_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = files.jpeg(np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refusal) as refused:
        PictureSource(tmp_path / "half", "jpeg")
    assert refused.value.code == "damaged_picture"


def test_a_picture_that_claims_to_be_enormous_is_refused_unread(tmp_path: Path) -> None:
    small = bytearray(files.png(np.zeros((8, 8), np.uint8)))
    small[16:24] = struct.pack(">II", 30_000, 30_000)  # IHDR: width and height, then its checksum (PNG 11.2.2)
    small[29:33] = struct.pack(">I", zlib.crc32(small[12:29]))
    (tmp_path / "bomb").write_bytes(small)
    with pytest.raises(Refusal) as refused:
        PictureSource(tmp_path / "bomb", "png")
    assert refused.value.code == "too_large"
