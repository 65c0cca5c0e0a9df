"""A doctor accepts or rejects what a model said. It goes nowhere else: not into an opinion, an order or a worklist."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.errors import Conflict, Invalid
from imaging.site_models import access, queries
from imaging.site_models.models import JUDGEMENTS, ModelStatement

LONGEST_NOTE = 500


def judge(
    session: Session, actor: Actor, statement_id: str, judgement: str, note: str, now: datetime
) -> ModelStatement:
    """Accept, reject, or open again. Raises NotFound, NotAllowed, Conflict, Invalid (judgement, note)."""
    statement = access.statement(session, actor, statement_id)
    if not queries.may_be_looked_at(statement.run.instance):
        raise Conflict(_("This picture is held back: decide first whose it is."))
    if judgement not in JUDGEMENTS:
        raise Invalid("judgement", _("Say whether you accept or reject it."))
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise Invalid("note", _("Say it in at most %(most)s characters.", most=LONGEST_NOTE))
    opened = judgement == "open"
    statement.judgement, statement.note = judgement, "" if opened else note
    statement.judged_by, statement.judged_by_name = (None, "") if opened else (actor.id, actor.name)
    statement.judged_at = None if opened else now
    detail = {"case_id": statement.run.instance.case_id, "judgement": judgement, "run_id": statement.run_id}
    audit.record(session, actor, "judge_model_statement", "model_statement", statement.id, **detail)
    return statement
