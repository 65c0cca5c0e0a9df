"""Stills and clips asked of somebody's camera: the tablet takes them itself, at its camera's own resolution."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from consult.protocol import Empty, Id, Message

Kind = Literal["still", "clip"]
Track = Literal["picture", "second", "probe"]  # of one person's cameras: the call's own words for them
# taking: the shutter is about to fall. waiting: it is on that device and waits to be sent. taken: its file is known
# to the server (`upload_id`), and comes into the case. refused: there will be none, `reason` says why.
Step = Literal["taking", "waiting", "taken", "refused"]
Reason = Literal["declined", "no_camera", "busy", "failed"]
Pixels = Annotated[int, Field(ge=0, le=100_000)]


class AskForStill(Message):
    """Ask somebody's device for a still, or a clip of a few seconds, from its camera."""

    to: Id
    kind: Kind
    track: Track = "picture"


class StillAwaited(Message):
    request_id: str


class ReportStill(Message):
    """How the device that was asked is getting on. `width` and `height`: pixels of what was taken."""

    request_id: Id
    step: Step
    width: Pixels = 0
    height: Pixels = 0
    upload_id: Id | None = None
    reason: Reason | None = None


class StillAsked(Message):
    """To the device whose camera it is."""

    request_id: str
    sender: str = Field(alias="from")
    name: str
    kind: Kind
    track: Track


class StillProgressed(Message):
    """To whoever asked."""

    request_id: str
    step: Literal["taking", "waiting"]
    width: int
    height: int


class StillTaken(Message):
    """To the whole room: whose camera, who asked, and the file that brings it."""

    request_id: str
    owner: str
    asked_by: str
    kind: Kind
    upload_id: str
    width: int
    height: int


class StillRefused(Message):
    """To whoever asked. `gone`: the other side left or its line broke."""

    request_id: str
    reason: Literal["declined", "no_camera", "busy", "failed", "gone"]


COMMANDS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "ask_for_still": (AskForStill, StillAwaited),
    "report_still": (ReportStill, Empty),
}
FACTS: dict[str, type[BaseModel]] = {
    "still_asked": StillAsked,
    "still_progressed": StillProgressed,
    "still_taken": StillTaken,
    "still_refused": StillRefused,
}
PER_SECOND: Final[dict[str, float]] = {"ask_for_still": 1, "report_still": 5}
