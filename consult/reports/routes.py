"""The documents over HTTP: a JSON API for the record panel, the record as a page, and as a PDF."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, send_file, url_for
from flask_babel import get_locale
from flask_login import current_user, login_required
from pydantic import BaseModel

from app import clock, db
from app.auth.guards import behind
from app.errors import Conflict
from consult import access
from consult.chat import queries as chat_queries
from consult.reports import forms, jobs, operations, queries, replies, report_state, times, wording
from consult.reports.operations import NewerDraft
from consult.roles import may

blueprint = Blueprint("reports", __name__)

API = "/api/consults/<consult_id>"
Answer = Response | tuple[Response, int]


@blueprint.get(f"{API}/record")
@login_required
def record(consult_id: str) -> Answer:
    """Everything that the record panel shows."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing, documents = queries.read(session, actor, consult_id, "read_record")
        report = queries.report_of(session, consult_id)
        return _json(replies.record(actor, standing, documents, report, _pdf_url(consult_id)))


@blueprint.get(f"{API}/opinion")
@login_required
def opinion(consult_id: str) -> Answer:
    """The opinion, as far as the reader may see it."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing, documents = queries.read(session, actor, consult_id, "read_opinion")
        return _json(replies.opinion(actor, standing.consult, documents.opinion))


@blueprint.put(f"{API}/opinion")
@login_required
@behind(access.consult, "write_opinion")
def save_opinion(consult_id: str) -> Answer:
    """Save the draft. 409 `newer_draft` carries the newer one as `current`."""
    actor = current_user.actor
    fields, version = forms.opinion_draft(_body())
    try:
        with db.write_transaction() as session:
            draft = operations.save_opinion_draft(session, actor, consult_id, fields, version=version, now=clock.now())
            return jsonify(version=draft.version, updated_at=replies.iso(draft.updated_at))
    except NewerDraft as newer:
        return _newer(newer, consult_id, "opinion")


@blueprint.post(f"{API}/opinion/sign")
@login_required
@behind(access.consult, "write_opinion")
def sign_opinion(consult_id: str) -> Answer:
    """Sign the draft of the version given."""
    actor = current_user.actor
    version = forms.version(_body())
    with db.write_transaction() as session:
        signed = operations.sign_opinion(session, actor, consult_id, version=version, now=clock.now())
        consult = access.consult(session, actor, consult_id, "read_record").consult
        reply = replies.opinion(actor, consult, signed)
    jobs.make_report(consult_id)
    return _json(reply)


@blueprint.get(f"{API}/outcome")
@login_required
def outcome(consult_id: str) -> Answer:
    """The outcome, as far as the reader may see it."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing, documents = queries.read(session, actor, consult_id, "read_outcome")
        return _json(replies.outcome(actor, standing.consult, documents.outcome))


@blueprint.put(f"{API}/outcome")
@login_required
@behind(access.consult, "write_outcome")
def save_outcome(consult_id: str) -> Answer:
    """Save the draft. 409 `newer_draft` carries the newer one as `current`."""
    actor = current_user.actor
    fields, version = forms.outcome_draft(_body())
    try:
        with db.write_transaction() as session:
            draft = operations.save_outcome_draft(session, actor, consult_id, fields, version=version, now=clock.now())
            return jsonify(version=draft.version, updated_at=replies.iso(draft.updated_at))
    except NewerDraft as newer:
        return _newer(newer, consult_id, "outcome")


@blueprint.post(f"{API}/outcome/sign")
@login_required
@behind(access.consult, "write_outcome")
def sign_outcome(consult_id: str) -> Answer:
    """Sign the draft of the version given, and conclude the consult."""
    actor = current_user.actor
    version = forms.version(_body())
    with db.write_transaction() as session:
        signed = operations.sign_outcome(session, actor, consult_id, version=version, now=clock.now())
        consult = access.consult(session, actor, consult_id, "read_record").consult
        reply = replies.outcome(actor, consult, signed)
    jobs.make_report(consult_id)
    return _json(reply)


@blueprint.post(f"{API}/addenda")
@login_required
@behind(access.consult, "add_addendum")
def add_addendum(consult_id: str) -> Answer:
    """Add an addendum to what is signed."""
    text = forms.addendum_text(_body())
    with db.write_transaction() as session:
        added = operations.add_addendum(session, current_user.actor, consult_id, text, now=clock.now())
        reply = replies.addendum(added)
    jobs.make_report(consult_id)
    return _json(reply), 201


@blueprint.post(f"{API}/report")
@login_required
def print_again(consult_id: str) -> Answer:
    """Ask once more for a printed record that could not be made."""
    with db.write_transaction() as session:
        _, documents = queries.read(session, current_user.actor, consult_id, "ask_for_report")
        if not documents.signed:
            raise Conflict(wording.nothing_signed(), code="not_signed")
        report = queries.report_of(session, consult_id)
        if report is None or report.state == "failed":
            report = report_state.ask_for_report(session, consult_id)
        state = report.state
    jobs.make_report(consult_id)
    return jsonify(state=state), 202


@blueprint.get("/consults/<consult_id>/record")
@login_required
def record_page(consult_id: str) -> str:
    """The signed record as a page, to read, to print and to add to."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing, documents = queries.read(session, actor, consult_id, "read_record")
        report = queries.report_of(session, consult_id)
        reply = replies.record(actor, standing, documents, report, _pdf_url(consult_id))
        follow_up = documents.outcome.follow_up_on if documents.outcome else None
        consult = standing.consult
        return render_template(
            "reports/record.html",
            consult=consult,
            chat=chat_queries.page(session, consult_id, consult.case_id) if may(standing.role, "read_chat") else None,
            record=reply,
            words=wording,
            follow_up=times.day(follow_up, str(get_locale())) if follow_up else "",
        )


@blueprint.get("/consults/<consult_id>/record.pdf")
@login_required
def record_pdf(consult_id: str) -> Response | tuple[str, int]:
    """The printed record: the file, a page that waits for it (202), or one that says that it failed."""
    with db.write_transaction() as session:
        standing, documents = queries.read(session, current_user.actor, consult_id, "download_record")
        report = queries.report_of(session, consult_id)
        page = render_template("reports/printing.html", consult=standing.consult, state=_print_state(documents, report))
        sha256 = report.sha256 if report and report.state == "ready" else None
    if sha256 is None or not jobs.path_of(sha256).exists():
        return page, 202 if report and report.state == "making" else 404
    return _file(consult_id, sha256)


def _print_state(documents: queries.Documents, report: Any) -> str:
    if not documents.signed:
        return "nothing"
    return "making" if report is not None and report.state == "making" else "failed"


def _file(consult_id: str, sha256: str) -> Response:
    answer = send_file(
        jobs.path_of(sha256),
        mimetype="application/pdf",
        as_attachment="download" in request.args,
        download_name=f"consult-record-{consult_id[:8]}.pdf",
        etag=sha256,
        conditional=True,
    )
    answer.headers["Cache-Control"] = "private, no-cache"  # asked again each time: an addendum changes it
    return answer


def _body() -> Any:
    return request.get_json(silent=True)


def _json(reply: BaseModel) -> Response:
    return jsonify(reply.model_dump())


def _pdf_url(consult_id: str) -> str:
    return url_for("reports.record_pdf", consult_id=consult_id)


def _newer(refusal: NewerDraft, consult_id: str, kind: str) -> Answer:
    """The refusal with the newer draft beside it, so that neither text is lost."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing, documents = queries.read(session, actor, consult_id, f"read_{kind}")
        if kind == "opinion":
            current = replies.opinion(actor, standing.consult, documents.opinion)
        else:
            current = replies.outcome(actor, standing.consult, documents.outcome)
    return jsonify(error=refusal.as_dict(), current=current.model_dump()), 409
