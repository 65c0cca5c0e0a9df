"""Identity burned into pixels: found in the sandbox, gone from the copy. A person decides in between; here it is "yes"
to whatever looks like identity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from imaging import sandbox
from imaging.deidentify.boxes import Box
from imaging.deidentify.burned_text import Reader
from imaging.refusals import Refusal
from imaging.source import open_source
from tests.imaging import files
from tests.imaging.deidentify.real_files import EVERY, SET

GIGABYTE = 1024**3
# Where names, numbers and dates of people stand in the pixels, read off the pictures by hand: x, y, width, height.
WRITTEN: dict[str, list[Box]] = {
    "dicom/us/philips_grey_still_burned_in.dcm": [Box(8, 3, 282, 17), Box(392, 3, 300, 17), Box(820, 3, 200, 17)],
    "dicom/us/acuson_ybr_full_rle_planar1_burned_in.dcm": [Box(28, 6, 230, 24), Box(550, 4, 88, 16)],
    "dicom/other/burned_in_text_ct.dcm": [Box(356, 8, 150, 16), Box(400, 48, 100, 12), Box(8, 8, 220, 16)],
}
MORE: dict[str, list[Box]] = {
    "dicom/us/philips_grey_cine_27f_deflated.dcm": [Box(5, 3, 200, 12), Box(310, 3, 230, 12), Box(640, 3, 150, 12)],
    "dicom/us/ge_j2k_lossy_ybr_ict.dcm": [Box(590, 5, 180, 50)],
}
ALL = WRITTEN | MORE


def told(task: sandbox.Task, path: Path, workspace: Path, request: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every event by its name ("masks", "done", or a rendition's)."""
    workspace.mkdir(parents=True, exist_ok=True)
    return {event.get("name", event["event"]): event for event in sandbox.run(task, path, workspace, request)}


def proposed(path: Path, workspace: Path, **request: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The proposals for a file, and what finding them cost."""
    found = told("propose_masks", path, workspace, request)
    return found["masks"]["proposals"], found["done"]


def copied(path: Path, workspace: Path, boxes: list[Box]) -> Path:
    """The copy of a file with these masks."""
    request = {
        "salt": "5a" * 16,
        "preset": "teaching",
        "confirmed": True,
        "boxes": [[box.x, box.y, box.width, box.height] for box in boxes],
    }
    return workspace / str(told("copy_without_identity", path, workspace, request)["copy"]["file"])


def boxes_of(proposals: list[dict[str, Any]], *, likely: bool = True) -> list[Box]:
    chosen = [one for one in proposals if one["likely"] or not likely]
    return [Box(one["x"], one["y"], one["width"], one["height"]) for one in chosen]


def share_covered(written: Box, boxes: list[Box]) -> float:
    covered = np.zeros((written.height, written.width), bool)
    for box in boxes:
        part = Box(box.x - written.x, box.y - written.y, box.width, box.height).within(written.width, written.height)
        if part is not None:
            covered[part.y : part.bottom, part.x : part.right] = True
    return float(covered.mean())


@pytest.mark.skipif(not SET.exists(), reason="the file set is absent: the pictures made below stand in")
@pytest.mark.parametrize("name", ALL if EVERY else WRITTEN)
def test_identity_in_the_pixels_of_real_files_is_found_and_cannot_be_read_in_the_copy(
    name: str, tmp_path: Path
) -> None:
    proposals, done = proposed(SET / name, tmp_path / "seen")
    boxes = boxes_of(proposals)
    for written in ALL[name]:
        assert share_covered(written, boxes) > 0.97, written
    assert done["peak_bytes"] < GIGABYTE
    copy = copied(SET / name, tmp_path / "copied", boxes)
    made = open_source(copy, tmp_path)
    lines = Reader().lines(made.to_display(made.frame(0)))
    assert not [line for line in lines for written in ALL[name] if line.box.touches(written.grown(-3))]


def written_on(pixels: np.ndarray[Any, Any], text: str, at: tuple[int, int], value: int) -> np.ndarray[Any, Any]:
    """The pixels with a line of text 24 px high drawn into them."""
    mask = Image.new("L", pixels.shape[1::-1])
    ImageDraw.Draw(mask).text(at, text, fill=255, font=ImageFont.load_default(24))
    drawn = pixels.copy()
    drawn[np.asarray(mask) > 128] = value
    return drawn


def test_a_name_that_the_window_hides_is_found_in_a_deep_picture(tmp_path: Path) -> None:
    pixels = np.full((240, 480), 3000, np.uint16)
    pixels[:, 240:] = 3500
    hidden = written_on(pixels, "KUMARI LAKSHMI 44719", (40, 60), 120)
    made = files.dicom(
        np.where(hidden == 120, 120, hidden - 2900), BitsStored=12, HighBit=11, WindowCenter=2000, WindowWidth=20
    )
    made.PixelData = np.where(hidden == 120, 120, 100).astype(np.uint16).tobytes()
    proposals, _done = proposed(files.save(made, tmp_path / "hidden.dcm"), tmp_path / "seen")
    assert share_covered(Box(45, 65, 250, 20), boxes_of(proposals)) > 0.9


def test_a_name_shown_for_one_frame_of_a_clip_is_found(tmp_path: Path) -> None:
    frames = [np.full((120, 320, 3), 30, np.uint8) for _frame in range(12)]
    frames[6] = written_on(frames[6], "Lakshmi Kumari", (20, 40), 240)
    video = files.video(tmp_path / "clip.mp4", frames)
    proposals, _done = proposed(video, tmp_path / "seen")
    assert share_covered(Box(25, 45, 140, 16), boxes_of(proposals)) > 0.9


def test_a_malformed_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"\x02\x00\x10\x00UI")
    for task in ("propose_masks", "copy_without_identity"):
        with pytest.raises(Refusal):
            told(task, broken, tmp_path / task, {"salt": "00" * 16, "preset": "bare", "boxes": [], "confirmed": True})
