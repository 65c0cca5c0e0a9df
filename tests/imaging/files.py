"""Small files made for tests: DICOM, photographs and videos with a known content."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomFileLike
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit

Pixels = npt.NDArray[Any]
CR = "1.2.840.10008.5.1.4.1.1.1"
ULTRASOUND_CLIP = "1.2.840.10008.5.1.4.1.1.3.1"


def dicom(pixels: Pixels, **elements: Any) -> FileDataset:
    """A data set around native pixels: (rows, columns), (rows, columns, 3) or, with `frames=n`, a stack of them."""
    frames = int(elements.pop("frames", 1))
    single = pixels if frames == 1 else pixels[0]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(elements.get("SOPClassUID", CR))
    meta.MediaStorageSOPInstanceUID = UID(elements.get("SOPInstanceUID", "1.2.3.4.5"))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset("made", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID = meta.MediaStorageSOPClassUID
    data.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    data.StudyInstanceUID, data.SeriesInstanceUID = UID("1.2.3"), UID("1.2.3.4")
    data.Modality = "CR"
    data.Rows, data.Columns = single.shape[:2]
    data.SamplesPerPixel = 3 if single.ndim == 3 else 1
    data.PhotometricInterpretation = "RGB" if single.ndim == 3 else "MONOCHROME2"
    if single.ndim == 3:
        data.PlanarConfiguration = 0
    bits = pixels.dtype.itemsize * 8
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, bits, bits - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    if frames > 1:
        data.NumberOfFrames = frames
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    data["PixelData"].VR = "OW" if bits > 8 else "OB"
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    return data


def with_overlay(data: FileDataset, group: int, bits: Pixels, **said: Any) -> FileDataset:
    """Add a group's overlay: (rows, columns) of 0 and 1, or (frames, rows, columns) from frame_number `first` on."""
    rows, columns = bits.shape[-2:]
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    data.add_new((group, 0x0010), "US", rows)
    data.add_new((group, 0x0011), "US", columns)
    data.add_new((group, 0x0040), "CS", said.get("kind", "G"))
    data.add_new((group, 0x0050), "SS", said.get("origin", [1, 1]))
    data.add_new((group, 0x0100), "US", 1)
    data.add_new((group, 0x0102), "US", 0)
    data.add_new((group, 0x1500), "LO", said.get("label", ""))
    if bits.ndim == 3:
        data.add_new((group, 0x0015), "IS", bits.shape[0])
        data.add_new((group, 0x0051), "US", said.get("first", 1))
    data.add_new((group, 0x3000), "OW", packed + b"\0" * (len(packed) % 2))
    return data


def save(data: FileDataset, path: Path) -> Path:
    """Write a data set as a DICOM file."""
    data.save_as(path, enforce_file_format=False)
    return path


def relabelled(source: Path, target: Path, **elements: Any) -> Path:
    """A copy of a real DICOM file with other elements: a public sample in the name of a patient of the test."""
    data = dcmread(source)
    for keyword, value in elements.items():
        setattr(data, keyword, value)
    data.save_as(target)
    return target


def jpeg_clip(frames: list[Pixels], **elements: Any) -> FileDataset:
    """An ultrasound clip in JPEG baseline, YBR_FULL_422, one fragment a frame."""
    packed = [jpeg(frame) for frame in frames]
    data = dicom(frames[0], SOPClassUID=ULTRASOUND_CLIP, Modality="US")
    data.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    data.PhotometricInterpretation = "YBR_FULL_422"
    data.NumberOfFrames = len(frames)
    for keyword, value in {"FrameTime": "40", **elements}.items():
        setattr(data, keyword, value)
    data.PixelData = encapsulate(packed)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return data


def jpeg(pixels: Pixels, **options: Any) -> bytes:
    """JPEG bytes of uint8 pixels."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=95, **options)
    return target.getvalue()


def png(pixels: Pixels) -> bytes:
    """PNG bytes of uint8 pixels."""
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "PNG")
    return target.getvalue()


def video(path: Path, frames: list[Pixels], rate: int = 25) -> Path:
    """An MP4 of RGB frames."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "5", "bf": "0"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def numbered_frames(count: int, rows: int = 48, columns: int = 64) -> list[Pixels]:
    """Frames that say which they are: the brightness of the left half is 10 + 6 * frame_index."""
    frames = []
    for index in range(count):
        frame = np.full((rows, columns, 3), 200, np.uint8)
        frame[:, : columns // 2] = 10 + 6 * index
        frames.append(frame)
    return frames


def number_of(frame: Pixels) -> int:
    """The frame_index that a frame of `numbered_frames` shows."""
    rows, columns = frame.shape[:2]
    return round((float(frame[4 : rows - 4, 4 : columns // 2 - 4].mean()) - 10) / 6)


def deflated(data: FileDataset, zeros: int) -> bytes:
    """A deflated file whose data set is followed by `zeros` bytes of nothing."""
    import zlib

    plain = io.BytesIO()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.save_as(plain, enforce_file_format=True)
    body = plain.getvalue()
    start = 132 + 12 + int.from_bytes(body[140:144], "little")
    data.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.1.99")
    head = io.BytesIO()
    write_file_meta_info(DicomFileLike(head), data.file_meta)
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = engine.compress(body[start:])
    for _ in range(zeros // 1_048_576):
        packed += engine.compress(b"\0" * 1_048_576)
    return b"\0" * 128 + b"DICM" + head.getvalue() + packed + engine.flush()
