"""What DICOMweb asks of the sandbox: headers, values out of headers, decoded frames, pictures, other transfer syntaxes.

Runs in the child process only. Each task writes files into the workspace and says their names.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from imaging import encapsulation
from imaging.codecs import Frames
from imaging.dataset import CODINGS, DEFLATED, IMPLICIT, NATIVE, VIDEO_SYNTAXES, DicomFile, inflate, open_dicom
from imaging.dicomweb import header
from imaging.pixels import DicomSource
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Source, open_source
from imaging.workbench import Say

MAX_TRANSCODED_BYTES = 400 * 1024 * 1024  # of pixels, which are held at once or lie in a workspace together
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


def work(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Do what `request["do"]` says: "header", "frames", "picture", "explicit", "bulk". Raises Refusal."""
    tasks: dict[str, Callable[[Path, Path, Say, dict[str, Any]], None]] = {
        "header": say_header,
        "frames": say_frames,
        "picture": say_picture,
        "explicit": say_explicit,
        "bulk": say_bulk,
    }
    tasks[request.get("do", "header")](path, workspace, say, request)


def say_header(path: Path, workspace: Path, say: Say, _request: Any = None) -> None:
    """Write a DICOM file's header and the places of its frames, and say them. Raises Refusal."""
    dicom: DicomFile | None
    try:
        dicom = open_dicom(path, workspace)
    except Refusal:
        dicom = None  # a document, or pixels of a kind that nothing here reads: its header is given all the same
    say({"event": "header", **header.write_header(path, workspace, dicom)})


def say_frames(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Decode `request["frames"]` (indices from 0), each into a file: native pixels, little endian; colour is RGB, pixel
    by pixel. Raises Refusal.
    """
    decode = _Decoder(path, workspace)
    written = 0
    for index in request["frames"]:
        content = _as_bytes(decode(index))
        written += len(content)
        if written > MAX_TRANSCODED_BYTES:
            raise Refusal("too_large", size=f"{written} B")
        target = workspace / f"frame-{index}.raw"
        target.write_bytes(content)
        say({"event": "part", "number": index, "file": target.name})


class _Decoder:
    """Frames by index, with as little as possible decoded besides."""

    def __init__(self, path: Path, workspace: Path) -> None:
        self._dicom = dicom = open_dicom(path, workspace)
        syntax = dicom.layout.transfer_syntax
        self._video = open_source(path, workspace) if syntax in VIDEO_SYNTAXES else None
        packed = syntax not in NATIVE and syntax not in VIDEO_SYNTAXES
        self._packed = Frames(dicom.layout, CODINGS[syntax]) if packed else None
        self._native = DicomSource(dicom) if syntax in NATIVE else None
        self.count = self._video.facts.frames if self._video is not None else len(dicom.frames)

    def __call__(self, index: int) -> Array:
        if not 0 <= index < self.count:
            raise Refusal("cannot_decode", frame=index + 1)
        if self._video is not None:
            return self._video.frame(index)
        if self._native is not None:
            return self._native.stored(index)
        assert self._packed is not None
        with refusing("cannot_decode", frame=index + 1), self._dicom.path.open("rb") as file:
            return self._packed.decode(encapsulation.read_spans(file, self._dicom.frames[index]))


def _as_bytes(frame: Array) -> bytes:
    return np.ascontiguousarray(frame.astype(frame.dtype.newbyteorder("<"), copy=False)).tobytes()


def say_picture(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Draw frames as they should look, in the `kind` that is asked for. Raises Refusal for the first of them only.

    `frames` (from 0), `window` (or None), `region` (x, y, width, height in pixels; a negative size mirrors it; or
    None), `box` (largest width and height, or None), `quality` 1 to 100.
    """
    source = open_source(path, workspace)
    wanted = request["frames"]
    if not 0 <= wanted[0] < source.facts.frames:
        raise Refusal("cannot_decode", frame=wanted[0] + 1)
    for index in wanted:
        try:
            _say_drawn(source, index, workspace, say, request)
        except Refusal:
            if index == wanted[0]:
                raise
            return  # whoever asks for that one is told


def _say_drawn(source: Source, index: int, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    image = Image.fromarray(source.to_display(source.frame(index), request.get("window"), index))
    image = _scaled(_cut(image, request.get("region")), request.get("box"))
    target = workspace / f"picture-{index}.bin"
    quality = int(request["quality"])
    image.save(target, _FORMATS[request["kind"]], **({} if request["kind"] == "image/png" else {"quality": quality}))
    say({"event": "part", "number": index, "file": target.name})


def _cut(image: Image.Image, region: list[int] | None) -> Image.Image:
    if region is None:
        return image
    x, y, width, height = region
    whole = (max(0, x), max(0, y), min(image.width, x + abs(width)), min(image.height, y + abs(height)))
    if whole[0] >= whole[2] or whole[1] >= whole[3]:
        raise Refusal("wrong_value", name="viewport")
    image = image.crop(whole)
    if width < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if height < 0 else image


def _scaled(image: Image.Image, box: list[int] | None) -> Image.Image:
    """To fit the box, larger or smaller, its proportions kept (PS3.18 section 8.3.5.1.3)."""
    if box is None:
        return image
    ratio = min(box[0] / image.width, box[1] / image.height)
    size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def say_explicit(path: Path, workspace: Path, say: Say, _request: dict[str, Any]) -> None:
    """Write the file in Explicit VR Little Endian, its pixels native and its colours RGB. Raises Refusal."""
    with refusing("cannot_decode", frame=1):
        syntax = str(pydicom.filereader.read_file_meta_info(path).TransferSyntaxUID)
        plain = inflate(path, workspace) if syntax == DEFLATED else path
        if syntax in VIDEO_SYNTAXES:
            raise Refusal("unsupported_encoding", encoding="video")
        as_it_is = syntax in (DEFLATED, IMPLICIT)
        data = pydicom.dcmread(plain) if as_it_is else _unpacked(plain, workspace)
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        target = workspace / "explicit.dcm"
        data.save_as(target, implicit_vr=False, little_endian=True, enforce_file_format=True)
    say({"event": "part", "number": 0, "file": target.name})


def _unpacked(path: Path, workspace: Path) -> pydicom.FileDataset:
    data = pydicom.dcmread(path, stop_before_pixels=True)
    decode = _Decoder(path, workspace)
    first = decode(0)
    if first.nbytes * decode.count > MAX_TRANSCODED_BYTES:
        raise Refusal("too_large", size=f"{first.nbytes * decode.count} B")
    pixels = b"".join(_as_bytes(first if index == 0 else decode(index)) for index in range(decode.count))
    if first.ndim == 3:
        data.PhotometricInterpretation, data.PlanarConfiguration = "RGB", 0
    data.BitsAllocated = first.dtype.itemsize * 8
    data.PixelData = pixels + b"\0" * (len(pixels) % 2)
    data["PixelData"].VR = "OB" if first.dtype.itemsize == 1 else "OW"
    return data


def say_bulk(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Write the value at `request["place"]`. Raises Refusal("missing_value")."""
    target = workspace / "bulk.bin"
    target.write_bytes(header.read_bulk(path, workspace, request["place"]))
    say({"event": "part", "number": 0, "file": target.name})
