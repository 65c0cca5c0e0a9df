"""Reads of a case's exams: each view with the pictures that show it, those that may, or missing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from imaging.guards.checklists.exams import EXAMS, Exam, View, likely, suggested
from imaging.guards.checklists.models import CaseExam
from imaging.models import Instance
from imaging.queries import instances_of_case

Json = dict[str, Any]


def exams_of(session: Session, case_id: str) -> list[CaseExam]:
    """The exams picked for a case, oldest first."""
    rows = select(CaseExam).where(CaseExam.case_id == case_id).options(selectinload(CaseExam.views))
    return list(session.scalars(rows.order_by(CaseExam.chosen_at, CaseExam.id)))


def checklist(session: Session, case_id: str) -> Json:
    """{"exams": [{"id", "exam", "words", "views": [{"view", "words", "pictures", "suggested"}]}], "offered", "likely"}.

    `pictures` and `suggested` are instance ids; a view without `pictures` is missing.
    """
    instances = [one for one in instances_of_case(session, case_id) if one.state != "unusable" and not one.is_held]
    picked = [one for one in exams_of(session, case_id) if one.exam in EXAMS]
    return {
        "exams": [_exam(one, EXAMS[one.exam], instances) for one in picked],
        "offered": [_offered(exam) for exam in EXAMS.values()],
        "likely": sorted({code for one in instances if (code := likely(one.facts))} - {one.exam for one in picked}),
    }


def _offered(exam: Exam) -> Json:
    views = [{"view": view.code, "words": str(view.words)} for view in exam.views]
    return {"exam": exam.code, "words": str(exam.words), "views": views}


def _exam(row: CaseExam, exam: Exam, instances: list[Instance]) -> Json:
    here = {instance.id for instance in instances}
    shown = {view.code: [one.instance_id for one in row.views if one.view == view.code] for view in exam.views}
    taken = {instance_id for ids in shown.values() for instance_id in ids}
    free = [instance for instance in instances if instance.id not in taken]
    return {
        "id": row.id,
        "exam": exam.code,
        "words": str(exam.words),
        "views": [_view(view, exam, [one for one in shown[view.code] if one in here], free) for view in exam.views],
    }


def _view(view: View, exam: Exam, pictures: list[str], free: list[Instance]) -> Json:
    may_be = [one.id for one in free if suggested(exam, one.facts) == view.code]
    return {"view": view.code, "words": str(view.words), "pictures": pictures, "suggested": may_be}


def view_words(exam: str, view: str) -> str:
    """ "Chest X-ray: Lateral"; empty where there is no such view."""
    found = EXAMS.get(exam)
    known = found.view(view) if found else None
    return f"{found.words}: {known.words}" if found and known else ""
