"""The check before a call: its page, the few bytes that it measures with, and what it found."""

from __future__ import annotations

import os
import re
from typing import Final

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from pydantic import ValidationError

from app import clock, config, db
from app.auth.guards import only, users_only
from app.errors import Invalid
from app.message_errors import first_wrong
from video import policy
from video.checks import operations, queries
from video.checks.protocol import Findings

blueprint = Blueprint("checks", __name__)

DOWN_BYTES: Final = 64 * 1024
MOST_UP_BYTES: Final = 64 * 1024
_CONSULT = re.compile(r"[0-9a-f]{32}")

VERDICT_WORDS: Final = {
    "picture": _l("Voice and video"),
    "stills": _l("Voice and stills"),
    "voice": _l("Voice only"),
    "text": _l("Text only"),
}
PATH_WORDS: Final = {
    "direct": _l("Direct"),
    "relayed": _l("Relayed only"),
    "blocked": _l("UDP blocked"),
    "unknown": _l("Not known"),
}


@blueprint.get("/check")
@users_only
def page() -> str:
    """The check. `consult` names where one was going; it is only led on to, never read."""
    consult = request.args.get("consult", "")
    known = _CONSULT.fullmatch(consult) is not None
    servers = policy.ice_servers(config.current(), clock.now(), current_user.actor.id)
    return render_template(
        "checks/check.html",
        onward=url_for("room.room", consult_id=consult) if known else "",
        back=url_for("consult.show", consult_id=consult) if known else url_for("home"),
        check={"ice_servers": servers, "down_bytes": DOWN_BYTES},
    )


@blueprint.get("/check/ping")
@users_only
def ping() -> tuple[str, int]:
    """Nothing, at once: its round trip is the link's."""
    return "", 204


@blueprint.get("/check/bytes")
@users_only
def down() -> Response:
    """Bytes that no proxy can make smaller, to measure how fast they come."""
    return Response(os.urandom(DOWN_BYTES), mimetype="application/octet-stream")


@blueprint.post("/check/bytes")
@users_only
def up() -> tuple[str, int]:
    """Takes bytes and forgets them, to measure how fast they go."""
    if (request.content_length or 0) > MOST_UP_BYTES:
        raise Invalid("bytes", "That is more than a check needs.")
    request.get_data(cache=False)
    return "", 204


@blueprint.post("/api/check")
@users_only
def keep() -> Response:
    """Keep what the check found, for the site and the hour."""
    try:
        found = Findings.model_validate(request.get_json(silent=True))
    except ValidationError as error:
        raise first_wrong(error, "check") from None
    with db.write_transaction() as session:
        operations.keep(session, current_user.actor, found, clock.now())
    return jsonify(kept=True)


@blueprint.get("/checks")
@only("program_manager", "administrator")
def table() -> str:
    """Each site's links by the hour."""
    with db.read_session() as session:
        rows = queries.of_program(session, current_user.actor, clock.now())
    return render_template("checks/checks.html", rows=rows, verdict_words=VERDICT_WORDS, path_words=PATH_WORDS)
