"""Reads: what models said of a picture, as the page shows it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from imaging.models import Instance
from imaging.reasons import sentence
from imaging.site_models.models import ModelRun, ModelStatement
from imaging.site_models.protocol import SiteModel

Json = dict[str, Any]


def may_be_looked_at(instance: Instance) -> bool:
    """Whether a model may see the picture, and its words be shown: never of one that is held or only a preview."""
    return (
        instance.case_id is not None
        and instance.state == "ready"
        and instance.kind != "document"
        and instance.sha256 is not None
        and not instance.is_held
    )


def run_of(session: Session, instance_id: str, model: SiteModel) -> ModelRun | None:
    """This model's look at this picture, if there was one."""
    wanted = (ModelRun.instance_id == instance_id, ModelRun.name == model.name, ModelRun.version == model.version)
    return session.scalar(select(ModelRun).where(*wanted))


def results_of(session: Session, instance: Instance) -> list[Json]:
    """Every run of a picture, in the order in which they were started."""
    if not may_be_looked_at(instance):
        return []
    rows = select(ModelRun).where(ModelRun.instance_id == instance.id).options(selectinload(ModelRun.statements))
    return [_run(one) for one in session.scalars(rows.order_by(ModelRun.started_at, ModelRun.id))]


def _run(run: ModelRun) -> Json:
    return {
        "id": run.id,
        "label": _("From %(name)s %(version)s, not a diagnosis", name=run.name, version=run.version),
        "approved": _("Approved: %(approval)s. For: %(use)s.", approval=run.approval, use=run.intended_use),
        "state": run.state,
        "reason": sentence(run.reason_code, {"name": run.name}),
        "statements": [statement_json(one) for one in run.statements],
    }


def statement_json(statement: ModelStatement) -> Json:
    """One statement with its decision."""
    return {
        "id": statement.id,
        "text": statement.text,
        "probability": statement.probability,
        "frame_number": statement.frame_number,
        "box": statement.box,
        "judgement": statement.judgement,
        "note": statement.note,
        "judged_by": statement.judged_by_name,
        "judged_at": statement.judged_at.isoformat() if statement.judged_at else None,
    }


def unfinished(session: Session) -> list[str]:
    """Pictures whose runs an earlier worker did not finish."""
    return list(session.scalars(select(ModelRun.instance_id).where(ModelRun.state == "running").distinct()))
