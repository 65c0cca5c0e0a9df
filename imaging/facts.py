"""What is known of one instance, whatever file it came in: plain values that travel as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Media = Literal[
    "dicom", "dicom_video", "dicom_document", "pdf", "video", "jpeg", "png", "webp", "gif", "tiff", "heic", "avif",
    "bmp",
]  # fmt: skip
Kind = Literal["still", "clip", "document"]
Photometric = Literal["MONOCHROME1", "MONOCHROME2", "RGB"]
VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

NO_LETTERS = {"left": "", "right": "", "top": "", "bottom": ""}


@dataclass(slots=True)
class Facts:
    """One instance. `window`, `pixel_range` and `modality_lut` as in the manifest; pixels and milliseconds."""

    media: Media
    kind: Kind
    modality: str
    rows: int
    columns: int
    frames: int = 1
    frame_durations_ms: list[float] = field(default_factory=list)  # empty: not timed; one: every frame; or one each
    photometric: Photometric = "RGB"
    bits_stored: int = 8
    transfer_syntax: str = ""
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    series_instance_uid: str = ""
    study_instance_uid: str = ""
    study_description: str = ""
    series_description: str = ""
    study_date: str = ""  # YYYYMMDD or empty
    series_number: int | None = None
    instance_number: int | None = None
    window: dict[str, float] | None = None
    modality_lut: dict[str, float] = field(default_factory=lambda: {"slope": 1.0, "intercept": 0.0})
    voi_function: VoiFunction = "LINEAR"
    voi_lut: list[list[float]] | None = None  # [from this modality value on, level 0..255], rising; shown before window
    pixel_range: dict[str, float] | None = None
    orientation: dict[str, str] = field(default_factory=lambda: dict(NO_LETTERS))
    calibration: list[dict[str, Any]] = field(default_factory=list)
    identity: dict[str, str] = field(default_factory=dict)  # whom the file names: guards.identity.FileIdentity
    acquisition: dict[str, Any] = field(default_factory=dict)  # view, side, exposure: guards.header.acquisition
    quality: dict[str, Any] = field(default_factory=dict)  # what `imaging.quality` measured; empty: not rendered yet
    uncalibrated: str | None = "unsaid"  # why no length can be given: geometry.Reason; None where one can
    per_frame: dict[str, Any] | None = None  # {"sets": [what differs], "of": [set of each frame]}; None: all the same
    document: dict[str, Any] = field(default_factory=dict)  # {"type", "title", "pages", "lines", ...}: documents.py
    cautions: list[str] = field(default_factory=list)  # codes of `cautions.py`

    def caution(self, code: str) -> None:
        """Note once what must be said beside the picture."""
        if code not in self.cautions:
            self.cautions.append(code)

    def as_json(self) -> dict[str, Any]:
        """A dictionary of plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Facts:
        """The inverse of `as_json`; unknown keys are left out."""
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def frame_time_ms(self) -> float | None:
        """One duration for the whole clip (the mean where frames differ), or None when nothing says it."""
        times = self.frame_durations_ms
        return round(sum(times) / len(times), 3) if times else None
