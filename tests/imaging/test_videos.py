"""Videos of phones and machines: every frame upright, in its own colours, for its own time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from imaging import workbench
from imaging.pixels import open_pixels
from imaging.refusals import Refusal
from imaging.videos import VideoSource
from tests.imaging import files

SYNTAX = "1.2.840.10008.1.2.4."


def stream(
    path: Path, frames: list[files.Pixels], *, codec: str, container: str, times: list[int] | None = None
) -> Path:
    """A video in any coding and container; `times` in milliseconds."""
    with av.open(str(path), "w", format=container) as target:
        made: Any = target.add_stream(codec, rate=25)
        made.height, made.width = frames[0].shape[:2]
        made.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        made.bit_rate = 4_000_000
        if times is not None:
            made.codec_context.time_base = Fraction(1, 1000)
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts = index if times is None else times[index]
            picture.time_base = Fraction(1, 25) if times is None else Fraction(1, 1000)
            target.mux(made.encode(picture))
        target.mux(made.encode(None))
    return path


def in_dicom(path: Path, syntax: str, rows: int = 48, columns: int = 64, frames: int = 12) -> FileDataset:
    """A DICOM video (PS3.5 section 8.2.5 and on): the whole stream in one fragment."""
    data = files.dicom(np.zeros((rows, columns, 3), np.uint8), SOPClassUID=files.ULTRASOUND_CLIP, Modality="US")
    data.file_meta.TransferSyntaxUID = UID(SYNTAX + syntax)
    data.PhotometricInterpretation = "YBR_PARTIAL_420"
    data.NumberOfFrames = frames
    content = path.read_bytes()
    data.PixelData = encapsulate([content + b"\0" * (len(content) % 2)])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return data


def numbers(source: VideoSource) -> list[int]:
    return [files.number_of(frame) for frame in source.frames()]


def test_a_video_gives_its_frames_and_times(tmp_path: Path) -> None:
    source = VideoSource(files.video(tmp_path / "clip.mov", files.numbered_frames(30), rate=25))
    assert (source.facts.frames, source.facts.frame_time_ms()) == (30, 40.0)
    assert numbers(source) == list(range(30))
    assert files.number_of(source.frame(17)) == 17


@pytest.mark.parametrize(
    ("codec", "container"),
    [("libx264", "avi"), ("mjpeg", "avi"), ("libvpx", "webm"), ("libx265", "mov"), ("mpeg4", "3gp"),
     ("mpeg2video", "mpeg"), ("mpeg2video", "mpegts")],
)  # fmt: skip
def test_every_coding_and_container_that_is_sent_gives_every_frame_once(
    tmp_path: Path, codec: str, container: str
) -> None:
    made = stream(tmp_path / "clip", files.numbered_frames(30), codec=codec, container=container)
    source = VideoSource(made)
    assert numbers(source) == list(range(30))
    assert [duration for _, duration in source.timed_frames()] == pytest.approx([40_000] * 30, abs=1_100)


def test_uneven_times_stay_as_they_are(tmp_path: Path) -> None:
    times = [0, 40, 80, 280, 300, 900, 940]
    made = stream(tmp_path / "clip", files.numbered_frames(7), codec="libx264", container="mp4", times=times)
    events: list[dict[str, object]] = []
    source = VideoSource(made)
    expected = [40.0, 40.0, 200.0, 20.0, 600.0, 40.0]
    assert source.facts.frame_durations_ms[:6] == expected
    workbench.render(made, tmp_path, events.append)
    index = (tmp_path / "clip.json").read_text()
    assert [f",{int(one * 1000)}]" in index for one in expected] == [True] * 6


def test_a_turned_phone_s_video_is_upright(tmp_path: Path) -> None:
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[:12, :16] = 255
    made = files.video(tmp_path / "flat.mov", [frame] * 3)
    # The `tkhd` matrix of a video held upright: ISO/IEC 14496-12 section 8.3.2, here turned by a quarter clockwise.
    unity = b"".join(one.to_bytes(4, "big") for one in (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))
    quarter = b"".join(one.to_bytes(4, "big") for one in (0, 65536, 0, 0xFFFF0000, 0, 0, 48 << 16, 0, 1 << 30))
    content = made.read_bytes()
    at = content.index(unity, content.index(b"tkhd"))
    (tmp_path / "turned.mov").write_bytes(content[:at] + quarter + content[at + 36 :])
    source = VideoSource(tmp_path / "turned.mov")
    shown = source.frame(0)
    assert (source.facts.rows, source.facts.columns) == (64, 48)
    assert shown[4, -4].mean() > 200
    assert shown[4, 4].mean() < 60


@pytest.mark.parametrize(("rows", "columns", "matrix"), [(96, 128, 5), (96, 128, 1), (720, 64, 2)])
def test_colours_are_those_the_stream_says_it_has(tmp_path: Path, rows: int, columns: int, matrix: int) -> None:
    colour = (200, 60, 30)
    with av.open(str(tmp_path / "clip.mp4"), "w") as target:
        made = target.add_stream("libx264", rate=25, options={"crf": "1"})
        made.height, made.width, made.pix_fmt = rows, columns, "yuv420p"
        made.codec_context.colorspace = matrix
        picture = av.VideoFrame.from_ndarray(np.full((rows, columns, 3), colour, np.uint8), format="rgb24")
        written = 1 if matrix == 2 else matrix  # one that says nothing, from a size on, is BT.709
        target.mux(made.encode(picture.reformat(format="yuv420p", dst_colorspace=written, dst_color_range=1)))
        target.mux(made.encode(None))
    assert VideoSource(tmp_path / "clip.mp4").frame(0)[40, 40] == pytest.approx(colour, abs=4)


def test_a_video_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = files.video(tmp_path / "clip.mp4", files.numbered_frames(30)).read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refusal) as refused:
        VideoSource(tmp_path / "half.mp4")
    assert refused.value.code == "damaged_video"


def test_one_whose_index_came_first_is_not_shown_shorter_than_it_was(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    with av.open(str(tmp_path / "clip.mp4"), "w", options={"movflags": "faststart"}) as target:
        made = target.add_stream("libx264", rate=25, options={"crf": "1"})
        made.height, made.width, made.pix_fmt = 64, 64, "yuv420p"
        for _ in range(20):
            noise = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            target.mux(made.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        target.mux(made.encode(None))
    whole = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(Refusal) as refused:
        VideoSource(tmp_path / "half.mp4")
    assert refused.value.code == "damaged_video"


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        sound = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with pytest.raises(Refusal) as refused:
        VideoSource(tmp_path / "sound.mp4")
    assert refused.value.code == "no_video"


@pytest.mark.parametrize(
    ("codec", "container", "syntax"),
    [("mpeg2video", "mpeg2video", "100"), ("mpeg2video", "mpegts", "101"), ("mpeg2video", "mpeg", "100"),
     ("libx264", "h264", "102"), ("libx264", "mp4", "103"), ("libx264", "mpegts", "104"),
     ("libx265", "hevc", "107"), ("libx265", "mp4", "108")],
)  # fmt: skip
def test_the_video_inside_a_dicom_file_shows_every_frame(
    tmp_path: Path, codec: str, container: str, syntax: str
) -> None:
    made = stream(tmp_path / "stream", files.numbered_frames(12), codec=codec, container=container)
    data = in_dicom(made, syntax)
    data.FrameTime = "50"
    source = open_pixels(files.save(data, tmp_path / "file.dcm"), tmp_path)
    assert [files.number_of(frame) for frame in source.frames()] == list(range(12))
    assert (source.facts.media, source.facts.frames) == ("dicom_video", 12)
    assert source.facts.frame_time_ms() == 50.0


def test_a_dicom_video_larger_than_a_phone_s_is_shown_in_its_own_pixels(tmp_path: Path) -> None:
    made = stream(tmp_path / "stream", files.numbered_frames(2, 64, 2048), codec="libx264", container="mp4")
    source = open_pixels(files.save(in_dicom(made, "102", 64, 2048, 2), tmp_path / "file.dcm"), tmp_path)
    assert (source.facts.rows, source.facts.columns) == (64, 2048)


def test_a_dicom_video_of_another_size_than_its_header_says_is_refused(tmp_path: Path) -> None:
    made = stream(tmp_path / "stream", files.numbered_frames(2), codec="libx264", container="mp4")
    with pytest.raises(Refusal) as refused:
        open_pixels(files.save(in_dicom(made, "102", 48, 128, 2), tmp_path / "file.dcm"), tmp_path)
    assert refused.value.code == "size_mismatch"
