"""Listening to what was recorded, for who may read the case; and deleting it, for administrators, who cannot listen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_required
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response as BaseResponse

from app import audit, clock, config, db
from app.auth.guards import actor, only
from app.errors import Conflict, Invalid, NotFound
from video.recordings import access, consent_texts, files, operations, queries
from video.sealed import Sealed

blueprint = Blueprint("recordings", __name__)

PIECE = 64 * 1024


@blueprint.get("/recordings/<recording_id>")
@login_required
def listen(recording_id: str) -> str:
    """The page on which a recording is heard, beside what was on the stage."""
    with db.write_transaction() as session:
        found = access.recording(session, current_user.actor, recording_id)
        audit.record(session, current_user.actor, "read_recording", "consult", found.consult_id, recording=found.id)
        consents = queries.consents(session, found.id)
        page = {
            "consult_id": found.consult_id,
            "audio": url_for("recordings.audio", recording_id=found.id) if found.mix_state == "made" else None,
            "index": found.mix_index,
            "seconds": found.mix_seconds,
        }
        return render_template(
            "recordings/listen.html", recording=found, consents=consents, page=page, words=consent_texts.find
        )


@blueprint.get("/recordings/<recording_id>/audio")
@login_required
def audio(recording_id: str) -> Response:
    """The sound, or a stretch of it; only the chunks that hold it are opened. Every request is written down."""
    with db.write_transaction() as session:
        found = access.recording(session, current_user.actor, recording_id)
        if found.mix_state != "made" or not found.mix_bytes:
            raise NotFound()
        start, end = _stretch(found.mix_bytes)
        audit.record(
            session, current_user.actor, "hear_recording", "consult", found.consult_id, recording=found.id, start=start
        )
        size, key = found.mix_bytes, operations.key_of(found)
    answer = Response(_opened(files.mix(recording_id), key, start, end - start), mimetype="audio/webm")
    answer.content_length = end - start
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Cache-Control"] = "private, no-store"
    if request.range is not None:
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return answer


def _stretch(size: int) -> tuple[int, int]:
    if request.range is None:
        return 0, size
    found = request.range.range_for_length(size)
    if found is None:
        raise RequestedRangeNotSatisfiable(size)
    return found


def _opened(path: Path, key: bytes, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from Sealed(file, key).read(start, length)


@blueprint.get("/kept-recordings")
@only("administrator")
def kept() -> str:
    """What was recorded in the program: when and how long, never what was said or of whom."""
    with db.read_session() as session:
        found = queries.of_program(session, actor())
    return render_template("recordings/kept.html", recordings=found, days=config.current().recording_days)


@blueprint.post("/kept-recordings/<administered_id>/delete")
@only("administrator")
def delete(administered_id: str) -> BaseResponse:
    """Delete a recording, with a reason that stays."""
    try:
        with db.write_transaction() as session:
            found = access.administered(session, actor(), administered_id)
            operations.delete(session, actor(), found, request.form.get("reason", ""), clock.now())
        files.remove(administered_id)
        flash(_("The recording is deleted. That it was, when and why stays written down."), "good")
    except (Conflict, Invalid) as refusal:
        flash(str(refusal.message), "warn")
    return redirect(url_for("recordings.kept"))
