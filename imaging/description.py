"""Facts of a DICOM file that its header alone tells."""

from __future__ import annotations

from imaging import dicom_values as values
from imaging import overlays
from imaging.dataset import DicomFile
from imaging.facts import Facts, Photometric
from imaging.guards import header as guard_header
from imaging.timing import frame_durations


def describe(dicom: DicomFile) -> Facts:
    """Identity, layout and timing; what pixels and places mean is added by `meaning.Meanings`."""
    header, layout = dicom.header, dicom.layout
    mono = layout.photometric in {"MONOCHROME1", "MONOCHROME2"}
    photometric: Photometric = "MONOCHROME1" if layout.photometric == "MONOCHROME1" else "MONOCHROME2"
    facts = Facts(
        media="dicom",
        kind="still" if layout.frames == 1 else "clip",
        modality=values.text(header, "Modality").upper()[:16] or "OT",
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
        series_number=values.whole(header, "SeriesNumber"),
        instance_number=values.whole(header, "InstanceNumber"),
        identity=guard_header.identity(header),
        acquisition=guard_header.acquisition(header),
    )
    for code in dicom.cautions:
        facts.caution(code)
    if not overlays.read(dicom)[1]:
        facts.caution("overlays")
    return facts


def _date(text: str) -> str:
    return text if len(text) == 8 and text.isdigit() else ""
