"""The consult's socket messages. PROTOCOL.md says each in English; the client's types are generated from here."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class Message(BaseModel):
    """A message of the protocol: unknown fields and non-finite numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True)


class Empty(Message):
    """Nothing to say."""


class ParticipantInfo(Message):
    participant_id: str
    name: str
    role: str
    present: bool


class JoinConsult(Message):
    consult_id: Id
    session_id: SessionId


class JoinedConsult(Message):
    participant_id: str
    role: str
    name: str
    state: str
    participants: list[ParticipantInfo]
    ice_servers: list[dict[str, Any]]
    server_time: float  # milliseconds since 1970, for playing clips in step


class ParticipantJoined(Message):
    participant: ParticipantInfo


class ParticipantLeft(Message):
    participant_id: str


class MovedElsewhere(Message):
    """This participant opened the consult in another tab or device; this one goes quiet."""


class Removed(Message):
    reason: str


class ConsultChanged(Message):
    consult_id: str
    state: str


class OpinionChanged(Message):
    consult_id: str
    version: int
    signed: bool


class OutcomeChanged(Message):
    consult_id: str
    version: int
    signed: bool


class WorklistChanged(Message):
    consult_id: str
    state: str
    urgency: Literal["emergency", "urgent", "routine"]


class InboxChanged(Message):
    """Nothing but that it did."""


class UploadChanged(Message):
    upload: dict[str, Any]


class InstanceChanged(Message):
    instance: dict[str, Any]


class InstanceRemoved(Message):
    instance_id: str


class ViewsChanged(Message):
    what: Literal["checklist", "retake_asked", "retake_answered", "retake_declined", "retake_withdrawn"]
    retake_id: str | None


class ReportChanged(Message):
    consult_id: str
    state: Literal["making", "ready", "failed"]


COMMANDS: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "join_consult": (JoinConsult, JoinedConsult),
    "leave_consult": (Empty, Empty),
    "join_worklist": (Empty, Empty),
    "join_inbox": (Empty, Empty),
}
FACTS: dict[str, type[BaseModel]] = {
    "participant_joined": ParticipantJoined,
    "participant_left": ParticipantLeft,
    "moved_elsewhere": MovedElsewhere,
    "removed": Removed,
    "consult_changed": ConsultChanged,
    "opinion_changed": OpinionChanged,
    "outcome_changed": OutcomeChanged,
    "worklist_changed": WorklistChanged,
    "inbox_changed": InboxChanged,
    "upload_changed": UploadChanged,
    "instance_changed": InstanceChanged,
    "instance_removed": InstanceRemoved,
    "views_changed": ViewsChanged,
    "report_changed": ReportChanged,
}
