"""The one gate to what models said: the doctors of the case. Patients and attendants are told by their doctor."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from imaging import access
from imaging.guards import cases
from imaging.models import Instance
from imaging.site_models.models import ModelStatement


def instance(session: Session, actor: Actor, instance_id: str) -> Instance:
    """A picture whose model results the actor may read. Raises NotFound, NotAllowed."""
    found = access.instance(session, actor, instance_id)
    cases.require(session, actor, found.case_id, "read_model_results")
    return found


def statement(session: Session, actor: Actor, statement_id: str) -> ModelStatement:
    """A statement that the actor may accept or reject. Raises NotFound, NotAllowed."""
    found = session.get(ModelStatement, statement_id)
    if found is None:
        raise NotFound()
    shown = access.instance(session, actor, found.run.instance_id)
    cases.require(session, actor, shown.case_id, "judge_model_results")
    return found
