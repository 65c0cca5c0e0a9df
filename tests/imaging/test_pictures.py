"""Phone pictures: upright once, grey kept grey, nothing of their EXIF in what is shown."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from imaging import renditions
from imaging.animations import AnimationSource
from imaging.detection import PictureKind, detect
from imaging.pictures import FORMATS, PictureSource
from imaging.refusals import Refusal
from imaging.source import open_source
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


@pytest.mark.parametrize("kind", ["heic", "webp", "tiff", "avif", "bmp"])
def test_what_phones_and_scanners_write_shows_as_it_looked(tmp_path: Path, kind: PictureKind) -> None:
    pillow_heif.register_heif_opener()
    lossless: dict[str, Any] = {"lossless": True} if kind == "webp" else {"quality": 95}
    Image.fromarray(marked()).save(tmp_path / "photo", FORMATS[kind], **lossless)
    assert detect(tmp_path / "photo") == kind
    shown = PictureSource(tmp_path / "photo", kind).frame(0)
    assert np.abs(shown.astype(int) - marked()).mean() < 3


@pytest.mark.parametrize("kind", ["webp", "tiff", "png", "avif"])
def test_every_format_is_turned_once(tmp_path: Path, kind: PictureKind) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(marked()).save(tmp_path / "photo", FORMATS[kind], exif=exif)
    shown = PictureSource(tmp_path / "photo", kind).frame(0)
    assert shown.shape[:2] == (60, 40)
    assert (shown[2, -3].mean() > 128, shown[2, 2].mean() > 128) == (True, False)


def test_the_exif_of_a_heic_is_not_applied_on_top_of_its_own_turn(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = 6  # HEIF turns by its own property; EXIF only repeats it (ISO/IEC 23008-12 section 6.5.10)
    Image.fromarray(marked()).save(tmp_path / "photo", "HEIF", exif=exif)
    assert PictureSource(tmp_path / "photo", "heic").frame(0).shape[:2] == (40, 60)


def test_a_wide_colour_photograph_is_shown_in_standard_colours_without_its_profile(tmp_path: Path) -> None:
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide = wide.replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")  # red is green's place
    wide = wide.replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    plain, managed = tmp_path / "plain", tmp_path / "managed"
    picture = Image.fromarray(np.full((8, 8, 3), (120, 60, 30), np.uint8))
    picture.save(plain, "PNG")
    picture.save(managed, "PNG", icc_profile=wide)
    shown = PictureSource(managed, "png").frame(0)
    assert not np.array_equal(shown, PictureSource(plain, "png").frame(0))
    renditions.write_webp(shown, tmp_path / "shown.webp", 1024)
    assert "icc_profile" not in Image.open(tmp_path / "shown.webp").info


def test_a_broken_colour_profile_does_not_take_the_picture_with_it(tmp_path: Path) -> None:
    Image.fromarray(marked()).save(tmp_path / "photo", "PNG", icc_profile=b"nonsense" * 30)
    assert np.array_equal(PictureSource(tmp_path / "photo", "png").frame(0), marked())


def test_a_deep_scan_whose_zero_is_white_is_not_shown_as_its_negative(tmp_path: Path) -> None:
    deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1000
    Image.fromarray(deep).save(tmp_path / "scan", "TIFF", tiffinfo={262: 0})
    source = PictureSource(tmp_path / "scan", "tiff")
    assert source.facts.photometric == "MONOCHROME1"
    assert np.array_equal(source.frame(0), deep)
    shown = source.to_display(source.frame(0))
    assert shown[0, 0] > shown[-1, -1]


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_a_moving_picture_becomes_a_clip_with_its_own_times(tmp_path: Path, kind: PictureKind) -> None:
    frames = [Image.fromarray(frame) for frame in files.numbered_frames(4)]
    options: dict[str, Any] = {"lossless": True} if kind == "webp" else {}
    frames[0].save(
        tmp_path / "moving",
        FORMATS[kind],
        save_all=True,
        append_images=frames[1:],
        duration=[50, 400, 0, 70],
        **options,
    )
    source = open_source(tmp_path / "moving", tmp_path)
    assert isinstance(source, AnimationSource)
    found = list(source.timed_frames())
    assert [files.number_of(frame) for frame, _ in found] == [0, 1, 2, 3]
    assert [duration for _, duration in found] == [50_000, 400_000, 100_000, 70_000]
    assert files.number_of(source.frame(2)) == 2


def test_a_gif_that_was_cut_off_is_refused_and_not_shown_shorter(tmp_path: Path) -> None:
    frames = [Image.fromarray(frame) for frame in files.numbered_frames(6)]
    frames[0].save(tmp_path / "moving", "GIF", save_all=True, append_images=frames[1:])
    content = (tmp_path / "moving").read_bytes()
    (tmp_path / "half").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(Refusal) as refused:
        open_source(tmp_path / "half", tmp_path)
    assert refused.value.code == "damaged_picture"


def test_a_scan_of_several_pages_shows_them_all(tmp_path: Path) -> None:
    pages = [Image.fromarray(frame) for frame in files.numbered_frames(3)]
    pages[0].save(tmp_path / "scan", "TIFF", save_all=True, append_images=pages[1:])
    source = open_source(tmp_path / "scan", tmp_path)
    assert (source.facts.kind, source.facts.frames) == ("clip", 3)
    assert [files.number_of(page) for page in source.frames()] == [0, 1, 2]


def test_a_photograph_that_is_damaged_inside_says_so_and_a_sound_one_does_not(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    sound = files.jpeg(pixels)
    middle = len(sound) // 2
    damaged = sound[:middle] + b"\xaa" * 60 + sound[middle + 60 :]
    for content, cautions in ((sound, []), (damaged, ["damaged_parts"])):
        (tmp_path / "photo.jpg").write_bytes(content)
        assert PictureSource(tmp_path / "photo.jpg", "jpeg").facts.cautions == cautions
