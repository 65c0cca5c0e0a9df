"""Clips and videos: every frame_index is its own access unit, in its own colours."""

from __future__ import annotations

import base64
from pathlib import Path

import av
import numpy as np
import pytest

from imaging import clips, limits, workbench
from imaging.refusals import Refusal
from tests.imaging import files


def encoded(folder: Path, frames: list[files.Pixels], longest: int | None = None) -> clips.Encoded:
    return clips.encode(((frame, 40_000) for frame in frames), folder / "clip.mp4", clips.FULL_PASS, longest)


def decode_units(bundle: Path, index: dict[str, object]) -> list[files.Pixels]:
    """Decode as a browser does: the configuration record, then one access unit after the other."""
    context = av.CodecContext.create("h264", "r")
    context.extradata = base64.b64decode(str(index["description"]))
    data, at, frames = bundle.read_bytes(), 0, []
    units = index["frames"]
    assert isinstance(units, list)
    for length, _key, _duration in units:
        frames += context.decode(av.Packet(data[at : at + length]))
        at += length
    frames += context.decode(None)
    assert at == len(data)
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def test_frame_i_of_the_bundle_is_frame_index_i(tmp_path: Path) -> None:
    frames = files.numbered_frames(35)
    index = clips.bundle(encoded(tmp_path, frames), tmp_path / "clip.bin")
    shown = decode_units(tmp_path / "clip.bin", index)
    assert [files.number_of(frame) for frame in shown] == list(range(35))


def test_a_key_frame_comes_every_ten_and_any_of_them_can_start(tmp_path: Path) -> None:
    index = clips.bundle(encoded(tmp_path, files.numbered_frames(25)), tmp_path / "clip.bin")
    keys = [number for number, unit in enumerate(index["frames"]) if unit[1]]
    assert keys == [0, 10, 20]
    assert [unit[2] for unit in index["frames"]] == [40_000] * 25
    assert index["codec"].startswith("avc1.64")


def test_an_odd_size_is_coded_even_and_shown_odd(tmp_path: Path) -> None:
    index = clips.bundle(encoded(tmp_path, files.numbered_frames(3, 47, 63)), tmp_path / "clip.bin")
    assert (index["width"], index["height"], index["coded_width"], index["coded_height"]) == (63, 47, 64, 48)
    assert decode_units(tmp_path / "clip.bin", index)[0].shape == (48, 64, 3)


def test_grey_levels_and_colours_survive(tmp_path: Path) -> None:
    levels = np.tile(np.arange(0, 256, 32, dtype=np.uint8).repeat(16), (64, 1))
    with av.open(str(encoded(tmp_path, [levels] * 3).path)) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(shown[32, 8::16].astype(int) - levels[32, 8::16, None]).max() <= 4
    colour = np.zeros((64, 64, 3), np.uint8)
    colour[:32] = (200, 60, 30)
    colour[32:] = (20, 90, 210)
    with av.open(str(encoded(tmp_path, [colour] * 3).path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        shown = frame.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray()
        assert stream.codec_context.colorspace == 1
    assert shown[16, 32] == pytest.approx([200, 60, 30], abs=5)
    assert shown[48, 32] == pytest.approx([20, 90, 210], abs=5)


def test_a_small_pass_is_scaled_and_keeps_every_frame(tmp_path: Path) -> None:
    small = encoded(tmp_path, files.numbered_frames(12, 96, 128), longest=64)
    assert (small.width, small.height, len(small.durations_us)) == (64, 48, 12)


def test_no_frames_are_no_clip(tmp_path: Path) -> None:
    with pytest.raises(Refusal):
        clips.encode(iter([]), tmp_path / "clip.mp4", clips.FULL_PASS)


def test_a_clip_that_was_spooled_is_the_clip_that_is_decoded_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = files.save(files.jpeg_clip(files.numbered_frames(12, 47, 63)), tmp_path / "file.dcm")
    found = []
    for most in (limits.MAX_SPOOL_BYTES, 20_000):  # room for all, and for the first four
        monkeypatch.setattr(limits, "MAX_SPOOL_BYTES", most)
        workspace = tmp_path / str(most)
        workspace.mkdir()
        workbench.render(made, workspace, lambda _event: None)
        found.append((workspace / "clip.bin").read_bytes())
        assert not (workspace / "pictures.yuv").exists() or most == 20_000
    assert found[0] == found[1]
