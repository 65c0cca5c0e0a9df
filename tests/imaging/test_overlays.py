"""A file's own one-bit drawings: every plane as it was written, in its place, on its frames."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian

from imaging import sandbox
from imaging.dataset import open_dicom
from imaging.overlays import read
from tests.imaging import files

Bits = files.Pixels
ROWS, COLUMNS = 24, 40
NO_STILLS = ["thumbnail", "preview", "full", "tiles"]
NO_CLIPS = ["thumbnail", "preview", "clip", "clip_mp4"]


def drawn(seed: int, rows: int = ROWS, columns: int = COLUMNS) -> Bits:
    bits = (np.random.default_rng(seed).random((rows, columns)) < 0.2).astype(np.uint8)
    bits[0, 0] = bits[-1, -1] = 1  # so that its box is the whole plane
    return bits


def rendered(path: Path, workspace: Path, have: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """The layers, each plane as {frame: (rows, columns) over the whole picture}, and the cautions."""
    workspace.mkdir()
    events = list(sandbox.run("render", path, workspace, {"have": have}))
    facts = next(event["facts"] for event in events if event["event"] == "facts")
    made = [event for event in events if event.get("name") == "overlays"]
    if not made:
        return [], facts["cautions"]
    data = (workspace / made[0]["file"]).read_bytes()
    layers = json.loads((workspace / made[0]["detail"]["index_file"]).read_text())["layers"]
    for layer in layers:
        layer["frames"] = {}
        for frame, x, y, columns, rows, offset, length in layer.pop("planes"):
            bits = np.unpackbits(
                np.frombuffer(zlib.decompress(data[offset : offset + length]), np.uint8), bitorder="little"
            )
            whole = np.zeros((facts["rows"], facts["columns"]), np.uint8)
            whole[y : y + rows, x : x + columns] = bits[: rows * columns].reshape(rows, columns)
            layer["frames"][frame] = whole
    return layers, facts["cautions"]


def still(bits: int = 12) -> Any:
    noise = np.random.default_rng(1).integers(0, 1 << bits, (ROWS, COLUMNS), dtype=np.uint16)
    return files.dicom(noise, BitsStored=bits, HighBit=bits - 1)


def test_planes_of_two_groups_come_out_as_they_were_drawn(tmp_path: Path) -> None:
    one, two = drawn(1), drawn(2)
    data = files.with_overlay(files.with_overlay(still(), 0x6000, one, label="Collimator"), 0x6002, two, kind="R")
    layers, cautions = rendered(files.save(data, tmp_path / "a.dcm"), tmp_path / "w", NO_STILLS)
    assert [(layer["label"], layer["type"]) for layer in layers] == [("Collimator", "G"), ("", "R")]
    assert [np.array_equal(layer["frames"][0], bits) for layer, bits in zip(layers, (one, two), strict=True)] == [
        True
    ] * 2
    assert cautions == []


@pytest.mark.parametrize("origin", [(5, 9), (-3, -6), (20, 35)])
def test_a_plane_lies_where_its_origin_says_and_is_cut_to_the_picture(tmp_path: Path, origin: tuple[int, int]) -> None:
    bits = drawn(3, 16, 20)
    data = files.with_overlay(still(), 0x6000, bits, origin=list(origin))
    [layer], _ = rendered(files.save(data, tmp_path / "a.dcm"), tmp_path / "w", NO_STILLS)
    wide = np.zeros((ROWS + 60, COLUMNS + 60), np.uint8)
    wide[29 + origin[0] : 45 + origin[0], 29 + origin[1] : 49 + origin[1]] = bits
    assert np.array_equal(layer["frames"][0], wide[30 : 30 + ROWS, 30 : 30 + COLUMNS])


def test_planes_of_several_frames_belong_to_their_frames(tmp_path: Path) -> None:
    bits = np.stack([drawn(seed, 7, 9) for seed in range(3)])  # 63 bits: planes begin inside a byte
    clip = np.zeros((5, ROWS, COLUMNS), np.uint8)
    data = files.with_overlay(files.dicom(clip, frames=5, Modality="US"), 0x6004, bits, first=2)
    [layer], _ = rendered(files.save(data, tmp_path / "a.dcm"), tmp_path / "w", NO_CLIPS)
    assert sorted(layer["frames"]) == [2, 3, 4]
    assert all(np.array_equal(layer["frames"][2 + at][:7, :9], bits[at]) for at in range(3))


def test_one_plane_without_a_frame_number_lies_over_every_frame_of_a_clip(tmp_path: Path) -> None:
    data = files.with_overlay(files.dicom(np.zeros((3, ROWS, COLUMNS), np.uint8), frames=3), 0x6000, drawn(4))
    [layer], _ = rendered(files.save(data, tmp_path / "a.dcm"), tmp_path / "w", NO_CLIPS)
    assert list(layer["frames"]) == [0]


def test_a_plane_in_the_unused_bits_of_the_pixels_is_drawn_and_changes_no_intensity(tmp_path: Path) -> None:
    bits, data = drawn(5), still()
    values = np.frombuffer(data.PixelData, np.uint16).reshape(ROWS, COLUMNS)
    data.PixelData = (values | bits.astype(np.uint16) << 14).tobytes()
    for element, value in ((0x0010, ROWS), (0x0011, COLUMNS), (0x0100, 16), (0x0102, 14)):
        data.add_new((0x6000, element), "US", value)
    path = files.save(data, tmp_path / "a.dcm")
    [layer], cautions = rendered(path, tmp_path / "w", NO_STILLS)
    assert np.array_equal(layer["frames"][0], bits)
    assert cautions == []
    with_it, without = tmp_path / "with", tmp_path / "without"
    with_it.mkdir()
    without.mkdir()
    list(sandbox.run("render", path, with_it, {"have": ["overlays"]}))
    list(sandbox.run("render", files.save(still(), tmp_path / "b.dcm"), without, {}))
    assert (with_it / "tiles.bin").read_bytes() == (without / "tiles.bin").read_bytes()


def test_words_of_overlays_are_turned_in_big_endian_files(tmp_path: Path) -> None:
    bits, data = drawn(6), files.with_overlay(still(), 0x6000, drawn(6))
    data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    data["PixelData"].value = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    data[0x6000, 0x3000].value = np.frombuffer(data[0x6000, 0x3000].value, "<u2").astype(">u2").tobytes()
    path = tmp_path / "a.dcm"
    data.set_original_encoding(False, False)
    data.save_as(path, enforce_file_format=True)
    [layer], _ = rendered(path, tmp_path / "w", NO_STILLS)
    assert np.array_equal(layer["frames"][0], bits)


@pytest.mark.parametrize(
    ("element", "value"),
    [(0x0010, 60_000), (0x0010, 0), (0x0011, None), (0x3000, b"\0\0")],
    ids=["taller than its data", "no rows", "no width", "cut off"],
)
def test_an_overlay_that_cannot_be_drawn_is_told(tmp_path: Path, element: int, value: Any) -> None:
    data = files.with_overlay(still(), 0x6000, drawn(7))
    if value is None:
        del data[0x6000, element]
    else:
        data[0x6000, element].value = value
    layers, cautions = rendered(files.save(data, tmp_path / "a.dcm"), tmp_path / "w", NO_STILLS)
    assert (layers, cautions) == ([], ["overlays"])


def test_an_empty_plane_is_nothing_to_show_and_nothing_to_say(tmp_path: Path) -> None:
    data = files.with_overlay(still(), 0x6000, np.zeros((ROWS, COLUMNS), np.uint8))
    path = files.save(data, tmp_path / "a.dcm")
    assert rendered(path, tmp_path / "w", NO_STILLS) == ([], [])
    assert read(open_dicom(path, tmp_path))[1]
