"""The messages about recording a call: asking, answering, taking back, and what everybody is told."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from video.protocol import Empty, Message, ParticipantId

RecordingId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
TextVersion = Annotated[str, Field(max_length=32)]
Language = Annotated[str, Field(max_length=8)]
Person = Literal["self", "patient", "attendant"]


class Beside(Message):
    """Somebody beside the treating doctor who was asked there and said yes; for a patient their guardian may have."""

    person: Literal["patient", "attendant"]
    given_by: Literal["patient", "guardian", "attendant"]


Besides = Annotated[list[Beside], Field(max_length=2)]


class WatchRecording(Message):
    """Whether the call is recorded now, and whom that waits for."""


class AskToRecord(Message):
    """Ask everybody in the call; one's own yes is in it, and that of those beside one."""

    pictures: bool
    text_version: TextVersion
    language: Language
    beside: Besides


class AnswerRecording(Message):
    """Say yes or no to a recording, for oneself and those beside one."""

    recording_id: RecordingId
    agree: bool
    text_version: TextVersion
    language: Language
    beside: Besides


class WithdrawRecording(Message):
    """Take back one's own yes, or that of somebody beside one: it stops at once."""

    recording_id: RecordingId
    person: Person


class StopRecording(Message):
    """End the recording; those who may ask for one may end it."""

    recording_id: RecordingId


class RecordingPerson(Message):
    """What one person answered. `participant_id` is whose screen they are at."""

    participant_id: ParticipantId
    person: Person
    name: str
    answer: Literal["asked", "yes", "no", "withdrawn"]


class RecordingInfo(Message):
    """A recording as everybody in the room sees it. Times are milliseconds since 1970; `reason` is why it ended."""

    recording_id: RecordingId
    state: Literal["asking", "recording", "paused", "ended", "declined", "deleted"]
    pictures: bool
    asked_by: ParticipantId
    asked_by_name: str
    text_version: str
    since: float
    reason: str
    people: list[RecordingPerson]


class RecordingNow(Message):
    """The recording that runs or is asked for; null for none."""

    recording: RecordingInfo | None


class RecordingChanged(Message):
    """A recording was asked for, answered, began, paused or ended."""

    recording: RecordingInfo


COMMANDS: Final[dict[str, tuple[type[Message], type[Message]]]] = {
    "watch_recording": (WatchRecording, RecordingNow),
    "ask_to_record": (AskToRecord, RecordingNow),
    "answer_recording": (AnswerRecording, RecordingNow),
    "withdraw_recording": (WithdrawRecording, Empty),
    "stop_recording": (StopRecording, Empty),
}
FACTS: Final[dict[str, type[Message]]] = {"recording_changed": RecordingChanged}
PER_SECOND: Final[dict[str, float]] = {
    "watch_recording": 2,
    "ask_to_record": 1,
    "answer_recording": 2,
    "withdraw_recording": 5,
    "stop_recording": 5,
}
