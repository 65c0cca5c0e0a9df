"""Reading a consult's chat: a page of it as JSON, and all of it as a page."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request
from flask_login import current_user, login_required

from app import audit, db
from consult import access
from consult.chat import operations, queries

blueprint = Blueprint("chat", __name__)


@blueprint.get("/api/consults/<consult_id>/messages")
@login_required
def messages(consult_id: str) -> Response:
    """{"messages": [ChatEntry], "earlier": bool}: the newest, or those before the number `before`."""
    actor, before = current_user.actor, request.args.get("before", type=int)
    with db.write_transaction() as session:
        consult = access.consult(session, actor, consult_id, "read_chat").consult
        audit.record(session, actor, "read_messages", "consult", consult_id)
        found = queries.page(session, consult_id, consult.case_id, before=before)
    return jsonify(messages=[one.model_dump() for one in found.messages], earlier=found.earlier)


@blueprint.get("/consults/<consult_id>/messages")
@login_required
def whole(consult_id: str) -> str:
    """The whole chat, to read and to print."""
    actor = current_user.actor
    with db.write_transaction() as session:
        consult = access.consult(session, actor, consult_id, "read_chat").consult
        audit.record(session, actor, "read_messages", "consult", consult_id)
        found = queries.page(session, consult_id, consult.case_id, most=operations.MOST_MESSAGES)
        return render_template("chat/messages.html", consult=consult, chat=found)
