"""Ask for a view, answer with files, decline with a reason, or take the request back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import audit, outbox
from app.actor import Actor
from app.errors import Conflict, Invalid, NotFound
from imaging import access
from imaging.guards import cases
from imaging.guards.checklists.exams import EXAMS
from imaging.guards.retakes import lifecycle, queries
from imaging.guards.retakes.models import Retake, RetakeAnswer
from imaging.models import Upload
from imaging.queries import instance_in_case

LONGEST_WORDS = 200
LONGEST_WHY = 500
MOST_OPEN = 12  # of one case: nobody takes more views than that in one sitting
MOST_FILES = 50  # of one answer


def ask(
    session: Session, actor: Actor, case_id: str, *, exam: str, view: str, words: str, why: str, now: datetime
) -> Retake:
    """Ask for a view of a checklist, or in free words. Raises NotFound, NotAllowed, Invalid, Conflict (too many)."""
    cases.require(session, actor, case_id, "ask_retakes")
    words, why = _short("words", words, LONGEST_WORDS), _short("why", why, LONGEST_WHY)
    if (exam or view) and (exam not in EXAMS or EXAMS[exam].view(view) is None):
        raise Invalid("view", _("Choose one of the views in the list."))
    if not view and not words:
        raise Invalid("words", _("Say which view you need."))
    if queries.open_count(session, case_id) >= MOST_OPEN:
        raise Conflict(_("Many views are asked for already. Wait for some of them, or take some back."))
    retake = Retake(case_id=case_id, exam=exam, view=view, words=words, why=why, asked_by_name=actor.name, asked_at=now)
    session.add(retake)
    session.flush()
    audit.record(session, actor, "ask_retake", "case", case_id, retake_id=retake.id, exam=exam, view=view)
    _tell(session, retake, "retake_asked")
    return retake


def answer(
    session: Session, actor: Actor, retake_id: str, uploads: Sequence[str], instances: Sequence[str], now: datetime
) -> Retake:
    """Link files on their way and pictures of the case to the request; linking one twice changes nothing.

    Raises NotFound (also for a file of another case), NotAllowed, Invalid (no file), Conflict (it was taken back).
    """
    retake = _load(session, actor, retake_id, "answer_retakes")
    if not uploads and not instances:
        raise Invalid("files", _("Take the view or choose pictures that show it."))
    if len(uploads) + len(instances) > MOST_FILES:
        raise Invalid("files", _("At most %(most)s files for one view.", most=MOST_FILES))
    known = {one.upload_id or one.instance_id for one in retake.answers}
    for upload_id in dict.fromkeys(uploads):
        upload = session.get(Upload, upload_id)
        if upload is None or upload.case_id != retake.case_id:
            raise NotFound()
        if upload_id not in known:
            retake.answers.append(RetakeAnswer(upload_id=upload_id, linked_at=now))
    for instance_id in dict.fromkeys(instances):
        if instance_in_case(session, retake.case_id, instance_id) is None:
            raise NotFound()
        if instance_id not in known:
            retake.answers.append(RetakeAnswer(instance_id=instance_id, linked_at=now))
    _step(session, actor, retake, "answer", "", now)
    return retake


def decline(session: Session, actor: Actor, retake_id: str, reason: str, now: datetime) -> Retake:
    """Say why the view cannot be had. Raises NotFound, NotAllowed, Invalid (no reason), Conflict."""
    retake = _load(session, actor, retake_id, "answer_retakes")
    reason = _short("reason", reason, LONGEST_WHY)
    if not reason:
        raise Invalid("reason", _("Say why it cannot be done: the other doctor will read it."))
    _step(session, actor, retake, "decline", reason, now)
    return retake


def withdraw(session: Session, actor: Actor, retake_id: str, now: datetime) -> Retake:
    """Take the request back. Raises NotFound, NotAllowed, Conflict."""
    retake = _load(session, actor, retake_id, "ask_retakes")
    _step(session, actor, retake, "withdraw", "", now)
    return retake


def _load(session: Session, actor: Actor, retake_id: str, right: cases.Right) -> Retake:
    found = session.get(Retake, retake_id)
    access.require_seeing(session, actor, found.case_id if found else None)
    if found is None:
        raise NotFound()
    cases.require(session, actor, found.case_id, right)
    return found


def _step(session: Session, actor: Actor, retake: Retake, event: lifecycle.Event, reason: str, now: datetime) -> None:
    """The conditional update: of two who end a request at once, one does and the other is told."""
    before, state = retake.state, lifecycle.after(retake.state, event)
    session.flush()
    if state is None:
        raise Conflict(_("This request has ended. Load the page again to see how."))
    values = {"state": state, "reason": reason, "ended_by_name": actor.name, "ended_at": now}
    done = session.execute(update(Retake).where(Retake.id == retake.id, Retake.state == before).values(**values))
    if not getattr(done, "rowcount", 0):
        raise Conflict(_("This request has ended. Load the page again to see how."))
    session.refresh(retake)
    audit.record(session, actor, f"{event}_retake", "case", retake.case_id, retake_id=retake.id)
    _tell(session, retake, f"retake_{state}")


def _short(field: str, text: str, most: int) -> str:
    text = " ".join(text.split())
    if len(text) > most:
        raise Invalid(field, _("Say it in at most %(most)s characters.", most=most))
    return text


def _tell(session: Session, retake: Retake, what: str) -> None:
    outbox.post(session, f"case:{retake.case_id}", "views_changed", {"what": what, "retake_id": retake.id})
