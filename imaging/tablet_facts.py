"""What a sender's own device says of a file before the file is here: checked for form, believed for showing only."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask_babel import gettext as _
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from imaging import limits
from imaging.facts import Facts, Photometric
from imaging.plain_text import clean

MAX_STILL_BYTES = 64_000
MAX_CLIP_BYTES = 1_000_000
MAX_INDEX_CHARACTERS = 200_000
PREVIEW_SIDE = 1024  # px, the longest side of anything that a tablet may send ahead

_Uid = Annotated[str, StringConstraints(pattern=r"^[0-9.]{0,64}$")]
_Text = Annotated[str, StringConstraints(max_length=64)]
_Side = Annotated[int, Field(ge=1, le=65_535)]
_Level = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
_IDENTITY = {"name", "birth_date", "age", "sex", "patient_id", "issuer", "study_date", "removed"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TabletWindow(_Strict):
    """A VOI window in modality units."""

    center: _Level
    width: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]


class TabletRescale(_Strict):
    """Rescale slope and intercept."""

    slope: _Level
    intercept: _Level


class TabletRange(_Strict):
    """The least and the greatest value that occurs, in modality units."""

    min: _Level
    max: _Level


class TabletFacts(_Strict):
    """The facts that come with a tablet's preview. Lengths, orientation letters and calibration are not among them."""

    kind: Literal["still", "clip"]
    media: Literal["dicom", "dicom_video", "video", "jpeg", "png", "webp", "gif", "tiff", "heic", "avif", "bmp"]
    modality: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,16}$")]
    rows: _Side
    columns: _Side
    frames: Annotated[int, Field(ge=1, le=limits.MAX_FRAMES)]
    frame_time_ms: Annotated[float, Field(ge=2, le=10_000, allow_inf_nan=False)] | None
    photometric: Photometric
    bits_stored: Annotated[int, Field(ge=1, le=16)]
    window: TabletWindow | None
    modality_lut: TabletRescale
    pixel_range: TabletRange | None
    sop_instance_uid: _Uid
    series_instance_uid: _Uid
    study_instance_uid: _Uid
    series_description: _Text
    study_description: _Text
    study_date: Annotated[str, StringConstraints(pattern=r"^([0-9]{8})?$")]
    sha256: Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
    identity: dict[str, Annotated[str, StringConstraints(max_length=200)]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _be_possible(self) -> TabletFacts:
        if self.rows * self.columns > limits.MAX_FRAME_PIXELS:
            raise ValueError(_("The picture is too large to open safely."))
        if self.kind == "still" and self.frames != 1:
            raise ValueError(_("A still has one frame."))
        if not self.identity.keys() <= _IDENTITY:
            raise ValueError(_("There is no such field."))
        return self

    def as_facts(self) -> Facts:
        """The same as an instance's facts: uncalibrated, with no side marked left or right."""
        values: dict[str, Any] = self.model_dump(exclude={"frame_time_ms", "sha256", "modality_lut"})
        for name in ("series_description", "study_description"):
            values[name] = clean(values[name], limits.MAX_HEADER_TEXT)
        values["frame_durations_ms"] = [self.frame_time_ms] if self.frame_time_ms is not None else []
        if self.modality_lut.slope:
            values["modality_lut"] = self.modality_lut.model_dump()
        values["uncalibrated"] = "not_here"
        return Facts.from_json(values)


class TabletClipIndex(_Strict):
    """Where each frame of a tablet's clip lies; as `clips.bundle` writes it, or VP8 without a description."""

    codec: Annotated[str, StringConstraints(pattern=r"^(avc1\.[0-9A-F]{6}|vp8)$")]
    description: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[A-Za-z0-9+/]*=*$")]
    width: Annotated[int, Field(ge=2, le=PREVIEW_SIDE)]
    height: Annotated[int, Field(ge=2, le=PREVIEW_SIDE)]
    coded_width: Annotated[int, Field(ge=2, le=PREVIEW_SIDE + 16)]
    coded_height: Annotated[int, Field(ge=2, le=PREVIEW_SIDE + 16)]
    frames: Annotated[list[tuple[int, int, int]], Field(min_length=1, max_length=limits.MAX_FRAMES)]

    @model_validator(mode="after")
    def _be_possible(self) -> TabletClipIndex:
        if any(size < 1 or key not in (0, 1) or not 1 <= time <= 60_000_000 for size, key, time in self.frames):
            raise ValueError(_("The frames are not what a clip has."))
        if self.frames[0][1] != 1:
            raise ValueError(_("A clip begins with a key frame."))
        return self

    @property
    def size(self) -> int:
        """Bytes of all frames."""
        return sum(size for size, _key, _time in self.frames)
