"""Decisions about the documents: drafts, signatures, addenda. Signed content refuses every later write."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, TypeVar

from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit, outbox
from app.actor import Actor
from app.auth.models import User
from app.db import new_id
from app.errors import Conflict, Invalid
from app.membership import room_of
from consult import access, operations
from consult.access import Standing
from consult.models import Consult
from consult.reports import content, frozen, pictures, queries
from consult.reports.models import Addendum, Opinion, Outcome
from consult.reports.protocol import OpinionFields, OutcomeFields
from consult.reports.report_state import ask_for_report
from consult.reports.times import local_day

KeyImages = list[dict[str, Any]]
Freeze = Callable[[Session, Consult], KeyImages]
Draft = TypeVar("Draft", Opinion, Outcome)

OPINION_STATES: Final = frozenset({"accepted", "in_progress", "awaiting_reply"})
OUTCOME_STATES: Final = frozenset({"opinion_signed"})
LONGEST_FOLLOW_UP: Final = timedelta(days=3 * 366)  # farther off is a slip of the finger in the year


class NewerDraft(Conflict):
    """Somebody (often oneself, in another window) saved since; the newer draft is read again and shown beside."""

    code = "newer_draft"


def save_opinion_draft(
    session: Session, actor: Actor, consult_id: str, fields: OpinionFields, *, version: int, now: datetime
) -> Opinion:
    """Replace the specialist's draft. Raises NewerDraft when `version` is not the current one, Conflict once signed."""
    standing = access.consult(session, actor, consult_id, "write_opinion")
    draft = _begun_opinion(session, standing, actor, now)
    _refuse_unless_open(standing, draft, OPINION_STATES)
    words = {
        "findings": fields.findings,
        "impression": fields.impression,
        "recommendations": fields.recommendations,
        "urgency": fields.urgency,
    }
    _replace(session, draft, {**words, "author_id": actor.id}, version=version, now=now)
    _tell_changed(session, actor, draft, "save_opinion_draft")
    return draft


def sign_opinion(
    session: Session,
    actor: Actor,
    consult_id: str,
    *,
    version: int,
    now: datetime,
    freeze: Freeze = pictures.frozen_from_stage,
) -> Opinion:
    """Freeze the draft of that version with the key images as they are on the stage; the consult moves on."""
    standing = access.consult(session, actor, consult_id, "write_opinion")
    draft = queries.opinion_of(session, consult_id)
    _refuse_unless_open(standing, draft, OPINION_STATES)
    if draft is None or draft.author_id != actor.id or not (draft.findings.strip() or draft.impression.strip()):
        raise Invalid("impression", _("Write the findings or the impression before you sign."))
    images = freeze(session, standing.consult)
    _sign(session, actor, draft, version=version, key_images=images, now=now)
    operations.advance(session, actor, standing, "sign_opinion", "", now)
    _tell_signed(session, actor, draft, "sign_opinion")
    return draft


def save_outcome_draft(
    session: Session, actor: Actor, consult_id: str, fields: OutcomeFields, *, version: int, now: datetime
) -> Outcome:
    """Replace the treating doctor's draft. Raises as `save_opinion_draft`."""
    standing = access.consult(session, actor, consult_id, "write_outcome")
    draft = _begun_outcome(session, standing, actor, now)
    _refuse_unless_open(standing, draft, OUTCOME_STATES)
    words = {
        "decision": fields.decision,
        "decision_note": fields.decision_note,
        "diagnosis": fields.diagnosis,
        "plan": fields.plan,
        "follow_up_on": fields.follow_up_on,
    }
    _replace(session, draft, {**words, "author_id": actor.id}, version=version, now=now)
    _tell_changed(session, actor, draft, "save_outcome_draft")
    return draft


def sign_outcome(
    session: Session,
    actor: Actor,
    consult_id: str,
    *,
    version: int,
    now: datetime,
    freeze: Freeze = pictures.frozen_from_stage,
) -> Outcome:
    """Freeze the draft of that version and conclude the consult. Raises Invalid naming the first missing answer."""
    standing = access.consult(session, actor, consult_id, "write_outcome")
    draft = queries.outcome_of(session, consult_id)
    _refuse_unless_open(standing, draft, OUTCOME_STATES)
    if draft is None:
        raise Invalid("decision", _("Say what you decide about the specialist's opinion."))
    _check_outcome(draft, local_day(now))
    images = freeze(session, standing.consult)
    _sign(session, actor, draft, version=version, key_images=images, now=now)
    operations.advance(session, actor, standing, "conclude", "", now)
    _tell_signed(session, actor, draft, "sign_outcome")
    return draft


def add_addendum(session: Session, actor: Actor, consult_id: str, text: str, *, now: datetime) -> Addendum:
    """Add what came to be known after signing: by the specialist once the opinion, the treating doctor once the outcome
    is signed. It is signed as it is written. Raises Conflict before."""
    standing = access.consult(session, actor, consult_id, "add_addendum")
    written = queries.documents_of(session, consult_id)
    own = written.opinion if standing.role == "specialist" else written.outcome
    if own is None or own.signed_at is None:
        raise Conflict(_("An addendum follows what you have signed. Nothing is signed yet."), code="not_signed")
    name, registration = _signer(session, actor)
    addendum = Addendum(
        id=new_id(),
        consult_id=consult_id,
        author_id=actor.id,
        text=text,
        signed_at=now,
        signed_name=name,
        signed_registration=registration,
    )
    addendum.content_sha256 = content.hash_of(addendum)
    session.add(addendum)
    session.flush()
    audit.record(session, actor, "add_addendum", "addendum", addendum.id, consult=consult_id)
    ask_for_report(session, consult_id)
    return addendum


def _begun_opinion(session: Session, standing: Standing, actor: Actor, now: datetime) -> Opinion:
    found = queries.opinion_of(session, standing.consult.id)
    urgency = standing.consult.urgency
    return found or _begin(
        session, Opinion(consult_id=standing.consult.id, author_id=actor.id, urgency=urgency, updated_at=now, version=0)
    )


def _begun_outcome(session: Session, standing: Standing, actor: Actor, now: datetime) -> Outcome:
    found = queries.outcome_of(session, standing.consult.id)
    return found or _begin(
        session, Outcome(consult_id=standing.consult.id, author_id=actor.id, updated_at=now, version=0)
    )


def _begin(session: Session, draft: Draft) -> Draft:
    """Two windows may begin at once: the second finds out by the unique key."""
    try:
        with session.begin_nested():
            session.add(draft)
    except IntegrityError:
        raise NewerDraft(_("This was changed in another window.")) from None
    return draft


def _refuse_unless_open(standing: Standing, draft: Opinion | Outcome | None, states: frozenset[str]) -> None:
    if draft is not None and draft.signed_at is not None:
        raise Conflict(frozen.refusal(), code="signed")
    if standing.consult.state not in states:
        raise Conflict(_("This cannot be written in the consult's present state."), code="wrong_state")


def _replace(session: Session, draft: Opinion | Outcome, words: dict[str, Any], *, version: int, now: datetime) -> None:
    """Write `words` over exactly that version of an unsigned draft, by condition and row count."""
    kind = type(draft)
    rows = (
        update(kind)
        .where(kind.id == draft.id, kind.version == version, kind.signed_at.is_(None))
        .values(**words, version=version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if session.execute(rows).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result counts rows
        raise NewerDraft(_("This was changed in another window."))
    session.refresh(draft)


def _sign(
    session: Session,
    actor: Actor,
    draft: Opinion | Outcome,
    *,
    version: int,
    key_images: KeyImages,
    now: datetime,
) -> None:
    """Freeze: who, when, the pictures and the hash over all of it, in one conditional write."""
    name, registration = _signer(session, actor)
    signature = {"signed_at": now, "signed_name": name, "signed_registration": registration, "key_images": key_images}
    with session.no_autoflush:
        for field, value in signature.items():
            setattr(draft, field, value)
        sha256 = content.hash_of(draft)
        session.refresh(draft)
    kind = type(draft)
    rows = (
        update(kind)
        .where(kind.id == draft.id, kind.version == version, kind.signed_at.is_(None))
        .values(**signature, content_sha256=sha256)
        .execution_options(synchronize_session=False)
    )
    if session.execute(rows).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result counts rows
        raise NewerDraft(_("This was changed in another window. Read it again before you sign."))
    session.refresh(draft)


def _signer(session: Session, actor: Actor) -> tuple[str, str]:
    user = session.get(User, actor.id)
    if user is None or not user.registration_number.strip():
        raise Conflict(
            _("Your registration number is not on file. Ask your administrator to add it, then sign."),
            code="no_registration_number",
        )
    return user.full_name, user.registration_number


def _check_outcome(draft: Outcome, today: date) -> None:
    if not draft.decision:
        raise Invalid("decision", _("Say what you decide about the specialist's opinion."))
    if draft.decision == "changed" and not draft.decision_note.strip():
        raise Invalid("decision_note", _("Say what you changed."))
    if draft.decision == "declined" and not draft.decision_note.strip():
        raise Invalid("decision_note", _("Say why you declined it."))
    if not draft.diagnosis.strip():
        raise Invalid("diagnosis", _("Write the diagnosis, even if it is not certain yet."))
    if not draft.plan.strip():
        raise Invalid("plan", _("Write the plan: what is done now, and what the patient does."))
    if draft.follow_up_on is not None and draft.follow_up_on < today:
        raise Invalid("follow_up_on", _("The follow-up day is in the past."))
    if draft.follow_up_on is not None and draft.follow_up_on > today + LONGEST_FOLLOW_UP:
        raise Invalid("follow_up_on", _("The follow-up day is more than three years away: check the year."))


def _tell_changed(session: Session, actor: Actor, draft: Opinion | Outcome, action: str) -> None:
    kind = "opinion" if isinstance(draft, Opinion) else "outcome"
    audit.record(session, actor, action, kind, draft.id, consult=draft.consult_id, version=draft.version)
    fact = {"consult_id": draft.consult_id, "version": draft.version, "signed": draft.signed_at is not None}
    outbox.post(session, room_of(draft.consult_id), f"{kind}_changed", fact)


def _tell_signed(session: Session, actor: Actor, draft: Opinion | Outcome, action: str) -> None:
    _tell_changed(session, actor, draft, action)
    ask_for_report(session, draft.consult_id)
