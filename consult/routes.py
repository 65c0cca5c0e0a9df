"""Pages of the consult: today, the worklist, preparing a request, one consult and the steps of its life."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import audit, clock, db
from app.actor import Actor
from app.auth.guards import behind, only
from app.errors import Conflict, Invalid
from consult import access, forms, invitations, operations, queries, specialties, thumbnails, versions, worklist
from consult.chat import queries as chat_queries
from consult.lifecycle import URGENCIES, allowed_events
from consult.models import Consult
from consult.patients import ages, consent_texts
from consult.patients import queries as patient_queries
from consult.patients import routes as patient_routes
from consult.patients.forms import PatientForm
from consult.patients.vitals import VITALS
from consult.roles import may
from imaging.guards.retakes import queries as retakes
from video.recordings import queries as recordings

blueprint = Blueprint("consult", __name__)

UNCHANGED = ("", 204)


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """What templates need to speak of consults."""
    return {"specialty_words": specialties.label}


@blueprint.get("/today")
@only("treating_doctor")
def today() -> str:
    """The treating doctor's first page."""
    return render_template("consult/today.html", **_today())


@blueprint.get("/today/rows")
@only("treating_doctor")
def today_rows() -> Any:
    """The lists of that page alone; nothing (204) when `known` is still what they show."""
    shown = _today()
    return UNCHANGED if _known(shown) else render_template("consult/_today.html", **shown)


def _today() -> dict[str, Any]:
    actor = current_user.actor
    with db.write_transaction() as session:
        open_ones = queries.my_open(session, actor)
        recent = queries.my_recent(session, actor, clock.now())
        lacks = {one.id: queries.missing(session, one) for one in open_ones if one.state == "draft"}
        asked = retakes.open_counts(session, {one.case_id for one in open_ones})
        mark = queries.digest([*open_ones, *recent], (f"{case}{count}" for case, count in asked.items()))
        if request.args.get("known") != mark:
            audit.record(session, actor, "read_today", "user", actor.id, shown=len(open_ones) + len(recent))
    return {"open_ones": open_ones, "recent": recent, "lacks": lacks, "asked": asked, "digest": mark}


@blueprint.get("/worklist")
@only("specialist")
def show_worklist() -> str:
    """The specialist's first page."""
    return render_template("consult/worklist.html", **_worklist())


@blueprint.get("/worklist/rows")
@only("specialist")
def worklist_rows() -> Any:
    """The rows alone; nothing (204) when `known` is still what they show."""
    shown = _worklist()
    return UNCHANGED if _known(shown) else render_template("consult/_rows.html", **shown)


def _worklist() -> dict[str, Any]:
    actor = current_user.actor
    with db.write_transaction() as session:
        rows = worklist.worklist_of(session, actor)
        pictures = thumbnails.of_cases(session, {one.case_id for one in rows.everything})
        mark = queries.digest(rows.everything, (f"{one.urls}{one.count}" for one in pictures.values()))
        if request.args.get("known") != mark:
            audit.record(session, actor, "read_worklist", "program", actor.program_id, shown=len(rows.everything))
    return {"rows": rows, "pictures": pictures, "digest": mark}


def _known(shown: dict[str, Any]) -> bool:
    return bool(request.args.get("known") == shown["digest"])


@blueprint.get("/consults/new")
@only("treating_doctor")
def new() -> str:
    """Find the patient or register one: the first step of a new consult."""
    text = request.args.get("q", "").strip()
    with db.write_transaction() as session:
        found = patient_queries.search(session, current_user.actor, text) if text else None
    return patient_routes.registration_page(PatientForm(formdata=None), found=found, query=text)


@blueprint.post("/consults/new")
@only("treating_doctor")
def create() -> BaseResponse:
    """Start preparing a consult for a patient (a new case), or in a case, perhaps asking an earlier question again."""
    actor, now = current_user.actor, clock.now()
    with db.write_transaction() as session:
        if case_id := request.form.get("case_id"):
            consult = operations.create_draft(session, actor, case_id, now, like_id=request.form.get("like", ""))
        else:
            consult = operations.begin(session, actor, request.form.get("patient_id", ""), now)
    return redirect(url_for("consult.prepare", consult_id=consult.id))


@blueprint.get("/consults/<consult_id>/prepare")
@login_required
def prepare(consult_id: str) -> Any:
    """Everything a request needs on one page, each part saving itself."""
    with db.write_transaction() as session:
        standing = access.consult(session, current_user.actor, consult_id, "edit_request")
        consult = standing.consult
        if consult.state != "draft":
            return redirect(url_for("consult.show", consult_id=consult_id))
        queries.open_consult(session, current_user.actor, consult_id)
        patient, consent = consult.case.patient, patient_queries.standing_consent(session, consult.case_id)
        return render_template(
            "consult/prepare.html",
            consult=consult,
            case=consult.case,
            patient=patient,
            minor=ages.is_minor(patient.birth_date, patient.birth_year, clock.today()),
            fields={**patient_routes.case_fields(consult.case), **request_fields(consult)},
            vitals=VITALS,
            needs_json=[asdict(lack) for lack in queries.needs()],
            consent=patient_routes.consent_facts(session, consent) if consent else None,
            consent_texts=consent_texts.current(),
            specialties=specialties.SPECIALTIES,
            urgencies=URGENCIES,
        )


def request_fields(consult: Consult) -> dict[str, dict[str, str]]:
    """Field name -> its text and version, for the request's three fields."""
    values = {name: str(getattr(consult, name)) for name in ("specialty", "urgency", "question")}
    return {name: {"value": value, "version": versions.version_of(value)} for name, value in values.items()}


@blueprint.get("/consults/<consult_id>")
@login_required
def show(consult_id: str) -> Any:
    """Everything known of one consult; a draft opens where its doctor prepares it."""
    actor = current_user.actor
    with db.write_transaction() as session:
        standing = queries.open_consult(session, actor, consult_id)
        consult = standing.consult
        if consult.state == "draft" and may(standing.role, "edit_request"):
            return redirect(url_for("consult.prepare", consult_id=consult_id))
        steps = {event for event in allowed_events(consult.state) if event in STEPS and may(standing.role, event)}
        return render_template(
            "consult/show.html",
            consult=consult,
            case=consult.case,
            patient=consult.case.patient,
            role=standing.role,
            standing=standing,
            steps=steps,
            may_enter=may(standing.role, "join_room") and consult.state in operations.ROOM_IS_OPEN,
            may_add=may(standing.role, "add_pictures") and operations.is_open(consult),
            may_invite=may(standing.role, "invite") and operations.is_open(consult),
            invited=invitations.listed(session, actor, consult_id) if may(standing.role, "invite") else [],
            timeline=queries.timeline(session, consult_id),
            chat=chat_queries.page(session, consult_id, consult.case_id) if may(standing.role, "read_chat") else None,
            consents=patient_queries.consents_of(session, consult.case_id),
            consent_text=consent_texts.find,
            recordings=recordings.of_consult(session, consult_id) if may(standing.role, "hear_recordings") else [],
        )


@blueprint.get("/api/consults/<consult_id>")
@login_required
def read_request(consult_id: str) -> Response:
    """State and request fields as they are saved."""
    with db.write_transaction() as session:
        consult = queries.open_consult(session, current_user.actor, consult_id).consult
        return jsonify(state=consult.state, fields=request_fields(consult))


@blueprint.get("/api/consults/<consult_id>/state")
@login_required
def read_state(consult_id: str) -> Response:
    """The state alone, for a page that asks now and then whether it is still right. Nothing of the record: no audit."""
    with db.read_session() as session:
        return jsonify(state=access.consult(session, current_user.actor, consult_id, "read_record").consult.state)


@blueprint.patch("/api/consults/<consult_id>")
@login_required
@behind(access.consult, "edit_request")
def edit_request(consult_id: str) -> Response:
    """Save one field of the request."""
    edit = forms.field_edit(request.get_json(silent=True))
    now = clock.now()
    with db.write_transaction() as session:
        actor = current_user.actor
        consult = operations.edit_request(session, actor, consult_id, edit.field, edit.value, edit.version, now)
        return jsonify(field=edit.field, saved_at=now.isoformat(), **request_fields(consult)[edit.field])


@blueprint.post("/api/consults/<consult_id>/request")
@login_required
def send_request(consult_id: str) -> Response:
    """Send the request to the specialists."""
    with db.write_transaction() as session:
        consult = operations.request(session, current_user.actor, consult_id, clock.now())
        sent_at = consult.requested_at.isoformat() if consult.requested_at else None
        return jsonify(state=consult.state, requested_at=sent_at)


Step = Callable[[Session, Actor, str], Consult]
STEPS: dict[str, Step] = {
    "accept": lambda session, actor, id: operations.accept(session, actor, id, clock.now()),
    "release": lambda session, actor, id: operations.release(session, actor, id, clock.now()),
    "park": lambda session, actor, id: operations.park(session, actor, id, clock.now()),
    "decline": lambda session, actor, id: operations.decline(session, actor, id, _reason(), clock.now()),
    "cancel": lambda session, actor, id: operations.cancel(session, actor, id, _reason(), clock.now()),
}


def _reason() -> str:
    return request.form.get("reason", "")


@blueprint.post("/consults/<consult_id>/<any(accept, release, park, decline, cancel):step>")
@login_required
def take_step(consult_id: str, step: str) -> BaseResponse:
    """One step of the consult's life; a refusal is told on the page one comes back to."""
    try:
        with db.write_transaction() as session:
            consult = STEPS[step](session, current_user.actor, consult_id)
    except (Conflict, Invalid) as refusal:
        flash(str(refusal.message), "warn")
        return redirect(_after(consult_id))
    flash(_done(step, consult), "good")
    return redirect(_after(consult_id))


def _done(step: str, consult: Consult) -> str:
    said = {
        "accept": _("You took this consult. %(name)s has been told.", name=consult.treating_doctor.full_name),
        "release": _("Given back: the other specialists see it again."),
        "park": _("Left as a question. The opinion can be written at any time."),
        "decline": _("Declined. %(name)s will read your reason.", name=consult.treating_doctor.full_name),
        "cancel": _("Cancelled."),
    }
    return said[step]


def _after(consult_id: str) -> str:
    """The consult's page while the actor may still see it, else the list they came from."""
    with db.read_session() as session:
        found = session.get(Consult, consult_id)
        role = access.standing(session, current_user.actor, found) if found else None
        gone = found is None or role is None or (found.state == "cancelled" and found.requested_at is None)
    return url_for("home") if gone else url_for("consult.show", consult_id=consult_id)
