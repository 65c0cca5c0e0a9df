"""Pages of patients and cases, and the JSON by which a case saves itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app import clock, db
from app.auth.guards import behind, only
from consult import access, versions
from consult import forms as consult_forms
from consult import operations as consult_operations
from consult.patients import ages, consent_texts, operations, queries, vitals
from consult.patients.forms import PatientForm
from consult.patients.models import Case, Consent, Patient
from consult.patients.queries import Similar

blueprint = Blueprint("patients", __name__)


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """What templates need to speak of patients."""
    return {"age_words": lambda patient: ages.words(patient, clock.today()), "vital_lines": vitals.lines}


@blueprint.get("/patients")
@only("treating_doctor")
def search() -> str:
    """The patients of this site, found by name, village or phone."""
    text = request.args.get("q", "").strip()
    with db.write_transaction() as session:
        found = queries.search(session, current_user.actor, text)
    return render_template("patients/list.html", found=found, query=text, limit=queries.SEARCH_LIMIT)


@blueprint.route("/patients/new", methods=["GET", "POST"])
@only("treating_doctor")
def register() -> str | BaseResponse:
    """Register a patient; with `purpose=consult`, go straight on to a new consult."""
    queries.require_treating_doctor(current_user.actor)
    form = PatientForm()
    if not form.validate_on_submit():
        return registration_page(form)
    new, actor = form.patient(), current_user.actor
    with db.write_transaction() as session:
        alike = queries.similar(session, actor, new.full_name, new.phone)
        key = versions.version_of([queries.folded_name(new.full_name), new.phone])
        again = session.get(Patient, form.once.data) is not None
        if alike and not again and request.form.get("anyway") != key:
            return registration_page(form, alike=alike, anyway=key)
        patient = operations.register(session, actor, new, clock.now(), once=form.once.data or "")
        if request.form.get("purpose") != "consult":
            return redirect(url_for("patients.show", patient_id=patient.id))
        consult = consult_operations.begin(session, actor, patient.id, clock.now())
        return redirect(url_for("consult.prepare", consult_id=consult.id))


def registration_page(
    form: PatientForm,
    *,
    alike: Similar | None = None,
    anyway: str = "",
    found: list[Patient] | None = None,
    query: str = "",
) -> str:
    """The form, with whoever it may already be; for a consult, with the search above it."""
    purpose = request.values.get("purpose", "consult" if request.endpoint == "consult.new" else "patient")
    return render_template(
        "patients/register.html",
        form=form,
        purpose=purpose,
        alike=alike,
        anyway=anyway,
        found=found,
        query=query,
        adult_at=ages.ADULT_AT,
        today=clock.today(),
    )


@blueprint.get("/patients/<patient_id>")
@login_required
def show(patient_id: str) -> str:
    """One patient: who they are, and every case with its consults."""
    with db.write_transaction() as session:
        patient, cases = queries.open_patient(session, current_user.actor, patient_id)
        consults = queries.consults_of(session, [case.id for case in cases])
        return render_template("patients/show.html", patient=patient, cases=cases, consults=consults)


@blueprint.get("/cases/<case_id>")
@login_required
def case(case_id: str) -> str:
    """One course of illness: complaint, history, vitals, pictures, consents, consults, records."""
    actor = current_user.actor
    with db.write_transaction() as session:
        found = queries.open_case(session, actor, case_id)
        consults = queries.visible_consults(session, actor, case_id)
        return render_template(
            "cases/show.html",
            case=found,
            patient=found.patient,
            consults=consults,
            consents=queries.consents_of(session, case_id),
            consent_text=consent_texts.find,
            may_edit=actor.role == "treating_doctor" and actor.facility_id == found.facility_id,
        )


@blueprint.get("/api/cases/<case_id>")
@login_required
def read_case(case_id: str) -> Response:
    """Every field as it is saved, with its version."""
    with db.write_transaction() as session:
        return jsonify(fields=case_fields(queries.open_case(session, current_user.actor, case_id)))


@blueprint.patch("/api/cases/<case_id>")
@login_required
@behind(access.case, "edit_case")
def edit_case(case_id: str) -> Response:
    """Save one field."""
    edit = consult_forms.field_edit(request.get_json(silent=True))
    now = clock.now()
    with db.write_transaction() as session:
        saved = operations.edit_case(
            session, current_user.actor, case_id, edit.field, edit.value, edit.version, now, sure=edit.sure
        )
        return jsonify(field=edit.field, saved_at=now.isoformat(), **case_fields(saved)[edit.field])


def case_fields(case: Case) -> dict[str, dict[str, str]]:
    """Field name -> its text and version, for complaint, history and every vital."""
    names = ["complaint", "history", *(f"vitals.{name}" for name in vitals.VITALS)]
    values = {name: operations.field_of(case, name) for name in names}
    return {name: {"value": _text(value), "version": versions.version_of(value)} for name, value in values.items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else vitals.number(value)


@blueprint.post("/api/cases/<case_id>/consents")
@login_required
@behind(access.case, "edit_case")
def record_consent(case_id: str) -> Response:
    """Write down that consent was given."""
    body = request.get_json(silent=True)
    given = body if isinstance(body, dict) else {}
    with db.write_transaction() as session:
        consent = operations.record_consent(
            session,
            current_user.actor,
            case_id,
            version=str(given.get("version", "")),
            language=str(given.get("language", "")),
            given_by=str(given.get("given_by", "")),
            now=clock.now(),
        )
        return jsonify(consent_facts(session, consent))


@blueprint.post("/api/consents/<consent_id>/withdraw")
@login_required
def withdraw_consent(consent_id: str) -> Response:
    """Write down that consent was taken back."""
    with db.write_transaction() as session:
        consent = operations.withdraw_consent(session, current_user.actor, consent_id, clock.now())
        return jsonify(consent_facts(session, consent))


def consent_facts(session: Session, consent: Consent) -> dict[str, Any]:
    """A consent for the page: who answered whom, in which words, when."""
    asked = {row.id: name for row, name in queries.consents_of(session, consent.case_id)}
    text = consent_texts.find(consent.text_version, consent.language)
    return {
        "id": consent.id,
        "asked_at": consent.asked_at.isoformat(),
        "asked_by": asked.get(consent.id, ""),
        "given_by": consent.given_by,
        "given_by_words": _("The patient") if consent.given_by == "patient" else _("A guardian"),
        "language": consent.language,
        "language_name": text.language_name if text else consent.language,
        "version": consent.text_version,
        "withdrawn": consent.withdrawn_at is not None,
    }
