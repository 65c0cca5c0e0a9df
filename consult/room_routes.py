"""The consult room's page: people, stage, record. Everything live in it comes over the socket."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, render_template
from flask_login import current_user, login_required

from app import audit, db
from consult import access
from consult.roles import may
from video.recordings import consent_texts

blueprint = Blueprint("room", __name__)

_RIGHTS_SHOWN = (
    "draw",
    "present",
    "decide_holds",
    "calibrate",
    "add_pictures",
    "invite",
    "write_opinion",
    "write_outcome",
    "read_record",
    "write_chat",
    "record",
)


@blueprint.get("/consults/<consult_id>/room")
@login_required
def room(consult_id: str) -> str:
    """The room, for those who have a seat in it."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing = access.consult(session, actor, consult_id, "join_room")
        audit.record(session, actor, "open_room", "consult", consult_id)
        consult = standing.consult
        page = {
            "consult_id": consult.id,
            "case_id": consult.case_id,
            "role": standing.role,
            "state": consult.state,
            "rights": [right for right in _RIGHTS_SHOWN if may(standing.role, right)],
        }
        words = [asdict(text) for text in consent_texts.current()]
        return render_template(
            "consult/room.html", consult=consult, role=standing.role, page=page, recording_words=words
        )
