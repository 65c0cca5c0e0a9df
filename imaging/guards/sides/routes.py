"""The door to side markers: say which side is which, or take it back."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app import clock, db
from imaging import queries
from imaging.guards.sides import operations
from imaging.shared_routes import present_actor

sides_blueprint = Blueprint("sides", __name__)


@sides_blueprint.put("/instances/<instance_id>/side")
def tell(instance_id: str) -> Response:
    """{"side": one of telling.SIDES}; the answer is the manifest."""
    body = request.get_json(silent=True)
    side = body.get("side") if isinstance(body, dict) else None
    with db.write_transaction() as session:
        return jsonify(queries.manifest(operations.tell(session, present_actor(), instance_id, side, clock.now())))


@sides_blueprint.delete("/instances/<instance_id>/side")
def remove(instance_id: str) -> Response:
    """Take back what was said; the answer is the manifest."""
    with db.write_transaction() as session:
        return jsonify(queries.manifest(operations.remove(session, present_actor(), instance_id)))
