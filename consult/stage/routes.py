"""The stage as it was, for whoever looks at a consult again."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _
from flask_login import current_user, login_required

from app import audit, db
from app.errors import Invalid
from consult import access
from consult import queries as consult_queries
from consult.stage import queries

blueprint = Blueprint("stage", __name__)

LATEST = 4_102_444_800_000  # the year 2100, in ms since 1970


@blueprint.get("/api/consults/<consult_id>/stage/history")
@login_required
def history(consult_id: str) -> Response:
    """Every change of the stage up to `?until=` (ms since 1970), whose case it is, and who took part."""
    actor = current_user.actor
    with db.write_transaction() as session:
        found = access.consult(session, actor, consult_id, "read_record").consult
        until = request.args.get("until", LATEST, type=int)
        if not 0 <= until <= LATEST:
            raise Invalid("until", _("This is no moment."))
        audit.record(session, actor, "replay_stage", "consult", consult_id)
        updates = queries.history(session, consult_id, datetime.fromtimestamp(until / 1000, UTC))
        seats = consult_queries.seats(session, consult_id)
        answer = jsonify(
            case_id=found.case_id,
            participants=[{"participant_id": one.id, "name": one.display_name, "role": one.role} for one in seats],
            updates=[{"at": at.timestamp() * 1000, "data": base64.b64encode(data).decode()} for at, data in updates],
        )
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
