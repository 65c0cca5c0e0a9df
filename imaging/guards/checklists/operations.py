"""Pick exams for a case and say which picture shows which view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, outbox
from app.actor import Actor
from app.errors import Invalid, NotFound
from imaging import access
from imaging.guards import cases
from imaging.guards.checklists.exams import EXAMS
from imaging.guards.checklists.models import CaseExam, ExamView
from imaging.queries import instance_in_case

MOST_PICTURES = 20  # of one view


def choose(session: Session, actor: Actor, case_id: str, exam: str, now: datetime) -> CaseExam:
    """Pick an exam; one that was picked already is left as it is. Raises NotFound, NotAllowed, Invalid."""
    cases.require(session, actor, case_id, "assign_views")
    if exam not in EXAMS:
        raise Invalid("exam", _("Choose one of the exams in the list."))
    found = session.scalar(select(CaseExam).where(CaseExam.case_id == case_id, CaseExam.exam == exam))
    if found is None:
        found = CaseExam(case_id=case_id, exam=exam, chosen_by_name=actor.name, chosen_at=now)
        session.add(found)
        session.flush()
        audit.record(session, actor, "choose_exam", "case", case_id, exam=exam)
        _tell(session, case_id)
    return found


def drop(session: Session, actor: Actor, exam_id: str) -> None:
    """Take an exam off the case again; its pictures stay. Raises NotFound, NotAllowed."""
    found = _exam(session, actor, exam_id)
    audit.record(session, actor, "drop_exam", "case", found.case_id, exam=found.exam)
    session.delete(found)
    _tell(session, found.case_id)


def assign(
    session: Session, actor: Actor, exam_id: str, view: str, instance_ids: Sequence[str], now: datetime
) -> CaseExam:
    """Say that these pictures, and no others, show a view. Raises NotFound, NotAllowed, Invalid."""
    found = _exam(session, actor, exam_id)
    if EXAMS[found.exam].view(view) is None:
        raise NotFound()
    if len(instance_ids) > MOST_PICTURES:
        raise Invalid("instances", _("At most %(most)s pictures for one view.", most=MOST_PICTURES))
    for instance_id in instance_ids:
        if instance_in_case(session, found.case_id, instance_id) is None:
            raise NotFound()
    kept = {one.instance_id for one in found.views if one.view == view}
    for gone in [one for one in found.views if one.view == view and one.instance_id not in instance_ids]:
        found.views.remove(gone)
    for instance_id in dict.fromkeys(instance_ids):
        if instance_id not in kept:
            found.views.append(ExamView(view=view, instance_id=instance_id, said_by_name=actor.name, said_at=now))
    session.flush()
    audit.record(session, actor, "assign_view", "case", found.case_id, exam=found.exam, view=view)
    _tell(session, found.case_id)
    return found


def _exam(session: Session, actor: Actor, exam_id: str) -> CaseExam:
    found = session.get(CaseExam, exam_id)
    access.require_seeing(session, actor, found.case_id if found else None)
    if found is None or found.exam not in EXAMS:
        raise NotFound()
    cases.require(session, actor, found.case_id, "assign_views")
    return found


def _tell(session: Session, case_id: str) -> None:
    outbox.post(session, f"case:{case_id}", "views_changed", {"what": "checklist", "retake_id": None})
