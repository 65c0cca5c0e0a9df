"""The door to holds: what a held file says, for the treating doctor alone, and the decision."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app import clock, db
from imaging.guards.holds import operations
from imaging.shared_routes import present_actor
from imaging.site_models.jobs import ask_models_of

holds_blueprint = Blueprint("holds", __name__)


@holds_blueprint.get("/instances/<instance_id>/hold")
def ask(instance_id: str) -> Response:
    """What the file says against what the case says; `hold` is null where nothing is held."""
    with db.write_transaction() as session:
        response = jsonify(hold=operations.ask(session, present_actor(), instance_id))
    response.headers["Cache-Control"] = "no-store"
    return response


@holds_blueprint.post("/instances/<instance_id>/hold")
def decide(instance_id: str) -> Response:
    """Decide: {"decision": "same_patient" | "wrong_patient", "reason": text}."""
    with db.write_transaction() as session:
        decision, reason = _said()
        actor = present_actor()
        decided = [one.id for one in operations.decide(session, actor, instance_id, decision, reason, clock.now())]
    ask_models_of(decided)
    return jsonify(decided=decided)


def _said() -> tuple[str, str]:
    body = request.get_json(silent=True)
    found = body if isinstance(body, dict) else {}
    decision, reason = (found.get(name) for name in ("decision", "reason"))
    return decision if isinstance(decision, str) else "", reason if isinstance(reason, str) else ""
