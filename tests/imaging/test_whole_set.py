"""Every file of the set, opened and decoded in a process of its own, held to what the manifest says of it.

The set is the folder named by NIDAAN_DATA_SET (or ../shared/data beside the repository); without it these tests are
skipped and the files of our own making (test_odd_files.py) stand for it.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from imaging import ingest
from imaging.cautions import SENTENCES as CAUTIONS
from imaging.reasons import SENTENCES as REASONS
from tests.imaging.conftest import instance_row, upload_row

ROOT = Path(__file__).resolve().parents[2]
SET = Path(os.environ.get("NIDAAN_DATA_SET", ROOT.parent / "shared" / "data"))
MEGABYTES = 1024
PROCESSES = 2
Row = dict[str, str]

# Sound files that end in a document or in nothing to see, and what the reason must be.
NOT_PICTURES = {
    "dicom/other/dicomdir.dcm": "not_an_image",
}
DOCUMENTS = {"dicom/other/encapsulated_pdf.dcm": "pdf", "dicom/other/sr_basic_text.dcm": "report"}
# Its frames lie outside the file's own boxes by so much that its maker's decoders disagree: shown, with its reason.
LOSSY = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.111"}
# The region reaches far outside the picture: it was resized after it was calibrated, so no length of it can be true.
RESIZED = {"dicom/malformed/gen_us_region_anisotropic_5x.dcm"}
# What a refusal must say where the manifest leaves more than one way open.
SAYS = {
    "dicom/malformed/bulk_3gb_truncated.dcm": "too_large",
    "dicom/malformed/gen_deflate_bomb_512MiB.dcm": "inflates_too_much",
    "dicom/malformed/gen_j2k_siz_2e31_bomb.dcm": "size_mismatch",
    "dicom/malformed/gen_jpeg_sof_65500x65500_vs_rows1024.dcm": "size_mismatch",
    "dicom/malformed/gen_nested_sq_depth_3000.dcm": "nested_too_deep",
    "dicom/malformed/gen_rows_cols_65535_jpeg_is_1024.dcm": "too_large",
    "dicom/malformed/gen_ts_says_explicit_le_is_encapsulated_jpeg.dcm": "encoding_mismatch",
    "dicom/malformed/gen_ts_says_j2k_is_jpeg.dcm": "encoding_mismatch",
    "dicom/malformed/gen_us_clip_truncated_frame4of6.dcm": "truncated",
    "dicom/malformed/gen_us_numberofframes_9999_has_6.dcm": "frames_mismatch",
    "dicom/malformed/gen_xray_j2k_truncated_half.dcm": "truncated",
    "dicom/malformed/gen_zero_bytes.dcm": "empty_file",
    "dicom/malformed/mr_truncated.dcm": "truncated",
    "dicom/malformed/oob_mono_65535.dcm": "too_large",
    "dicom/malformed/wrong_transfer_syntax_says_jpegls.dcm": "encoding_mismatch",
    "media/malformed/gen_audio_only.mp4": "no_video",
    "media/malformed/gen_png_bomb_30000x30000_1bit.png": "too_large",
}


@cache
def rows() -> tuple[Row, ...]:
    """The manifest; nothing where the set is absent."""
    if not (SET / "manifest.csv").exists():
        return ()
    with (SET / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def answers() -> dict[str, dict[str, Any]]:
    """What came of each file, by its name: two processes take the files in turn."""
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.imaging.sweep"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        )
        for _ in range(PROCESSES)
    ]
    shares = [rows()[number::PROCESSES] for number in range(PROCESSES)]
    asked = ["".join(f"{SET / row['file']}\t{row['dtype']}\n" for row in share) for share in shares]
    for process, lines in zip(running, asked, strict=True):
        assert process.stdin is not None
        process.stdin.write(lines)
        process.stdin.close()
    found: dict[str, dict[str, Any]] = {}
    for process, share in zip(running, shares, strict=True):
        assert process.stdout is not None
        said = [json.loads(line) for line in process.stdout]
        assert process.wait() == 0
        found |= {row["file"]: answer for row, answer in zip(share, said, strict=True)}
    return found


def named(wanted: Iterable[Row]) -> list[Any]:
    return [pytest.param(row, id=row["file"]) for row in wanted]


def expecting(*words: str) -> list[Any]:
    return named(row for row in rows() if any(word in row["expect"] for word in words))


GOOD = [row for row in rows() if "/malformed/" not in row["file"] and row["file"].startswith("dicom/")]
needs_the_set = pytest.mark.skipif(not rows(), reason="the file set is absent: see test_odd_files.py")
pytestmark = [needs_the_set, pytest.mark.timeout(300)]


@pytest.mark.parametrize("row", named(GOOD))
def test_a_sound_dicom_file_gives_its_own_pixels_and_facts(row: Row) -> None:
    answer = answers()[row["file"]]
    if row["file"] in NOT_PICTURES:
        assert answer["code"] == NOT_PICTURES[row["file"]]
        return
    assert answer["code"] is None, answer
    facts = answer["facts"]
    if row["file"] in DOCUMENTS:
        assert (facts["kind"], facts["document"]["type"]) == ("document", DOCUMENTS[row["file"]])
        return
    assert (facts["rows"], facts["columns"]) == (int(row["rows"]), int(row["columns"]))
    assert facts["frames"] == int(row["frames"] or 1)
    assert set(facts["cautions"]) <= {"overlays"}
    if row["photometric"] in {"MONOCHROME1", "MONOCHROME2"}:
        assert facts["photometric"] == row["photometric"]
    if not row["pixel_sha256"]:
        return
    if row["transfer_syntax"] in LOSSY:
        spread = float(row["pixel_max"]) - float(row["pixel_min"])
        assert answer["mean"] == pytest.approx(float(row["pixel_mean"]), abs=max(0.5, spread / 500))
        assert answer["low"] == pytest.approx(float(row["pixel_min"]), abs=spread / 20)
        assert answer["high"] == pytest.approx(float(row["pixel_max"]), abs=spread / 20)
    else:
        assert answer["sha256"] == row["pixel_sha256"]


@pytest.mark.parametrize("row", named(rows()))
def test_a_file_ends_in_a_picture_or_in_one_known_sentence_within_a_gigabyte(row: Row) -> None:
    answer = answers()[row["file"]]
    assert answer["code"] in {None, *REASONS} - {"crashed", "out_of_time"}, answer
    assert answer["rss_mb"] < MEGABYTES
    if answer["code"] is None:
        assert set(answer["facts"]["cautions"]) <= set(CAUTIONS)
    if row["file"] in SAYS:
        assert answer["code"] == SAYS[row["file"]]


@pytest.mark.parametrize("row", expecting("refuse length measurement"))
def test_a_calibration_that_cannot_be_true_measures_nothing(row: Row) -> None:
    answer = answers()[row["file"]]
    assert answer["code"] is None
    assert answer["facts"]["calibration"] == []


@pytest.mark.parametrize("row", expecting("separate x and y scale"))
def test_a_region_measures_each_direction_by_its_own_scale(row: Row) -> None:
    areas = answers()[row["file"]]["facts"]["calibration"]
    if row["file"] in RESIZED:
        assert areas == []
        return
    assert all(area["mm_per_px_x"] != area["mm_per_px_y"] for area in areas)


@pytest.mark.parametrize("row", expecting("partial with a visible warning"))
def test_a_damaged_picture_is_refused_or_says_so(row: Row) -> None:
    answer = answers()[row["file"]]
    assert answer["code"] is not None or answer["facts"]["cautions"]


@pytest.mark.parametrize("row", expecting("inert escaped text"))
def test_texts_of_a_header_are_plain(row: Row) -> None:
    facts = answers()[row["file"]].get("facts") or {}
    for name in ("study_description", "series_description", "modality"):
        assert all(char.isprintable() for char in facts.get(name, ""))
    for name in ("sop_instance_uid", "series_instance_uid", "study_instance_uid"):
        assert set(facts.get(name, "")) <= set("0123456789.")


@pytest.mark.usefixtures("no_children")
def test_two_files_of_one_identity_and_different_pictures_never_stand_for_each_other(send: Callable[..., str]) -> None:
    first, second = (row for row in rows() if "detect the UID conflict" in row["expect"])
    kept = ingest.ingest(send((SET / first["file"]).read_bytes(), "first.dcm"))
    refused = send((SET / second["file"]).read_bytes(), "second.dcm")
    assert ingest.ingest(refused) is None
    assert upload_row(refused).reason_code == "conflict"
    assert instance_row(kept).sha256 == first["sha256"]
