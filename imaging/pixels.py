"""Frames of a DICOM file: decoded one at a time, colour made RGB once, palette and Modality LUT applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from imaging import dicom_values as values
from imaging import encapsulation, native, overlays
from imaging.codecs import Frames
from imaging.colour import Palette
from imaging.dataset import CODINGS, NATIVE, VIDEO_SYNTAXES, DicomFile, open_dicom
from imaging.description import describe
from imaging.layout import SUBSAMPLED
from imaging.lookup import Lut
from imaging.meaning import Meanings
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Source, Window

_DEEPEST = 0xFFFF  # values further apart than this are rounded: tiles and screens hold 16 bits


def open_pixels(path: Path, workspace: Path) -> Source:
    """Open a DICOM file. Raises Refusal (see `dataset.open_dicom`, and cannot_decode for its first frame)."""
    dicom = open_dicom(path, workspace)
    if dicom.layout.transfer_syntax in VIDEO_SYNTAXES:
        return _open_video(dicom, workspace)
    return DicomSource(dicom)


def _open_video(dicom: DicomFile, workspace: Path) -> Source:
    """The video inside (PS3.5 sections 8.2.5 to 8.2.10), opened as any other, with the header's own facts."""
    from imaging.videos import VideoSource

    stream = workspace / "stream.bin"
    with dicom.path.open("rb") as file, stream.open("wb") as target:
        for span in dicom.frames[0]:
            target.write(encapsulation.read_spans(file, [span]))
    source = VideoSource(stream, as_coded=True, elementary=_elementary(dicom.layout.transfer_syntax))
    found = source.facts
    layout = dicom.layout
    if (found.rows, found.columns) != (layout.rows, layout.columns):
        inside = f"{found.columns} x {found.rows}"
        raise Refusal("size_mismatch", header=f"{layout.columns} x {layout.rows}", inside=inside)
    facts = describe(dicom)
    Meanings(dicom.header, layout).tell(facts, [])
    facts.media, facts.kind, facts.photometric, facts.bits_stored = "dicom_video", "clip", "RGB", 8
    facts.frames = found.frames
    facts.frame_durations_ms = facts.frame_durations_ms or found.frame_durations_ms
    source.facts = facts
    return source


def _elementary(syntax: str) -> str:
    """The format of a stream that comes without a container."""
    number = int(syntax.rsplit(".", 1)[-1])
    return "mpegvideo" if number <= 101 else "h264" if number <= 106 else "hevc"


class DicomSource:
    """A checked DICOM file whose frames are decoded one at a time, whatever its offset table says."""

    def __init__(self, dicom: DicomFile) -> None:
        self._dicom = dicom
        self.facts = describe(dicom)
        layout = dicom.layout
        self._packed = None if layout.transfer_syntax in NATIVE else Frames(layout, CODINGS[layout.transfer_syntax])
        self._palette = Palette(dicom.header, little=layout.little) if layout.photometric == "PALETTE COLOR" else None
        self._modality_lut = self._read_modality_lut()
        self._rounding: tuple[float, float] | None = None  # (lowest value, values a step)
        self._first: Array | None = None  # whoever opens a file looks at its first frame next
        self._meanings = Meanings(dicom.header, layout, has_modality_lut=self._modality_lut is not None)
        if self.facts.photometric != "RGB":
            self._round_what_is_too_deep()
        self._complete_facts()

    def _read_modality_lut(self) -> Lut | None:
        """The Modality LUT (PS3.3 C.11.1): it is applied to the values, so that a window speaks of its outputs."""
        if self.facts.photometric == "RGB":
            return None
        for item in values.items(self._dicom.header, "ModalityLUTSequence")[:1]:
            layout = self._dicom.layout
            lut = Lut.read(item, signed_input=layout.signed, little=layout.little)
            if lut is None:
                self.facts.caution("modality_lut")
            return lut
        return None

    def _round_what_is_too_deep(self) -> None:
        layout = self._dicom.layout
        if not layout.is_float and layout.bits_stored <= 16:
            return
        low, high = float("inf"), float("-inf")
        for index in range(layout.frames):
            frame = self.stored(index)
            known = frame[np.isfinite(frame)] if layout.is_float else frame
            if known.size:
                low, high = min(low, float(known.min())), max(high, float(known.max()))
        if low > high:
            raise Refusal("unsupported_pixels", kind="not a number")
        if layout.is_float or high - low > _DEEPEST:
            step = max((high - low) / _DEEPEST, float(np.finfo(np.float32).tiny))
            self._rounding = (low, step)
            self._meanings.rescaled_by(low, step)
            self.facts.bits_stored = 16
            self.facts.caution("reduced_depth")

    def _complete_facts(self) -> None:
        """Learn from pixels what the header leaves open: range and, where it has none that shows anything, window."""
        sampled = sorted({0, self.facts.frames // 2, self.facts.frames - 1})
        # Colour needs no range; its first frame is decoded so that a file whose first frame is broken is refused.
        frames = [(index, self.frame(index)) for index in (sampled if self.facts.photometric != "RGB" else [0])]
        self._first = frames[0][1]
        self._meanings.tell(self.facts, frames)

    def stored(self, index: int) -> Array:
        """One frame's values as they are stored: before palette, Modality LUT and rounding; colour as RGB.

        Decoding errors become Refusal("cannot_decode") naming the frame_number.
        """
        with refusing("cannot_decode", frame=index + 1):
            if self._packed is None:
                return self._native(index)
            with self._dicom.path.open("rb") as file:
                data = encapsulation.read_spans(file, self._dicom.frames[index])
            found = self._packed.decode(data)
        if self._packed.complaints:
            self.facts.caution("damaged_parts")
        return found

    def _native(self, index: int) -> Array:
        layout = self._dicom.layout
        subsampled = layout.photometric in SUBSAMPLED
        with self._dicom.path.open("rb") as file:
            swapped = not layout.little and layout.bits_allocated <= 12 and self._dicom.element.vr == "OW"
            span = self._dicom.frames[index][0]
            data = encapsulation.read_native(file, span, self._dicom.element, swapped=swapped)
        first_bit = index * native.frame_bits(layout, subsampled=subsampled) % 8
        return native.decode(data, layout, first_bit=first_bit, subsampled=subsampled)

    def frame(self, index: int) -> Array:
        """One frame's values, in the units that `facts.modality_lut` explains; RGB of colour and palette."""
        if index == 0 and self._first is not None:
            return self._first
        found = self.stored(index)
        if self._palette is not None:
            return self._palette.look_up(found)
        if found.ndim == 3:
            return found
        if self._modality_lut is not None:
            return self._modality_lut.look_up(found)
        return found if self._rounding is None else _rounded(found, *self._rounding)

    def frames(self) -> Iterator[Array]:
        for index in range(self.facts.frames):
            yield self.frame(index)

    def write_overlays(self, target: Path, index: Path) -> bool:
        """Pack the file's own drawings (`overlays.write`); False where there are none."""
        with refusing("damaged_header"):
            return overlays.write(self._dicom, target, index)

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        """uint8 of a frame as it should look. `index` says which frame it is, where frames mean different things."""
        facts = self.facts
        if facts.photometric == "RGB":
            return frame if frame.dtype == np.uint8 else (frame >> max(0, facts.bits_stored - 8)).astype(np.uint8)
        low, high = int(frame.min()), int(frame.max())
        table = self._meanings.of(index).table(low, high, window)
        if facts.photometric == "MONOCHROME1":
            table = 255 - table
        return look_up(frame, table, low)


def _rounded(frame: Array, low: float, step: float) -> Array:
    """Values in 65,535 even steps; what is no number is drawn as the lowest."""
    out = np.empty(frame.shape, np.uint16)
    for start in range(0, frame.shape[0], 256):
        part = (frame[start : start + 256].astype(np.float64) - low) / step
        out[start : start + 256] = np.clip(np.rint(np.nan_to_num(part, nan=0.0)), 0, _DEEPEST).astype(np.uint16)
    return out


def look_up(frame: Array, table: Array, low: int) -> Array:
    """table[frame - low], in strips so that a large frame needs no second copy of itself."""
    out = np.empty(frame.shape, np.uint8)
    for start in range(0, frame.shape[0], 256):
        strip = frame[start : start + 256].astype(np.int64)
        strip -= low
        np.take(table, strip, out=out[start : start + 256])
    return out
