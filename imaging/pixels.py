"""Frames of a DICOM file: decoded one at a time, YBR made RGB once (by the decoder), palette and LUTs applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import UID

from imaging import dicom_values as values
from imaging import encapsulation, geometry, windows
from imaging.dataset import NATIVE, VIDEO_SYNTAXES, DicomFile, open_dicom
from imaging.facts import Facts, Photometric
from imaging.guards import header as guard_header
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Source, Window
from imaging.timing import frame_durations


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
    facts.media, facts.kind, facts.photometric, facts.bits_stored = "dicom_video", "clip", "RGB", 8
    facts.frames = found.frames
    facts.frame_durations_ms = facts.frame_durations_ms or found.frame_durations_ms
    facts.window = None
    source.facts = facts
    return source


def _elementary(syntax: str) -> str:
    """The format of a stream that comes without a container."""
    number = int(syntax.rsplit(".", 1)[-1])
    return "mpegvideo" if number <= 101 else "h264" if number <= 106 else "hevc"


def describe(dicom: DicomFile) -> Facts:
    """Facts from the header alone; `window` is the header's (none for colour), `pixel_range` is not known yet."""
    header, layout = dicom.header, dicom.layout
    modality = values.text(header, "Modality").upper()[:16]
    mono = layout.photometric in {"MONOCHROME1", "MONOCHROME2"}
    photometric: Photometric = "MONOCHROME1" if layout.photometric == "MONOCHROME1" else "MONOCHROME2"
    return Facts(
        media="dicom",
        kind="still" if layout.frames == 1 else "clip",
        modality=modality or "OT",
        rows=layout.rows,
        columns=layout.columns,
        frames=layout.frames,
        frame_durations_ms=frame_durations(header, layout.frames) if layout.frames > 1 else [],
        photometric=photometric if mono else "RGB",
        bits_stored=8 if layout.photometric == "PALETTE COLOR" else layout.bits_stored,
        transfer_syntax=layout.transfer_syntax,
        sop_class_uid=values.uid(header, "SOPClassUID"),
        sop_instance_uid=values.uid(header, "SOPInstanceUID"),
        series_instance_uid=values.uid(header, "SeriesInstanceUID"),
        study_instance_uid=values.uid(header, "StudyInstanceUID"),
        study_description=values.text(header, "StudyDescription"),
        series_description=values.text(header, "SeriesDescription"),
        study_date=_date(values.text(header, "StudyDate")),
        patient_name=values.text(header, "PatientName"),
        patient_id=values.text(header, "PatientID"),
        patient_birth_date=_date(values.text(header, "PatientBirthDate")),
        patient_sex=_sex(values.text(header, "PatientSex")),
        series_number=values.whole(header, "SeriesNumber"),
        instance_number=values.whole(header, "InstanceNumber"),
        window=windows.header_window(header) if mono else None,
        modality_lut=_rescale(dicom) if mono else {"slope": 1.0, "intercept": 0.0},
        orientation=geometry.orientation(header),
        calibration=geometry.calibration(header, modality=modality, rows=layout.rows, columns=layout.columns),
        identity=guard_header.identity(header),
        acquisition=guard_header.acquisition(header),
    )


def _date(text: str) -> str:
    return text if len(text) == 8 and text.isdigit() else ""


def _sex(text: str) -> str:
    return text.upper() if text.upper() in {"M", "F", "O"} else ""


def _rescale(dicom: DicomFile) -> dict[str, float]:
    """Rescale slope and intercept (PS3.3 C.11.1); a LUT sequence is applied to the pixels instead; 0 is no slope."""
    slope = values.first_number(dicom.header, "RescaleSlope")
    intercept = values.first_number(dicom.header, "RescaleIntercept")
    if windows.has_items(dicom.header, "ModalityLUTSequence") or not slope:
        return {"slope": 1.0, "intercept": 0.0}
    return {"slope": slope, "intercept": intercept or 0.0}


class DicomSource:
    """A checked DICOM file whose frames pydicom decodes, one at a time, whatever its offset table says."""

    def __init__(self, dicom: DicomFile) -> None:
        self._dicom = dicom
        self._decoder = get_decoder(UID(dicom.layout.transfer_syntax))
        self._has_modality_lut = windows.has_items(dicom.header, "ModalityLUTSequence")
        self.facts = describe(dicom)
        self._complete_facts()

    def _complete_facts(self) -> None:
        """Learn from pixels what the header leaves open: range and, where it has none that shows anything, window."""
        facts = self.facts
        if facts.photometric == "RGB":
            return
        slope, intercept = facts.modality_lut["slope"], facts.modality_lut["intercept"]
        sampled = sorted({0, facts.frames // 2, facts.frames - 1})
        frames = [self.frame(index) for index in sampled]
        low = min(int(frame.min()) for frame in frames)
        high = max(int(frame.max()) for frame in frames)
        ends = sorted((low * slope + intercept, high * slope + intercept))
        facts.pixel_range = {"min": ends[0], "max": ends[1]}
        self._lut = None
        if windows.has_items(self._dicom.header, "VOILUTSequence"):
            self._lut = windows.table_of_lut(low, high, self._dicom.header, slope=slope, intercept=intercept)
        if self._lut is not None:
            self._lut_low = low
            facts.window = windows.window_of_table(self._lut, low, slope=slope, intercept=intercept) or facts.window
        if facts.window is None or not windows.sees(facts.window, *ends):
            padding = windows.padding_of(self._dicom.header)
            middle = frames[len(frames) // 2]
            facts.window = windows.percentile_window(middle, slope=slope, intercept=intercept, padding=padding)

    def frame(self, index: int) -> Array:
        """One frame; decoding errors become Refusal("cannot_decode") naming the frame_number."""
        with self._dicom.path.open("rb") as file:
            data = encapsulation.read_spans(file, self._dicom.frames[index])
        with refusing("cannot_decode", frame=index + 1):
            return self._decode(data)

    def frames(self) -> Iterator[Array]:
        for index in range(self.facts.frames):
            yield self.frame(index)

    def _decode(self, data: bytes) -> Array:
        header, layout = self._dicom.header, self._dicom.layout
        options = as_pixel_options(header, number_of_frames=1, pixel_keyword="PixelData")
        options["pixel_vr"] = self._dicom.element.vr
        options["transfer_syntax_uid"] = UID(layout.transfer_syntax)
        if layout.transfer_syntax not in NATIVE:
            data = encapsulate([data])
        elif len(data) % 2:
            data += b"\0"
        array: Array = self._decoder.as_array(data, index=0, **options)[0]
        expected = (layout.rows, layout.columns, 3) if layout.samples == 3 else (layout.rows, layout.columns)
        if array.shape != expected:
            raise Refusal("cannot_decode", frame=1)
        if layout.photometric == "PALETTE COLOR":
            return _as_bytes(apply_color_lut(array, header))
        return apply_modality_lut(array, header) if self._has_modality_lut else array

    def to_display(self, frame: Array, window: Window | None = None) -> Array:
        facts = self.facts
        if facts.photometric == "RGB":
            return frame if frame.dtype == np.uint8 else (frame >> max(0, facts.bits_stored - 8)).astype(np.uint8)
        low, high = int(frame.min()), int(frame.max())
        slope, intercept = facts.modality_lut["slope"], facts.modality_lut["intercept"]
        table = None
        if window is None and self._lut is not None:
            table = windows.table_of_lut(low, high, self._dicom.header, slope=slope, intercept=intercept)
        if table is None:
            chosen = window or facts.window or {"center": 128.0, "width": 256.0}
            table = windows.table_of_window(low, high, chosen, slope=slope, intercept=intercept)
        if facts.photometric == "MONOCHROME1":
            table = 255 - table
        return look_up(frame, table, low)


def look_up(frame: Array, table: Array, low: int) -> Array:
    """table[frame - low], in strips so that a large frame needs no second copy of itself."""
    out = np.empty(frame.shape, np.uint8)
    for start in range(0, frame.shape[0], 256):
        strip = frame[start : start + 256].astype(np.int32)
        strip -= low
        np.take(table, strip, out=out[start : start + 256])
    return out


def _as_bytes(array: Array) -> Array:
    return array if array.dtype == np.uint8 else (array >> 8).astype(np.uint8)
