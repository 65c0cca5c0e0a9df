"""What a page reports of its check. The client's twin is `static/src/check/findings.ts`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Rate = Annotated[int, Field(ge=0, le=2_000_000_000)]


class Findings(BaseModel):
    """Rates in bits per second, the round trip in milliseconds, loss as a share of 1; null where not measured."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    microphone: Literal["good", "silent", "refused", "missing", "skipped"]
    camera: Literal["good", "refused", "missing", "skipped"]
    path: Literal["direct", "relayed", "blocked", "unknown"]
    round_trip: Annotated[int, Field(ge=0, le=600_000)] | None
    loss: Annotated[float, Field(ge=0, le=1)] | None
    down_bps: Rate | None
    up_bps: Rate | None
    verdict: Literal["picture", "stills", "voice", "text"]
