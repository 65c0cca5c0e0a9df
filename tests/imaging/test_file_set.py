"""Real and hostile files: the good ones show and lose nothing, the bad ones end in one sentence, none does harm.

The set is the folder named by NIDAAN_DATA_SET (or ../shared/data beside the repository) with its manifest.csv; without
it the files that pydicom-data brings stand in. ALL_FILES=1 takes every file instead of a slice of each kind.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import operator
import os
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from imaging import sandbox
from imaging.reasons import SENTENCES
from imaging.refusals import Refusal
from imaging.tiles import TileIndex, read_tiles

ROOT = Path(__file__).resolve().parents[2]
SET = Path(os.environ.get("NIDAAN_DATA_SET", ROOT.parent / "shared" / "data"))
EVERY = os.environ.get("ALL_FILES") == "1"
GIGABYTE = 1024**3
CLIP = "color3d_jpeg_baseline"
FILE_OF = operator.itemgetter("file")

# One of each way to be right or wrong; ALL_FILES=1 takes the rest.
SLICE = {
    "dicom/ctmr/ct_deflated.dcm",
    "dicom/ctmr/ct_jpegls.dcm",
    "dicom/ctmr/mr_small_big_endian.dcm",
    "dicom/other/htj2k_lossless_rgb.dcm",
    "dicom/us/ge_vingmed_27f_jpegxl.dcm",
    "dicom/us/toshiba_mmode_still_2regions.dcm",
    "dicom/us/esaote_ybr422_uncompressed.dcm",
    "dicom/malformed/bulk_3gb_truncated.dcm",
    "dicom/malformed/gen_deflate_bomb_512MiB.dcm",
    "dicom/malformed/gen_j2k_siz_2e31_bomb.dcm",
    "dicom/malformed/gen_nested_sq_depth_3000.dcm",
    "dicom/malformed/gen_rows_cols_65535_jpeg_is_1024.dcm",
    "dicom/malformed/gen_ts_says_j2k_is_jpeg.dcm",
    "dicom/malformed/gen_us_bot_offsets_past_eof.dcm",
    "dicom/malformed/gen_us_clip_truncated_frame4of6.dcm",
    "dicom/malformed/gen_us_numberofframes_9999_has_6.dcm",
    "dicom/malformed/gen_xray_j2k_truncated_half.dcm",
    "dicom/malformed/gen_zero_bytes.dcm",
    "dicom/malformed/pwnlab_tc0851_rle_seg_expand_bomb.dcm",
    "media/malformed/gen_audio_only.mp4",
    "media/malformed/gen_mp4_truncated_60pct.mp4",
    "media/malformed/gen_png_bomb_30000x30000_1bit.png",
    "media/malformed/gen_xray_jpeg_truncated_half.jpg",
    "media/image/animated.webp",
    "media/image/derived_xray_16bit_gray.tif",
    "media/image/exif_gps_camera.jpg",
    "media/image/iphonex_orient6_gps.webp",
    "media/image/nokia_reference.heic",
    "media/malformed/gen_gif_65535_screen_2000_frames_zero_delay.gif",
    "media/malformed/gen_heic_ispe_2e31.heic",
    "media/malformed/heif_negative_array.heif",
    "media/video/camera_mjpeg.avi",
    "media/video/derived_lung_15fps.gif",
    "media/video/derived_lung_mediarecorder_vp8.webm",
    "media/video/iphone_rot90_gps.mov",
    "media/video/old_phone.3gp",
}

# What is refused although it is sound: kinds and codings that cannot be shown yet, each said by its name.
NOT_YET = {"unsupported_encoding", "not_an_image"}
NONCONFORMANT = {"dicom/xray/cr_leg_mono1_jpeg_ext12_nonconformant.dcm"}

# What the manifest says must not be believed or cannot be read, and the one reason each must end with.
REASONS = {
    "dicom/malformed/gen_deflate_bomb_512MiB.dcm": "inflates_too_much",
    "dicom/malformed/gen_j2k_siz_2e31_bomb.dcm": "size_mismatch",
    "dicom/malformed/gen_jpeg_sof_65500x65500_vs_rows1024.dcm": "size_mismatch",
    "dicom/malformed/gen_nested_sq_depth_3000.dcm": "nested_too_deep",
    "dicom/malformed/gen_rows_cols_65535_jpeg_is_1024.dcm": "too_large",
    "dicom/malformed/gen_ts_says_j2k_is_jpeg.dcm": "encoding_mismatch",
    "dicom/malformed/gen_ts_says_explicit_le_is_encapsulated_jpeg.dcm": "encoding_mismatch",
    "dicom/malformed/wrong_transfer_syntax_says_jpegls.dcm": "encoding_mismatch",
    "dicom/malformed/gen_us_clip_truncated_frame4of6.dcm": "truncated",
    "dicom/malformed/gen_us_numberofframes_9999_has_6.dcm": "frames_mismatch",
    "dicom/malformed/gen_xray_j2k_truncated_half.dcm": "truncated",
    "dicom/malformed/mr_truncated.dcm": "truncated",
    "dicom/malformed/gen_zero_bytes.dcm": "empty_file",
    "media/malformed/gen_audio_only.mp4": "no_video",
    "media/malformed/gen_png_bomb_30000x30000_1bit.png": "too_large",
    "media/malformed/gen_xray_jpeg_truncated_half.jpg": "damaged_picture",
    "media/malformed/gen_mp4_truncated_60pct.mp4": "damaged_video",
    "media/malformed/gen_gif_65535_screen_2000_frames_zero_delay.gif": "too_large",
    "media/malformed/gen_heic_ispe_2e31.heic": "too_large",
    "media/malformed/heif_negative_array.heif": "damaged_picture",
}


@cache
def rows() -> tuple[dict[str, str], ...]:
    """The manifest, in full or the slice; nothing where the set is absent."""
    if not (SET / "manifest.csv").exists():
        return ()
    with (SET / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row for row in csv.DictReader(file) if EVERY or row["file"] in SLICE)


def stand_ins() -> list[Path]:
    """Real files that the test requirements bring; only two small ones of them where the whole set is there."""
    data_store: Any = importlib.import_module("data_store")

    names = ["emri_small_jpeg_ls_lossless", "SC_rgb_16bit"]
    if EVERY or not rows():
        names += ["RG3_UNCR", "RG1_J2KR", CLIP, "JPGLosslessP14SV1_1s_1f_8b", "OBXXXX1A_rle", "mlut_18"]
    folder = Path(str(data_store.__file__)).parent / "data"
    return [folder / f"{name}.dcm" for name in names if (folder / f"{name}.dcm").exists()]


def rendered(path: Path, workspace: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Facts and renditions by name; raises Refusal."""
    facts: dict[str, Any] = {}
    made: dict[str, dict[str, Any]] = {}
    for event in sandbox.run("render", path, workspace):
        if event["event"] == "facts":
            facts = event["facts"]
        elif event["event"] == "rendition":
            made[event["name"]] = event
        elif event["event"] == "done":
            assert event["peak_bytes"] < GIGABYTE
    return facts, made


def tiles_hash(facts: dict[str, Any], tiles: dict[str, Any], workspace: Path, dtype: str) -> str:
    """SHA-256 of the stored values that come back out of the tiles."""
    index = TileIndex(**tiles["detail"]["index"])
    blob = (workspace / tiles["file"]).read_bytes()
    back = read_tiles(blob, index, facts["rows"], facts["columns"], tuple(tiles["detail"]["values_at"]))
    return hashlib.sha256(back.astype(np.dtype(dtype)).tobytes()).hexdigest()


def require_no_metadata(made: dict[str, dict[str, Any]], workspace: Path) -> None:
    """Nothing of what a phone writes about its owner is in what is shown."""
    for one in made.values():
        path = workspace / one["file"]
        if path.suffix == ".webp":
            with Image.open(path) as image:
                assert not image.getexif()
                assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)
        if path.suffix == ".mp4":
            with av.open(str(path)) as container:
                assert set(container.metadata) <= {"major_brand", "minor_version", "compatible_brands", "encoder"}
                assert not container.streams.audio


@pytest.mark.skipif(not rows(), reason="the file set is absent: see test_files_that_the_requirements_bring_show")
@pytest.mark.parametrize(
    "row", [row for row in rows() if "/malformed/" not in row["file"]], ids=lambda row: row["file"]
)
def test_a_sound_file_shows_and_a_lossless_one_loses_nothing(row: dict[str, str], tmp_path: Path) -> None:
    try:
        facts, made = rendered(SET / row["file"], tmp_path)
    except Refusal as refusal:
        if refusal.code in NOT_YET or row["file"] in NONCONFORMANT:
            return
        raise
    assert {"thumbnail", "preview"} <= set(made)
    require_no_metadata(made, tmp_path)
    if facts["kind"] == "clip":
        assert {"clip", "clip_small", "clip_mp4"} <= set(made)
        return
    assert {"full", "tiles"} <= set(made)
    stored = row["pixel_sha256"] and row["photometric"] != "PALETTE COLOR" and "modality_lut" not in row["file"]
    if stored:  # palette and Modality LUT are applied to what the tiles hold
        assert tiles_hash(facts, made["tiles"], tmp_path, row["dtype"]) == row["pixel_sha256"]


@pytest.mark.skipif(not rows(), reason="the file set is absent: its hostile files have no stand-ins")
@pytest.mark.parametrize("row", [one for one in rows() if "/malformed/" in one["file"]], ids=FILE_OF)
def test_a_malformed_file_ends_in_pictures_or_in_one_known_reason(row: dict[str, str], tmp_path: Path) -> None:
    code = None
    try:
        rendered(SET / row["file"], tmp_path)
    except Refusal as refusal:
        code = refusal.code
    assert code is None or code in SENTENCES.keys() - {"crashed", "out_of_time"}
    if row["file"] in REASONS:
        assert code == REASONS[row["file"]]


@pytest.mark.parametrize("path", stand_ins(), ids=lambda path: path.stem)
def test_files_that_the_requirements_bring_show(path: Path, tmp_path: Path) -> None:
    facts, made = rendered(path, tmp_path)
    expected = {"full", "tiles"} if facts["kind"] == "still" else {"clip", "clip_small", "clip_mp4"}
    assert set(made) == {"thumbnail", "preview"} | expected


def test_the_real_ultrasound_clip_has_its_hundred_and_twenty_frames_and_its_scale(tmp_path: Path) -> None:
    clip = stand_ins()[0].with_name(f"{CLIP}.dcm")
    [facts] = [event["facts"] for event in sandbox.run("inspect", clip, tmp_path) if event["event"] == "facts"]
    assert (facts["frames"], facts["frame_durations_ms"], facts["photometric"]) == (120, [33.333], "RGB")
    [area] = facts["calibration"]
    assert area["mm_per_px_x"] == pytest.approx(0.5105, abs=1e-4)
