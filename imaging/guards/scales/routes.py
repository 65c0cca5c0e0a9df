"""The door to rulers: say a line's length, or take it away."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from app import clock, db
from imaging import queries
from imaging.guards.scales import operations
from imaging.shared_routes import present_actor

scales_blueprint = Blueprint("scales", __name__)


@scales_blueprint.put("/instances/<instance_id>/scale")
def calibrate(instance_id: str) -> Response:
    """{"points": [x0, y0, x1, y1] in image px, "length_mm"}; the answer is the manifest."""
    body = request.get_json(silent=True)
    told = body if isinstance(body, dict) else {}
    points = told.get("points")
    with db.write_transaction() as session:
        line = points if isinstance(points, list) else []
        found = operations.calibrate(session, present_actor(), instance_id, line, told.get("length_mm"), clock.now())
        return jsonify(queries.manifest(found))


@scales_blueprint.delete("/instances/<instance_id>/scale")
def remove(instance_id: str) -> Response:
    """Take the ruler away; the answer is the manifest."""
    with db.write_transaction() as session:
        return jsonify(queries.manifest(operations.remove(session, present_actor(), instance_id)))
