"""The contract with a model's command, version 1 (docs/site-models.md): its registration, its request, its result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

CONTRACT: Final = 1
REQUEST_FILE: Final = "request.json"
RESULT_FILE: Final = "result.json"
MOST_RESULT_BYTES: Final = 64 * 1024
MOST_FRAMES: Final = 32  # PNG files given of a clip, spread over it

Told = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f<>]+$")
]
_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)


class SiteModel(BaseModel):
    """One model that the site's administrator has registered: what it is, who approved it for what, how to start it."""

    model_config = _STRICT

    name: Told
    version: Told
    approval: Told  # the reference of whoever approved it: a licence, a committee's decision
    intended_use: Told
    command: Annotated[list[str], Field(min_length=1, max_length=50)]
    modalities: Annotated[list[str], Field(min_length=1, max_length=50)]  # DICOM terms; ["*"] for every one
    kinds: list[Literal["still", "clip"]] = ["still"]
    seconds: Annotated[int, Field(ge=1, le=600)] = 60
    memory_mb: Annotated[int, Field(ge=64, le=16_384)] = 2048

    def takes(self, modality: str, kind: str) -> bool:
        """Whether it was approved for such a picture."""
        return kind in self.kinds and ("*" in self.modalities or modality in self.modalities)


class Registration(BaseModel):
    """The file that SITE_MODELS names."""

    model_config = _STRICT

    models: Annotated[list[SiteModel], Field(max_length=10)]

    @model_validator(mode="after")
    def names_once(self) -> Registration:
        """A name and version stand for one model."""
        if len({(one.name, one.version) for one in self.models}) < len(self.models):
            raise ValueError("two models have the same name and version")
        return self


class GivenFrame(BaseModel):
    """A PNG beside the request, 8 or 16 bits, in stored values or RGB; frame_number from 1."""

    file: str
    frame_number: int


class Request(BaseModel):
    """What the command finds in request.json. Names, dates, UIDs and numbers are removed or replaced."""

    contract: int = CONTRACT
    name: str
    version: str
    modality: str
    rows: int
    columns: int
    frame_count: int
    frames: list[GivenFrame]
    dicom: str | None  # a de-identified DICOM file beside the request; none of a photograph or video
    covered: list[list[int]]  # x, y, width, height: what was blacked out because it looked like identity


class Statement(BaseModel):
    """One thing the model says. Nothing else of its output is shown."""

    model_config = _STRICT

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")
    ]
    probability: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    frame_number: Annotated[int, Field(ge=1)] | None = None
    box: Annotated[list[int], Field(min_length=4, max_length=4)] | None = None  # x, y, width, height in pixels


class Result(BaseModel):
    """What the command writes to result.json."""

    model_config = _STRICT

    contract: Literal[1]
    name: str
    version: str
    statements: Annotated[list[Statement], Field(max_length=20)]


def read_registration(path: Path) -> list[SiteModel]:
    """The registered models. Raises ValueError with what is wrong in the file."""
    try:
        return Registration.model_validate_json(path.read_bytes(), strict=True).models
    except (OSError, ValidationError) as error:
        raise ValueError(f"SITE_MODELS ({path}) cannot be used: {error}") from error


def read_result(content: bytes, model: SiteModel, frame_count: int) -> list[Statement]:
    """The statements of a result that keeps the contract. Raises ValueError."""
    if len(content) > MOST_RESULT_BYTES:
        raise ValueError("too long")
    try:
        result = Result.model_validate_json(content, strict=True)
    except (ValidationError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError("not as agreed") from error
    if (result.name, result.version) != (model.name, model.version):
        raise ValueError("another model answered")
    if any(one.frame_number is not None and one.frame_number > frame_count for one in result.statements):
        raise ValueError("a frame that is not there")
    return result.statements
