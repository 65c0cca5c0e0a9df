"""Decisions about what waits: attach it to a case, take it back, discard it, bring it back."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound
from imaging import access as picture_access
from imaging import placing
from imaging.announcements import post_inbox, post_instance, post_removed
from imaging.guards import cases
from imaging.guards.holds import operations as holds
from imaging.inbox import access, directory, queries
from imaging.inbox.models import InboxDecision
from imaging.models import Instance, Series, Study, Upload

LONGEST_REASON = 500


def attach(session: Session, actor: Actor, waiting_id: str, case_id: str, reason: str, now: datetime) -> Study:
    """Put a waiting study into a case of the same facility; returns the case's study.

    Where its files name another patient, `reason` must say how it is known whose it is: the treating doctor's own
    decides, a colleague's lets the pictures in and leaves them held until the treating doctor has decided.
    Raises NotFound, NotAllowed, Invalid("reason"), Conflict (the case has another picture of the same identity).
    """
    study = access.waiting(session, actor, waiting_id)
    picture_access.require_adding(session, actor, case_id)
    home = picture_access.home_of(session, case_id)
    if home is None or home[1] != study.facility_id:
        raise NotFound()
    reason = _reason(reason)
    waiting = queries.read(session, [study])[0]
    identity = cases.identity(session, case_id)
    differs = identity is not None and directory.worst(waiting.identities, identity, clock.today()).state == "differs"
    if differs and not reason:
        raise Invalid("reason", _("The files name another patient. Write how you know that it is this patient's."))
    target = _move(session, waiting.instances, study, case_id, now)
    for instance in waiting.instances:
        if instance.case_id == case_id:
            _guard(session, actor, instance, reason, now)
            post_instance(session, instance)
    _write(session, actor, study, "attached", reason, now, case_id)
    return target


def _guard(session: Session, actor: Actor, instance: Instance, reason: str, now: datetime) -> None:
    held = holds.check(session, actor, instance)
    if held and reason and cases.may(session, actor, instance.case_id, "decide_holds"):
        holds.decide(session, actor, instance.id, "same_patient", reason, now)


def _move(session: Session, instances: list[Instance], study: Study, case_id: str, now: datetime) -> Study:
    """Into the case's study of the same UID if it has one. What the case has already stays behind, discarded."""
    target = placing.find_study(session, case_id, study.facility_id, study.study_instance_uid)
    known = dict(
        session.execute(select(Instance.sop_instance_uid, Instance.sha256).where(Instance.case_id == case_id)).all()
    )
    for instance in instances:
        if known.get(instance.sop_instance_uid, instance.sha256) is None:
            only_previewed = _(
                "Of one of these pictures the case has only its preview so far. Attach them once its file has come."
            )
            raise Conflict(only_previewed)
        if known.get(instance.sop_instance_uid, instance.sha256) != instance.sha256:
            raise Conflict(_("The case has another picture with the same identity. Ask who made them."))
    moving = [instance for instance in instances if instance.sop_instance_uid not in known]
    if target is None and len(moving) == len(instances):
        study.case_id, study.attached_at, study.discarded_at = case_id, now, None
        _name_case(session, moving, case_id)
        return study
    if target is None:
        home, made_at = study.facility_id, study.created_at
        target = placing.add_study(session, study, case_id=case_id, facility_id=home, created_at=made_at)
        target.attached_at = now
    for instance in moving:
        _place(session, instance, target)
    study.discarded_at = now
    _name_case(session, moving, case_id)
    return target


def _place(session: Session, instance: Instance, study: Study) -> None:
    known = session.get_one(Series, instance.series_id)
    instance.series_id, instance.study = placing.series_like(session, study, known).id, study


def _name_case(session: Session, instances: list[Instance], case_id: str | None) -> None:
    ids = [instance.id for instance in instances]
    for instance in instances:
        instance.case_id = case_id
    for upload in session.scalars(select(Upload).where(Upload.instance_id.in_(ids), Upload.acknowledged)):
        upload.case_id = case_id
    session.flush()


def detach(session: Session, actor: Actor, waiting_id: str, now: datetime) -> Study:
    """Take an attached study out of its case again: it waits as before. Raises NotFound, NotAllowed."""
    study = access.attached(session, actor, waiting_id)
    case_id = study.case_id
    assert case_id is not None
    instances = queries.read(session, [study])[0].instances
    other = placing.find_study(session, None, study.facility_id, study.study_instance_uid)
    if other is not None:
        for instance in instances:
            _place(session, instance, other)
        other.discarded_at = None
    else:
        study.case_id, study.attached_at = None, None
    for instance in instances:
        holds.withdraw(session, actor, instance, now)
        post_removed(session, case_id, instance.id)
    _name_case(session, instances, None)
    _write(session, actor, other or study, "detached", "", now, case_id)
    return other or study


def discard(session: Session, actor: Actor, waiting_id: str, reason: str, now: datetime) -> Study:
    """Take a study off the list; it is kept for 30 days. Raises NotFound, Invalid("reason")."""
    study = access.waiting(session, actor, waiting_id)
    study.discarded_at = now
    _write(session, actor, study, "discarded", _given(reason), now)
    return study


def restore(session: Session, actor: Actor, waiting_id: str, now: datetime) -> Study:
    """Bring a discarded study back. Raises NotFound."""
    study = access.waiting(session, actor, waiting_id)
    study.discarded_at = None
    _write(session, actor, study, "restored", "", now)
    return study


def discard_file(session: Session, actor: Actor, kept_id: str, reason: str, now: datetime) -> Upload:
    """Take a file that cannot be used off the list; its bytes are kept for 30 days. Raises NotFound, Invalid."""
    upload = access.kept_file(session, actor, kept_id)
    upload.state, upload.updated_at = "cancelled", now
    _write(session, actor, upload, "discarded", _given(reason), now)
    return upload


def restore_file(session: Session, actor: Actor, kept_id: str, now: datetime) -> Upload:
    """Bring a discarded file back on the list. Raises NotFound."""
    upload = access.kept_file(session, actor, kept_id)
    upload.state, upload.updated_at = "refused", now
    _write(session, actor, upload, "restored", "", now)
    return upload


def record_reading(session: Session, actor: Actor, found: int) -> None:
    """Write down that the actor was shown the inbox, with so many studies. Raises NotFound."""
    audit.record(session, actor, "read_inbox", "facility", access.require_inbox(actor), found=found)


def read_study(session: Session, actor: Actor, waiting_id: str) -> queries.Waiting:
    """One waiting study; the read is audited. Raises NotFound."""
    study = access.waiting(session, actor, waiting_id)
    audit.record(session, actor, "read_inbox_study", "study", study.id)
    return queries.read(session, [study])[0]


def read_file(session: Session, actor: Actor, kept_id: str) -> Upload:
    """A file that could not be used, to be downloaded; the read is audited. Raises NotFound."""
    upload = access.kept_file(session, actor, kept_id)
    audit.record(session, actor, "download_kept_file", "upload", upload.id)
    return upload


def _write(
    session: Session,
    actor: Actor,
    thing: Study | Upload,
    decision: str,
    reason: str,
    now: datetime,
    case_id: str | None = None,
) -> None:
    session.add(
        InboxDecision(
            object_id=thing.id,
            facility_id=thing.facility_id or "",
            decision=decision,
            case_id=case_id,
            reason=reason,
            decided_by=actor.id,
            decided_by_name=actor.name,
            decided_at=now,
        )
    )
    session.flush()
    post_inbox(session, thing.facility_id)
    kind = "study" if isinstance(thing, Study) else "upload"
    audit.record(session, actor, f"inbox_{decision}", kind, thing.id, case_id=case_id)


def _reason(typed: str) -> str:
    reason = " ".join(typed.split())
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", _("Say it in at most %(most)s characters.", most=LONGEST_REASON))
    return reason


def _given(typed: str) -> str:
    reason = _reason(typed)
    if not reason:
        raise Invalid("reason", _("Write why it is discarded."))
    return reason
