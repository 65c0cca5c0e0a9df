"""The stage's socket messages. Updates and state vectors are Yjs's own bytes (update format v1)."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, Field

from consult.protocol import Empty, Message
from consult.stage.schema import Coordinate, Frame, Identifier, Milliseconds, View

MAX_UPDATE_BYTES: Final = 512 * 1024  # well below what closes a connection, in base64 over polling too
MAX_STATE_VECTOR_BYTES: Final = 64 * 1024

Bytes = Annotated[bytes, Field(max_length=MAX_UPDATE_BYTES)]
StateVector = Annotated[bytes, Field(max_length=MAX_STATE_VECTOR_BYTES)]


class Pointer(Message):
    """Where somebody points, in image pixels."""

    instance: Identifier
    frame: Frame
    x: Coordinate
    y: Coordinate


class AwarenessState(Message):
    """What passes and is never stored: the pointer, and the view while it moves. `at`: ms, server time."""

    pointer: Pointer | None
    view: View | None
    at: Milliseconds


class SyncStage(Message):
    """What the client's copy of the document knows."""

    state_vector: StateVector


class SyncedStage(Message):
    """What the client lacks, and what the server knows: the client sends the rest by `update_stage`."""

    update: bytes
    state_vector: bytes


class UpdateStage(Message):
    """Changes to the document; answered once they are stored."""

    update: Bytes


class PointStage(Message):
    """The pointer and moving view, where there is no data channel to send them through."""

    state: AwarenessState


class StageUpdated(Message):
    """Changes that the server has stored."""

    update: bytes
    by: str


class StagePointed(Message):
    """Where another participant points."""

    sender: str = Field(alias="from")
    state: AwarenessState


COMMANDS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "sync_stage": (SyncStage, SyncedStage),
    "update_stage": (UpdateStage, Empty),
    "point_stage": (PointStage, Empty),
}
FACTS: dict[str, type[BaseModel]] = {
    "stage_updated": StageUpdated,
    "stage_pointed": StagePointed,
}
PER_SECOND: Final[dict[str, float]] = {"sync_stage": 2, "update_stage": 20, "point_stage": 200}
