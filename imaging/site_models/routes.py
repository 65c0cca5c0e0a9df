"""The doors to what models said: read it beside a picture, accept or reject it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _

from app import audit, clock, db
from app.auth.guards import behind
from app.errors import Invalid
from imaging.shared_routes import answer_errors, present_actor
from imaging.site_models import access, operations, queries, registry

blueprint = Blueprint("site_models", __name__, url_prefix="/api")
answer_errors(blueprint)


@blueprint.app_context_processor
def whether_on() -> dict[str, bool]:
    """What pages need to know: whether this installation has models at all."""
    return {"has_site_models": bool(registry.registered())}


@blueprint.get("/instances/<instance_id>/model-results")
@behind(access.instance)
def read_results(instance_id: str) -> Response:
    """What models said of a picture."""
    actor = present_actor()
    with db.write_transaction() as session:
        instance = access.instance(session, actor, instance_id)
        found = queries.results_of(session, instance)
        if found:
            detail = {"case_id": instance.case_id}
            audit.record(session, actor, "read_model_results", "instance", instance.id, **detail)
    response = jsonify(results=found)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.put("/model-statements/<statement_id>")
@behind(access.statement)
def judge_statement(statement_id: str) -> Response:
    """Accept or reject one statement: {"judgement", "note"}."""
    body = request.get_json(silent=True)
    given = body if isinstance(body, dict) else {}
    for name in ("judgement", "note"):
        if not isinstance(given.get(name, ""), str):
            raise Invalid(name, _("This page sent something that means nothing. Load it again."))
    with db.write_transaction() as session:
        judged = operations.judge(
            session,
            present_actor(),
            statement_id,
            given.get("judgement", ""),
            given.get("note", ""),
            clock.now(),
        )
        return jsonify(queries.statement_json(judged))
