"""The pages of the inbox, for the treating doctors of its facility."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from app import clock, db
from app.actor import Actor
from app.auth.guards import actor, behind, only
from app.errors import Conflict, Invalid
from imaging import store
from imaging.access import works_with_inbox
from imaging.guards.identity_words import file_words
from imaging.inbox import access, comparison, directory, operations, queries
from imaging.site_models.jobs import ask_models_of

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")
doctors = only("treating_doctor")
REFUSED = 422


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """What templates need to speak of the inbox."""
    return {"file_words": file_words}


def count_for(session: Session, present: Actor) -> int:
    """How much waits for this actor: what the navigation shows."""
    return queries.count(session, present.facility_id or "") if works_with_inbox(present) else 0


@blueprint.get("")
@doctors
def listing() -> str:
    """Everything that waits."""
    found = _lists()
    _record(found)
    return render_template("inbox/inbox.html", **found)


@blueprint.get("/rows")
@doctors
def rows() -> Response | str:
    """The lists alone; 204 where they look as they did (`known`)."""
    found = _lists()
    if request.args.get("known") == found["digest"]:
        return Response(status=204)
    _record(found)
    return render_template("inbox/_rows.html", **found)


def _lists() -> dict[str, Any]:
    with db.read_session() as session:
        facility_id = access.require_inbox(actor())
        waiting = queries.waiting(session, facility_id)
        files = queries.kept_files(session, facility_id)
        attached = queries.attached_lately(session, facility_id, clock.now())
    seen = [
        [(one.study.id, len(one.instances), one.unfinished, one.thumbnails) for one in waiting],
        [one.upload.id for one in files],
        [(one.study.id, len(one.instances)) for one in attached],
    ]
    digest = hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
    return {"waiting": waiting, "files": files, "attached": attached, "digest": digest}


def _record(found: dict[str, Any]) -> None:
    with db.write_transaction() as session:
        operations.record_reading(session, actor(), len(found["waiting"]))


@blueprint.get("/count")
@doctors
def count() -> Response:
    """How much waits, for the navigation of a page that stays open. Names nobody: no audit."""
    with db.read_session() as session:
        answer = jsonify(count=count_for(session, actor()))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.get("/discarded")
@doctors
def discarded() -> str:
    """What was discarded and is still kept."""
    with db.write_transaction() as session:
        facility_id = access.require_inbox(actor())
        found = queries.discarded(session, facility_id)
        operations.record_reading(session, actor(), len(found))
        return render_template(
            "inbox/discarded.html",
            discarded=found,
            files=queries.kept_files(session, facility_id, "cancelled"),
        )


@blueprint.get("/studies/<waiting_id>")
@doctors
@behind(access.waiting)
def show(waiting_id: str) -> str:
    """One waiting study, whose it may be, and a search."""
    text = request.args.get("q", "").strip()
    with db.write_transaction() as session:
        waiting = operations.read_study(session, actor(), waiting_id)
        suggested = directory.suggest(session, actor(), waiting.identities, clock.today())
        found = directory.current().search(session, actor(), text) if text else []
    judged = [(one, directory.worst(waiting.identities, one.identity, clock.today())) for one in found]
    return render_template("inbox/study.html", waiting=waiting, suggested=suggested, found=judged, query=text)


@blueprint.get("/studies/<waiting_id>/compare")
@doctors
@behind(access.waiting)
def compare(waiting_id: str) -> str:
    """The study beside the patient it may belong to: what each says, before it is attached."""
    return _comparison(waiting_id, request.args.get("patient", ""), request.args.get("case", ""))


def _comparison(waiting_id: str, patient_id: str, case_id: str, refused: str = "", typed: str = "") -> str:
    here = directory.current()
    with db.write_transaction() as session:
        waiting = operations.read_study(session, actor(), waiting_id)
        candidate = here.of_case(session, actor(), case_id) if case_id else here.patient(session, actor(), patient_id)
    return render_template(
        "inbox/compare.html",
        waiting=waiting,
        candidate=candidate,
        case=next((one for one in candidate.cases if one.id == case_id), None),
        verdict=directory.worst(waiting.identities, candidate.identity, clock.today()),
        rows=comparison.rows(waiting.identities, candidate.identity, clock.today()),
        refused=refused,
        typed=typed,
    )


@blueprint.post("/studies/<waiting_id>/attach")
@doctors
@behind(access.waiting)
def attach(waiting_id: str) -> AnyResponse | tuple[str, int]:
    """Put the study into a case, or into a new case of a patient."""
    patient_id, named = request.form.get("patient", ""), request.form.get("case", "")
    reason = request.form.get("reason", "")
    try:
        with db.write_transaction() as session:
            now = clock.now()
            case_id = named or directory.current().open_case(session, actor(), patient_id, now)
            study = operations.attach(session, actor(), waiting_id, case_id, reason, now)
            attached = [one.id for one in queries.read(session, [study])[0].instances]
    except Invalid as refusal:
        return _comparison(waiting_id, patient_id, named, refusal.message, reason), REFUSED
    except Conflict as refusal:
        flash(refusal.message, "danger")
        return redirect(url_for("inbox.show", waiting_id=waiting_id))
    ask_models_of(attached)
    flash(_("Attached. For three days it can be undone from the inbox."), "good")
    return redirect(f"/cases/{case_id}")


@blueprint.post("/studies/<waiting_id>/detach")
@doctors
@behind(access.attached)
def detach(waiting_id: str) -> AnyResponse:
    """Undo an attachment: the study waits again."""
    with db.write_transaction() as session:
        operations.detach(session, actor(), waiting_id, clock.now())
    flash(_("Taken out of the case. It waits here again."), "good")
    return redirect(url_for("inbox.listing"))


@blueprint.post("/studies/<waiting_id>/discard")
@doctors
@behind(access.waiting)
def discard(waiting_id: str) -> AnyResponse:
    """Take a study off the list, with a reason."""
    try:
        with db.write_transaction() as session:
            operations.discard(session, actor(), waiting_id, request.form.get("reason", ""), clock.now())
    except Invalid as refusal:
        flash(refusal.message, "danger")
        return redirect(url_for("inbox.show", waiting_id=waiting_id))
    flash(_("Discarded. It is kept for 30 days."), "good")
    return redirect(url_for("inbox.listing"))


@blueprint.post("/studies/<waiting_id>/restore")
@doctors
@behind(access.waiting)
def restore(waiting_id: str) -> AnyResponse:
    """Bring a discarded study back."""
    with db.write_transaction() as session:
        operations.restore(session, actor(), waiting_id, clock.now())
    flash(_("It waits in the inbox again."), "good")
    return redirect(url_for("inbox.listing"))


@blueprint.get("/files/<kept_id>")
@doctors
@behind(access.kept_file)
def send_kept(kept_id: str) -> AnyResponse:
    """A file that cannot be shown, exactly as it came, always as a download."""
    with db.write_transaction() as session:
        upload = operations.read_file(session, actor(), kept_id)
    path = store.upload_path(upload.id)
    if not path.exists():
        flash(_("This file was discarded more than 30 days ago."), "warn")
        return redirect(url_for("inbox.listing"))
    answer = send_file(path, "application/octet-stream", as_attachment=True, download_name=upload.file_name)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@blueprint.post("/files/<kept_id>/discard")
@doctors
@behind(access.kept_file)
def discard_kept(kept_id: str) -> AnyResponse:
    """Take a file that cannot be shown off the list, with a reason."""
    try:
        with db.write_transaction() as session:
            operations.discard_file(session, actor(), kept_id, request.form.get("reason", ""), clock.now())
    except Invalid as refusal:
        flash(refusal.message, "danger")
    else:
        flash(_("Discarded. It is kept for 30 days."), "good")
    return redirect(url_for("inbox.listing"))


@blueprint.post("/files/<kept_id>/restore")
@doctors
@behind(access.kept_file)
def restore_kept(kept_id: str) -> AnyResponse:
    """Bring a discarded file back on the list."""
    with db.write_transaction() as session:
        operations.restore_file(session, actor(), kept_id, clock.now())
    return redirect(url_for("inbox.listing"))
