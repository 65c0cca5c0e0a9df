"""Photographs and videos written anew: pixels alone, masked; no EXIF, no place, no device, no sound.

What was lossless stays so (PNG); a photograph that was lossy is written as JPEG of high quality without subsampling.
A video is encoded again, since a mask cannot be laid over one without opening it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from pydicom.uid import UID

from imaging import clips
from imaging.dataset import open_dicom
from imaging.deidentify import masks
from imaging.deidentify.dicom_copy import Order, cleaned_header, declare_lossy, write_header
from imaging.deidentify.headers import Cleaner
from imaging.pixels import open_pixels
from imaging.source import Source, TimedFrame
from imaging.workbench import displayed

_LOSSY: Final = {"jpeg", "heic", "avif", "webp"}
_VIDEO: Final = {"preset": "medium", "crf": "18"}
_H264_IN_DICOM = UID("1.2.840.10008.1.2.4.102")  # High Profile, Level 4.1, of which MP4 is a container (8.2.7)


def write_photo(source: Source, folder: Path, order: Order) -> Path:
    """A still as copy.jpg or copy.png, upright as it is shown."""
    frame = source.frame(0)
    black = int(frame.max()) if source.facts.photometric == "MONOCHROME1" else 0
    masked = masks.fill(frame, order.boxes, black)
    if source.facts.photometric == "MONOCHROME1":  # only DICOM has a word for "white is low"
        masked = (np.iinfo(masked.dtype).max - masked).astype(masked.dtype)
    if source.facts.media in _LOSSY:
        target = folder / "copy.jpg"
        Image.fromarray(masked).save(target, "JPEG", quality=95, subsampling=0)
        return target
    target = folder / "copy.png"
    Image.fromarray(masked).save(target, "PNG")
    return target


def write_video(source: Source, folder: Path, order: Order) -> Path:
    """A clip as copy.mp4 (H.264), without sound."""
    return clips.encode(_masked(source, order), folder / "copy.mp4", _VIDEO).path


def _masked(source: Source, order: Order) -> Iterator[TimedFrame]:
    for frame, duration in displayed(source):
        yield masks.fill(frame, order.boxes, 0), duration


def write_dicom_video(path: Path, workspace: Path, target: Path, order: Order) -> Cleaner:
    """A DICOM video as DICOM again: cleaned header, the stream decoded, masked and encoded anew."""
    dicom = open_dicom(path, workspace)
    source = open_pixels(path, workspace)
    header, traces, cleaner = cleaned_header(dicom.path, order)
    encoded = clips.encode(_masked(source, order), workspace / "masked.mp4", _VIDEO)
    stream = encoded.path.read_bytes()
    header.NumberOfFrames = len(encoded.durations_us)
    header.PhotometricInterpretation, header.SamplesPerPixel, header.PlanarConfiguration = "YBR_PARTIAL_420", 3, 0
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 8, 8, 7, 0
    kinds = [str(one) for one in np.atleast_1d(header.get("ImageType") or ["ORIGINAL", "PRIMARY"])]
    header.ImageType = ["DERIVED", *(kinds[1:] or ["PRIMARY"])]
    plain = encoded.coded_width * encoded.coded_height * 3 * header.NumberOfFrames
    declare_lossy(header, "ISO_14496_10", plain / max(1, len(stream)))
    write_header(header, target, _H264_IN_DICOM, order, traces)
    with target.open("ab") as file:
        file.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF))
        file.write(struct.pack("<HHL", 0xFFFE, 0xE000, 0))
        padding = b"\0" * (len(stream) % 2)
        file.write(struct.pack("<HHL", 0xFFFE, 0xE000, len(stream) + len(padding)) + stream + padding)
        file.write(struct.pack("<HHL", 0xFFFE, 0xE0DD, 0))
    return cleaner
