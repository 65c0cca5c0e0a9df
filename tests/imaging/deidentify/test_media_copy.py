"""Copies of photographs and videos: pixels and nothing else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pydicom
import pytest
from PIL import Image

from imaging.deidentify import sandboxed
from imaging.refusals import Refusal
from imaging.source import open_source
from tests.imaging import files
from tests.imaging.deidentify.real_files import SET

BOX = [8, 4, 24, 12]


def copied(path: Path, folder: Path, preset: str = "teaching") -> tuple[Path, dict[str, Any]]:
    """The copy of a file, made in this process, and what was said of it."""
    folder.mkdir(parents=True, exist_ok=True)
    events: list[dict[str, Any]] = []
    request = {"salt": "5a" * 16, "preset": preset, "boxes": [BOX], "confirmed": True}
    sandboxed.copy_without_identity(path, folder, events.append, request)
    said = {event["name"]: event for event in events}
    assert (folder / said["shown"]["file"]).stat().st_size > 0
    return folder / said["copy"]["file"], said["copy"]


def test_a_photograph_loses_place_device_and_comment_and_keeps_its_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 255, (8, 10, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "LakshmiPhone", "Lakshmi's gallery"
    exif.get_ifd(0x8825)[1] = "N"
    path = tmp_path / "photo.jpg"
    path.write_bytes(files.jpeg(pixels, exif=exif, comment=b"Lakshmi Kumari"))
    target, _said = copied(path, tmp_path / "out")
    assert target.name == "copy.jpg"
    assert b"akshmi" not in target.read_bytes()
    with Image.open(target) as image:
        assert not dict(image.getexif())
        seen = np.asarray(image).astype(int)
    assert seen[6:14, 10:30].max() < 12
    before = open_source(path, tmp_path).frame(0).astype(int)
    assert np.abs(seen[20:] - before[20:]).mean() < 2


def test_a_lossless_picture_stays_lossless_in_every_depth(tmp_path: Path) -> None:
    for pixels in (
        np.random.default_rng(5).integers(0, 65536, (40, 50), dtype=np.uint16),
        np.random.default_rng(5).integers(0, 256, (40, 50), dtype=np.uint8),
        np.random.default_rng(5).integers(0, 256, (40, 50, 3), dtype=np.uint8),
    ):
        path = tmp_path / "picture.png"
        plain = io.BytesIO()
        Image.fromarray(pixels).save(plain, "PNG")
        path.write_bytes(plain.getvalue())
        target, _said = copied(path, tmp_path / f"out-{pixels.ndim}-{pixels.itemsize}")
        with Image.open(target) as image:
            seen = np.asarray(image)
        assert (seen[4:16, 8:32] == 0).all()
        assert np.array_equal(seen[16:], pixels[16:])


def test_a_video_loses_its_metadata_and_sound_and_is_masked_in_every_frame(tmp_path: Path) -> None:
    path = files.video(tmp_path / "clip.mp4", files.numbered_frames(9))
    with av.open(str(path)) as before, av.open(str(tmp_path / "named.mp4"), "w") as named:
        named.metadata.update({"title": "Lakshmi Kumari", "location": "+12.73+77.83/"})
        stream = named.add_stream_from_template(before.streams.video[0])
        for packet in before.demux(before.streams.video[0]):
            if packet.size:
                packet.stream = stream
                named.mux(packet)
    target, said = copied(tmp_path / "named.mp4", tmp_path / "out")
    assert b"Lakshmi" in (tmp_path / "named.mp4").read_bytes()
    assert b"Lakshmi" not in target.read_bytes()
    assert said["detail"]["frames"] == 9
    with av.open(str(target)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
    frames = list(open_source(target, tmp_path).frames())
    assert len(frames) == 9
    assert all(frame[6:14, 10:30].max() < 16 for frame in frames)
    assert [files.number_of(np.flipud(frame)[: frame.shape[0] // 2]) for frame in frames] == list(range(9))


@pytest.mark.skipif(not SET.exists(), reason="the file set is absent")
def test_a_dicom_video_stays_a_dicom_video_without_its_patient(tmp_path: Path) -> None:
    original = SET / "dicom/us/lung_120f_h264_mp4.dcm"
    target, said = copied(original, tmp_path / "out")
    data = pydicom.dcmread(target)
    assert (data.NumberOfFrames, said["detail"]["frames"]) == (120, 120)
    assert (data.LossyImageCompression, data.PatientIdentityRemoved) == ("01", "YES")
    assert str(pydicom.dcmread(original).SOPInstanceUID).encode() not in target.read_bytes()
    made = open_source(target, tmp_path)
    assert made.frame(60)[6:14, 10:30].max() < 20


def test_a_file_of_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-1.7 Lakshmi")
    with pytest.raises(Refusal, match=r"not_an_image|damaged_document"):
        copied(path, tmp_path / "out")
