"""Compressed frames: each coding has one decoder, chosen here, and gives stored values or RGB."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from imaging import colour, limits
from imaging.codestream import CodestreamSize, Coding, read_size, require_whole_tiles, transforms_colours
from imaging.native import only_stored_bits
from imaging.refusals import Refusal
from imaging.source import Array

if TYPE_CHECKING:
    from imaging.layout import Layout

_PLUGINS: dict[Coding, str] = {"jpeg-ls": "pyjpegls", "jpeg2000": "pylibjpeg", "rle": "pylibjpeg"}
_YBR = colour.FULL | colour.PARTIAL
_COMPLAINTS = (b"Corrupt JPEG data", b"premature end")


class Frames:
    """Decodes frames of one file; `complaints` counts those whose decoder found damage and went on."""

    def __init__(self, layout: Layout, coding: Coding) -> None:
        self._layout = layout
        self._coding = coding
        self.complaints = 0

    def decode(self, data: bytes) -> Array:
        """(rows, columns) stored values or (rows, columns, 3) RGB. Decoders raise whatever they like."""
        if self._coding in {"jpeg", "jpeg-lossless"}:
            found = self._jpeg(data)
        elif self._coding == "jpeg-xl":
            found = self._jpeg_xl(data)
        else:
            found = self._by_pydicom(data)
        layout = self._layout
        expected = (layout.rows, layout.columns, 3) if layout.samples == 3 else (layout.rows, layout.columns)
        if found.shape != expected:
            raise Refusal("encoding_mismatch")
        return found

    def _jpeg(self, data: bytes) -> Array:
        """ITU-T T.81 by libjpeg-turbo: 8 and 12 bits, and lossless at every depth."""
        import imagecodecs

        layout, said = self._layout, read_size(data[: limits.CODESTREAM_HEADER_BYTES])
        lossless = said.coding == "jpeg-lossless"
        if layout.samples == 3:
            ybr = said.colours == "YBR" or (not said.colours and layout.photometric in _YBR)
            kept = "YCBCR" if ybr else "RGB"
            out = kept if lossless else "RGB"  # lossless JPEG cannot convert
            pixels: Array = imagecodecs.jpeg8_decode(data, colorspace=kept, outcolorspace=out)
            if lossless and ybr:
                pixels = colour.to_rgb(pixels, "YBR_FULL")
        else:
            pixels = imagecodecs.jpeg8_decode(data)
        if said.precision == 8 and not lossless and is_damaged_jpeg(data):
            self.complaints += 1
        return pixels if layout.samples == 3 else _as_stored(pixels, layout, said)

    def _jpeg_xl(self, data: bytes) -> Array:
        import imagecodecs

        pixels: Array = imagecodecs.jpegxl_decode(data, numthreads=1)
        if pixels.ndim == 3 and pixels.shape[2] == 1:
            pixels = pixels[:, :, 0]
        if pixels.dtype.kind != "u":
            raise Refusal("unsupported_pixels", kind="floating point")
        # The stream itself says how it is to be shown and its decoder does it: RGB, whatever the header's YBR was.
        return (
            pixels
            if pixels.ndim == 3
            else only_stored_bits(pixels, self._layout.bits_stored, signed=self._layout.signed)
        )

    def _by_pydicom(self, data: bytes) -> Array:
        layout = self._layout
        options = layout.as_options()
        if self._coding == "jpeg2000":
            require_whole_tiles(data)
            if layout.samples == 3 and transforms_colours(data):
                options["photometric_interpretation"] = "RGB"
        decoder = get_decoder(UID(layout.transfer_syntax))
        wrapped = encapsulate([data])
        with _panics_as_errors():
            found: Array = decoder.as_array(wrapped, index=0, decoding_plugin=_PLUGINS[self._coding], **options)[0]
        return found


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """Libraries written in Rust raise their panics past `Exception`: a damaged frame is no reason to end a process."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ == "PanicException":
            raise ValueError("the decoder panicked") from error
        raise


def _as_stored(pixels: Array, layout: Layout, said: CodestreamSize) -> Array:
    """Decoded samples as stored values: lossless cells keep only their stored bits, lossy ones are held inside."""
    if said.coding == "jpeg-lossless" or layout.signed:
        kind = np.uint8 if layout.bits_allocated == 8 else np.uint16
        return only_stored_bits(pixels.astype(kind, copy=False), layout.bits_stored, signed=layout.signed)
    held: Array = np.minimum(pixels, pixels.dtype.type((1 << layout.bits_stored) - 1))
    return held


def is_damaged_jpeg(data: bytes) -> bool:
    """Whether libjpeg finds damage in the entropy-coded data. It says so on the error stream alone, and draws on."""
    import cv2

    buffer = np.frombuffer(data, np.uint8)
    heard = _listen(lambda: cv2.imdecode(buffer, cv2.IMREAD_REDUCED_GRAYSCALE_8))
    return any(complaint in heard for complaint in _COMPLAINTS)


def _listen(work: Callable[[], object]) -> bytes:
    """What libraries write to the error stream of this process while `work` is done."""
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            work()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
        file.seek(0)
        return file.read(4096)


def load_decoders() -> None:
    """Load every decoder's library now: for a process that forks one child a file."""
    import importlib

    for name in ("cv2", "imagecodecs", "jpeg_ls", "openjpeg", "rle", "PIL.Image", "av"):
        importlib.import_module(name)
    for syntax in ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.5"):
        get_decoder(UID(syntax))
    import imagecodecs

    imagecodecs.jpeg8_decode.__name__, imagecodecs.jpegxl_decode.__name__  # noqa: B018  # loads them
