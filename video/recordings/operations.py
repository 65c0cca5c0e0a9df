"""Decisions about recording: asking, answering, taking back, beginning, pausing, ending, deleting. Each is audited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit, config, outbox
from app.actor import SYSTEM, Actor
from app.db import new_id
from app.errors import Conflict, Invalid, NotFound
from app.membership import Membership, room_of
from video import sealed
from video.recordings import access, consent_texts, queries
from video.recordings.lifecycle import OPEN, after
from video.recordings.models import Recording, RecordingConsent, RecordingTake
from video.recordings.protocol import Beside

KEY_PURPOSE: Final = "recording"
ANSWERS_FOR_OTHERS: Final = "treating_doctor"  # the patient and their relatives sit beside this doctor's tablet
MOST_REASON: Final = 500
FEWEST_MEMBERS: Final = 2

Words = tuple[str, str]  # a consent text's version and language


def ask(
    session: Session,
    member: Membership,
    present: Sequence[Membership],
    *,
    pictures: bool,
    words: Words,
    beside: Sequence[Beside],
    now: datetime,
) -> Recording:
    """Ask everybody in the call to be recorded; the asker's yes is in it.

    Raises NotFound, NotAllowed, Conflict (`not_in_call`, `recording_runs`), Invalid.
    """
    access.require(session, member.actor, member.consult_id, "record")
    _check_words(words)
    if all(one.participant_id != member.participant_id for one in present):
        raise Conflict(_("Join the call first: only a call can be recorded."), code="not_in_call")
    if queries.open_of(session, member.consult_id) is not None:
        raise Conflict(_("Recording has been asked for already."), code="recording_runs")
    made = Recording(
        id=new_id(),
        consult_id=member.consult_id,
        program_id=member.actor.program_id,
        pictures=pictures,
        text_version=words[0],
        asked_by=member.participant_id,
        asked_by_name=member.name,
        asked_at=now,
        changed_at=now,
    )
    made.wrapped_key = sealed.wrap(config.current().secret_key, KEY_PURPOSE, made.id, sealed.new_key())
    session.add(made)
    session.flush()
    for one in present:
        _ask_person(session, made, one, now)
    _write_down(session, member.actor, "ask_to_record", made, pictures=pictures)
    _say_yes(session, made, member, words, beside, now)
    return made


def answer(
    session: Session,
    member: Membership,
    recording_id: str,
    *,
    agree: bool,
    words: Words,
    beside: Sequence[Beside],
    now: datetime,
) -> Recording:
    """Say yes or no for oneself and those beside one. Raises NotFound, Conflict, Invalid."""
    found = _running(session, member, recording_id)
    _check_words(words)
    own = _own(session, found, member)
    if agree:
        if own.answer in ("no", "withdrawn"):
            raise Conflict(_("You said no. Have it asked again."), code="wrong_state")
        _say_yes(session, found, member, words, beside, now)
        return found
    own.answer, own.answered_at, own.language = "no", own.answered_at or now, words[1]
    _write_down(session, member.actor, "decline_recording", found)
    _move(session, found, "declined", now)
    return found


def withdraw(session: Session, member: Membership, recording_id: str, person: str, now: datetime) -> Recording:
    """Take back a yes given on this member's screen: the recording ends. Harmless once it has ended."""
    found = _of(session, member, recording_id)
    own = [one for one in queries.consents(session, found.id) if one.participant_id == member.participant_id]
    named = [one for one in own if one.person == person]
    if not named:
        raise NotFound()
    if named[0].answer != "yes" or found.state not in OPEN:
        return found
    named[0].answer, named[0].withdrawn_at = "withdrawn", now
    _write_down(session, member.actor, "withdraw_from_recording", found, person=person)
    _move(session, found, "withdrawn", now)
    return found


def stop(session: Session, member: Membership, recording_id: str, now: datetime) -> Recording:
    """End a recording. Raises NotFound, NotAllowed. Harmless once it has ended."""
    access.require(session, member.actor, member.consult_id, "record")
    found = _of(session, member, recording_id)
    if found.state in OPEN:
        _write_down(session, member.actor, "stop_recording", found)
        _move(session, found, "stopped", now)
    return found


def settle(session: Session, consult_id: str, present: Sequence[Membership], able: bool, now: datetime) -> None:
    """Make the recording agree with who is in the call: ask newcomers, begin, pause.

    It goes on only while everybody in the call has said yes, there are two at least, and there is a relay `able` to.
    """
    found = queries.open_of(session, consult_id)
    if found is None:
        return
    said = {one.participant_id: one.answer for one in queries.consents(session, found.id) if one.person == "self"}
    newcomers = [one for one in present if one.participant_id not in said]
    for one in newcomers:
        _ask_person(session, found, one, now)
    agreed = able and len(present) >= FEWEST_MEMBERS and all(said.get(one.participant_id) == "yes" for one in present)
    event = "agreed" if agreed else "missing"
    if after(found.state, event) is not None:
        _move(session, found, event, now)
    elif newcomers:
        announce(session, found)


def end(session: Session, found: Recording, event: str, now: datetime) -> None:
    """End a recording for a reason nobody gave: the call is over (`left`), the disk is full (`failed`)."""
    if found.state in OPEN:
        _write_down(session, _system(found), "end_recording", found, reason=event)
        _move(session, found, event, now)


def delete(session: Session, actor: Actor, found: Recording, reason: str, now: datetime) -> None:
    """Delete what was recorded: the key goes with this, the files after it. What remains says that it was, and why.

    Raises Invalid without a reason, Conflict while it runs.
    """
    given = reason.strip()
    if not given or len(given) > MOST_REASON:
        raise Invalid("reason", _("Say why, in at most %(most)d characters.", most=MOST_REASON))
    if after(found.state, "deleted") is None:
        raise Conflict(_("It is not there any more, or still running."), code="wrong_state")
    found.state, found.changed_at = "deleted", now
    found.wrapped_key, found.mix_state, found.mix_index, found.mix_bytes, found.mix_seconds = (
        None,
        "none",
        [],
        None,
        None,
    )
    found.deleted_at, found.deleted_by, found.delete_reason = now, actor.id, given
    _write_down(session, actor, "delete_recording", found)


def key_of(found: Recording) -> bytes:
    """What opens a recording's files. Raises NotFound once it was deleted."""
    if found.wrapped_key is None:
        raise NotFound()
    return sealed.unwrap(config.current().secret_key, KEY_PURPOSE, found.id, found.wrapped_key)


def agreed_people(session: Session, found: Recording, present: Collection[str]) -> list[str]:
    """The participants who are there and said yes themselves: nobody else's packet is kept."""
    own = [one for one in queries.consents(session, found.id) if one.person == "self" and one.answer == "yes"]
    return [one.participant_id for one in own if one.participant_id in present]


def announce(session: Session, found: Recording) -> None:
    """Tell the room how the recording stands."""
    session.flush()
    info = queries.info(found, queries.consents(session, found.id))
    outbox.post(session, room_of(found.consult_id), "recording_changed", {"recording": info.model_dump(by_alias=True)})


def _move(session: Session, found: Recording, event: str, now: datetime) -> None:
    state = after(found.state, event)
    if state is None:
        raise Conflict(_("The recording has ended."), code="wrong_state")
    running = queries.running_take(session, found.id)
    if state == "recording":
        found.started_at = found.started_at or now
        session.add(RecordingTake(recording_id=found.id, started_at=now))
        _write_down(session, _system(found), "begin_recording", found)
    elif running is not None:
        running.ended_at = max(now, running.started_at)
    if state not in OPEN:
        found.ended_at, found.reason = now, event
        found.mix_state = "wanted" if found.started_at is not None else "none"
    found.state, found.changed_at = state, now
    announce(session, found)


def _ask_person(session: Session, found: Recording, one: Membership, now: datetime) -> None:
    session.add(
        RecordingConsent(
            recording_id=found.id,
            participant_id=one.participant_id,
            person="self",
            name=one.name,
            given_by="self",
            text_version=found.text_version,
            recorded_by=one.actor.id,
            asked_at=now,
        )
    )
    session.flush()


def _say_yes(
    session: Session,
    found: Recording,
    member: Membership,
    words: Words,
    beside: Sequence[Beside],
    now: datetime,
) -> None:
    if beside and member.role != ANSWERS_FOR_OTHERS:
        raise Invalid("beside", _("Only the treating doctor answers for those beside them."))
    if len({one.person for one in beside}) < len(beside):
        raise Invalid("beside", _("Somebody stands here twice."))
    if any((one.person == "attendant") != (one.given_by == "attendant") for one in beside):
        raise Invalid("given_by", _("Relatives answer for themselves, patients for themselves or by a guardian."))
    own = _own(session, found, member)
    own.answer, own.answered_at, own.text_version, own.language = "yes", own.answered_at or now, *words
    there = {one.person for one in queries.consents(session, found.id) if one.participant_id == member.participant_id}
    for one in beside:
        if one.person not in there:
            session.add(_beside(found, member, one, words, now))
    _write_down(
        session,
        member.actor,
        "agree_to_recording",
        found,
        version=words[0],
        language=words[1],
        beside=[f"{one.person} ({one.given_by})" for one in beside],
    )
    announce(session, found)


def _beside(found: Recording, member: Membership, one: Beside, words: Words, now: datetime) -> RecordingConsent:
    return RecordingConsent(
        recording_id=found.id,
        participant_id=member.participant_id,
        person=one.person,
        name="",
        given_by=one.given_by,
        answer="yes",
        text_version=words[0],
        language=words[1],
        recorded_by=member.actor.id,
        asked_at=now,
        answered_at=now,
    )


def _own(session: Session, found: Recording, member: Membership) -> RecordingConsent:
    for one in queries.consents(session, found.id):
        if one.participant_id == member.participant_id and one.person == "self":
            return one
    raise NotFound()


def _of(session: Session, member: Membership, recording_id: str) -> Recording:
    found = session.get(Recording, recording_id)
    if found is None or found.consult_id != member.consult_id:
        raise NotFound()
    return found


def _running(session: Session, member: Membership, recording_id: str) -> Recording:
    found = _of(session, member, recording_id)
    if found.state not in OPEN:
        raise Conflict(_("The recording has ended."), code="wrong_state")
    return found


def _check_words(words: Words) -> None:
    if words[0] != consent_texts.CURRENT:
        raise Invalid("text_version", _("The words have changed since this page was opened. Read the new ones first."))
    if consent_texts.find(*words) is None:
        raise Invalid("language", _("Choose the language in which the text was read."))


def _write_down(session: Session, actor: Actor, action: str, found: Recording, **detail: Any) -> None:
    audit.record(session, actor, action, "consult", found.consult_id, recording=found.id, **detail)


def _system(found: Recording) -> Actor:
    return Actor(SYSTEM.kind, SYSTEM.id, SYSTEM.name, SYSTEM.role, found.program_id)
