"""Pictures of phones that know more than a screen shows, and of machines that took every other line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from imaging import high_range, renditions, sandbox
from imaging.animations import DeepPages
from imaging.pictures import PictureSource
from imaging.source import open_source
from imaging.videos import VideoSource
from tests.imaging import files

PQ, HLG, BT2020 = high_range.PQ, high_range.HLG, 9
WHITE = {PQ: 0.5807, HLG: 0.75}  # the codes of diffuse white, ITU-R BT.2408 table 1


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_diffuse_white_is_nearly_the_screen_s_white_and_black_is_black(transfer: int) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    shown = high_range.frame_as_standard(ramp, transfer, BT2020)[0, :, 0].astype(int)
    assert shown[0] == 0
    assert shown[round(WHITE[transfer] * 255)] == pytest.approx(237, abs=3)  # 0.85 of the screen's light
    assert shown[255] >= 253
    assert (np.diff(shown) >= 0).all()


def test_a_colour_within_both_ranges_is_the_same_colour() -> None:
    """A dull green of sRGB, coded as HLG in BT.2020 by the inverse of the standard's formulas."""
    srgb = np.array([60, 120, 70]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    light = to_2020 @ linear * 203
    y = light @ np.array([0.2627, 0.6780, 0.0593])
    scene = light / 1000 / (y / 1000) ** (0.2 / 1.2)
    coded = np.where(scene <= 1 / 12, np.sqrt(3 * scene), 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073)
    frame = np.rint(coded * 255).astype(np.uint8)[None, None, :]
    assert high_range.frame_as_standard(frame, HLG, BT2020)[0, 0] == pytest.approx(srgb * 255, abs=4)


def clip_of(path: Path, luma: int, transfer: int) -> Path:
    """A 10-bit HEVC clip of one grey, as phones write HDR."""
    with av.open(str(path), "w", format="mp4") as target:
        made: Any = target.add_stream("libx265", rate=25, options={"x265-params": "log-level=none"})
        made.width, made.height, made.pix_fmt = 64, 48, "yuv420p10le"
        context = made.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, transfer, 9, 1
        for index in range(3):
            frame = av.VideoFrame(64, 48, "yuv420p10le")
            for plane, value in zip(frame.planes, (luma, 512, 512), strict=True):
                plane.update(np.full(plane.buffer_size // 2, value, "<u2").tobytes())
            frame.pts, frame.time_base = index, Fraction(1, 25)
            frame.color_trc, frame.colorspace, frame.color_primaries = transfer, 9, 9
            target.mux(made.encode(frame))
        target.mux(made.encode(None))
    return path


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_phone_s_hdr_clip_has_its_white_where_other_clips_have_it(tmp_path: Path, transfer: int) -> None:
    source = VideoSource(clip_of(tmp_path / "clip.mp4", 64 + round(876 * WHITE[transfer]), transfer))
    assert source.frame(1).mean() == pytest.approx(237, abs=4)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_a_phone_s_hdr_photo_has_its_white_where_other_photos_have_it(tmp_path: Path, transfer: int) -> None:
    grey = np.full((48, 64, 3), round(WHITE[transfer] * 65535), np.uint16)
    path = tmp_path / "photo.heic"
    said = {"color_primaries": BT2020, "transfer_characteristics": transfer, "matrix_coefficients": 9}
    pillow_heif.encode(
        "RGB;16", (64, 48), grey.tobytes(), str(path), save_nclx_profile=True, full_range_flag=1, quality=95, **said
    )
    assert pillow_heif.open_heif(path, convert_hdr_to_8bit=False).info["bit_depth"] == 10
    source = PictureSource(path, "heic")
    assert source.frame(0).mean() == pytest.approx(237, abs=4)


def test_an_hdr_avif_is_known_by_its_box(tmp_path: Path) -> None:
    path = tmp_path / "photo.avif"
    Image.fromarray(np.full((48, 64, 3), round(WHITE[PQ] * 255), np.uint8)).save(path, "AVIF", quality=95)
    content = path.read_bytes()
    at = content.index(b"colrnclx") + 8
    path.write_bytes(content[:at] + bytes((0, BT2020, 0, PQ)) + content[at + 4 :])
    assert PictureSource(path, "avif").frame(0).mean() == pytest.approx(237, abs=4)


# --- every other line ------------------------------------------------------------------------------------------------


def moving_bar(moment: int) -> files.Pixels:
    """A bright bar that moves four pixels a moment."""
    picture = np.full((96, 128), 40, np.uint8)
    picture[:, 10 + 4 * moment : 30 + 4 * moment] = 220
    return picture


def interlaced_stream(path: Path, count: int = 10) -> Path:
    """MPEG-2 whose even lines were taken half a frame after its odd ones (bottom field first, as it then says)."""
    with av.open(str(path), "w", format="mpeg") as target:
        made: Any = target.add_stream("mpeg2video", rate=25, options={"flags": "+ildct+ilme"})
        made.width, made.height, made.pix_fmt, made.bit_rate = 128, 96, "yuv420p", 6_000_000
        for index in range(count):
            picture = moving_bar(2 * index)
            picture[::2] = moving_bar(2 * index + 1)[::2]
            frame = av.VideoFrame.from_ndarray(np.repeat(picture[:, :, None], 3, axis=2), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            target.mux(made.encode(frame))
        target.mux(made.encode(None))
    return path


def comb(frame: files.Pixels) -> float:
    """How much neighbouring lines differ that two lines apart do not."""
    grey = frame[:, :, 1].astype(float)
    return float(np.abs(grey[1:-1] - (grey[:-2] + grey[2:]) / 2).mean())


def test_an_interlaced_clip_has_no_combs_and_as_many_frames_as_before(tmp_path: Path) -> None:
    path = interlaced_stream(tmp_path / "old.mpg")
    with av.open(str(path)) as container:
        combed = list(container.decode(video=0))
    assert all(frame.interlaced_frame for frame in combed)
    source = VideoSource(path)
    shown = list(source.timed_frames())
    assert len(shown) == source.facts.frames == len(combed)
    assert {duration for _, duration in shown} == {40_000}
    before = np.mean([comb(frame.to_ndarray(format="rgb24")) for frame in combed])
    after = np.mean([comb(frame) for frame, _ in shown])
    assert after < before / 3
    for index, (frame, _) in enumerate(shown[1:-1], 1):
        assert np.abs(frame[:, :, 1].astype(float) - moving_bar(2 * index)).mean() < 4, index  # combed: 6


# --- deep pages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("white_is_zero", [False, True])
def test_pages_of_sixteen_bits_are_a_clip_that_keeps_its_values(tmp_path: Path, white_is_zero: bool) -> None:
    rng = np.random.default_rng(3)
    pages = [rng.integers(1000 * n, 1000 * n + 900, (40, 60), dtype=np.uint16) for n in (1, 5, 9)]
    images = [Image.fromarray(page) for page in pages]
    path = tmp_path / "scan.tif"
    info = {262: 0} if white_is_zero else {}
    images[0].save(path, "TIFF", save_all=True, append_images=images[1:], tiffinfo=info)
    source = open_source(path, tmp_path)
    assert isinstance(source, DeepPages)
    facts = source.facts
    assert (facts.kind, facts.frames, facts.bits_stored) == ("clip", 3, 16)
    assert facts.photometric == ("MONOCHROME1" if white_is_zero else "MONOCHROME2")
    assert facts.pixel_range == {"min": float(pages[0].min()), "max": float(pages[2].max())}
    assert all(np.array_equal(frame, page) for frame, page in zip(source.frames(), pages, strict=True))
    brightness = [source.to_display(frame).mean() for frame in source.frames()]
    assert brightness == sorted(brightness, reverse=white_is_zero)
    workspace = tmp_path / "work"
    workspace.mkdir()
    events = list(sandbox.run("render", path, workspace, {}))
    made = {event["name"] for event in events if event["event"] == "rendition"}
    assert made == {"thumbnail", "preview", "clip_small", "clip", "clip_mp4"}
    assert renditions.PREVIEW_SIDE > 0
