"""Reads of recordings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.actor import Actor
from video.recordings.lifecycle import OPEN
from video.recordings.models import Recording, RecordingConsent, RecordingSegment, RecordingTake
from video.recordings.protocol import RecordingInfo, RecordingPerson


def open_of(session: Session, consult_id: str) -> Recording | None:
    """The recording that runs, or is asked for, in a consult."""
    rows = select(Recording).where(Recording.consult_id == consult_id, Recording.state.in_(OPEN))
    return session.scalar(rows)


def all_open(session: Session) -> list[Recording]:
    """Every recording that runs or is asked for."""
    return list(session.scalars(select(Recording).where(Recording.state.in_(OPEN))))


def consents(session: Session, recording_id: str) -> list[RecordingConsent]:
    """Everybody who was asked, in the order in which they were."""
    rows = select(RecordingConsent).where(RecordingConsent.recording_id == recording_id)
    return list(session.scalars(rows.order_by(RecordingConsent.asked_at, RecordingConsent.id)))


def takes(session: Session, recording_id: str) -> list[RecordingTake]:
    """The stretches of a recording, in order."""
    rows = select(RecordingTake).where(RecordingTake.recording_id == recording_id)
    return list(session.scalars(rows.order_by(RecordingTake.started_at, RecordingTake.id)))


def running_take(session: Session, recording_id: str) -> RecordingTake | None:
    """The stretch that runs now."""
    rows = select(RecordingTake).where(RecordingTake.recording_id == recording_id, RecordingTake.ended_at.is_(None))
    return session.scalar(rows)


def segments(session: Session, recording_id: str) -> list[RecordingSegment]:
    """The sealed files of a recording."""
    rows = select(RecordingSegment).where(RecordingSegment.recording_id == recording_id)
    return list(session.scalars(rows.order_by(RecordingSegment.began_at, RecordingSegment.id)))


def of_consult(session: Session, consult_id: str) -> list[Recording]:
    """What was recorded of a consult, deleted ones too, oldest first; not what was only asked for."""
    rows = select(Recording).where(Recording.consult_id == consult_id, Recording.started_at.is_not(None))
    return list(session.scalars(rows.order_by(Recording.started_at)))


def of_program(session: Session, actor: Actor) -> list[Recording]:
    """What was recorded in an administrator's program, newest first."""
    rows = select(Recording).where(Recording.program_id == actor.program_id, Recording.started_at.is_not(None))
    return list(session.scalars(rows.order_by(Recording.started_at.desc()).limit(500)))


def to_mix(session: Session, overdue: datetime) -> list[str]:
    """Ended recordings whose files are all here, or whose missing ones have been waited for since `overdue`."""
    rows = select(Recording).where(Recording.mix_state == "wanted", Recording.state == "ended")
    return [one.id for one in session.scalars(rows) if is_complete(session, one) or (one.ended_at or overdue) < overdue]


def is_complete(session: Session, recording: Recording) -> bool:
    """Whether every file that a relay began has been delivered."""
    return all(one.state in ("safe", "broken") for one in segments(session, recording.id))


def older_than(session: Session, moment: datetime) -> list[Recording]:
    """Recordings that ended before `moment`."""
    return list(session.scalars(select(Recording).where(Recording.state == "ended", Recording.ended_at < moment)))


def info(recording: Recording, people: Sequence[RecordingConsent]) -> RecordingInfo:
    """A recording as everybody in its room sees it."""
    return RecordingInfo.model_validate(
        {
            "recording_id": recording.id,
            "state": recording.state,
            "pictures": recording.pictures,
            "asked_by": recording.asked_by,
            "asked_by_name": recording.asked_by_name,
            "text_version": recording.text_version,
            "since": (recording.started_at or recording.asked_at).timestamp() * 1000,
            "reason": recording.reason,
            "people": [
                RecordingPerson.model_validate(
                    {"participant_id": one.participant_id, "person": one.person, "name": one.name, "answer": one.answer}
                )
                for one in people
            ],
        }
    )


def deleted(session: Session) -> list[str]:
    """Recordings whose files have no reason to be there any more."""
    return list(session.scalars(select(Recording.id).where(Recording.state == "deleted")))


def recorded_of(session: Session, consult_ids: Sequence[str]) -> set[str]:
    """Which of the consults were recorded, also where that was deleted since."""
    rows = select(Recording.consult_id).where(
        Recording.consult_id.in_(list(consult_ids)), Recording.started_at.is_not(None)
    )
    return set(session.scalars(rows))
