"""The administrator's pages: people, sites, audit. Everything stays within the administrator's own program."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import audit, db
from app.auth import live, operations, queries
from app.auth.audit_words import action_words, object_words
from app.auth.forms import ROLE_MEANINGS, AuditForm, PersonForm, SiteForm, options, refuse
from app.auth.guards import actor, only
from app.auth.models import User
from app.auth.queries import AuditFilter
from app.errors import Conflict, Invalid
from app.local_days import day_begins

blueprint = Blueprint("admin", __name__)

administrator = only("administrator")
REFUSED = 422


@blueprint.get("/people")
@administrator
def people() -> str:
    """Everybody of the program."""
    with db.read_session() as session:
        return render_template("admin/people.html", people=queries.people(session, actor()))


@blueprint.route("/people/new", methods=["GET", "POST"])
@administrator
def new_person() -> Response | str | tuple[str, int]:
    """Add somebody; their temporary password is shown once."""
    form = _person_form()
    if form.validate_on_submit():
        try:
            with db.write_transaction() as session:
                user, password = operations.add_person(session, actor(), form.person())
            return _told_once(user, password, added=True)
        except Invalid as error:
            refuse(form, error)
    page = render_template("admin/person.html", form=form, user=None, meanings=ROLE_MEANINGS)
    return (page, REFUSED) if form.errors else page


@blueprint.route("/people/<user_id>", methods=["GET", "POST"])
@administrator
def person(user_id: str) -> Response | str | tuple[str, int]:
    """One person: change what is known of them."""
    with db.read_session() as session:
        user = queries.person(session, actor(), user_id)
    form = _person_form(user)
    if form.validate_on_submit():
        try:
            with db.write_transaction() as session:
                changed = operations.edit_person(session, actor(), user_id, form.person())
            if changed.session_stamp != user.session_stamp:
                live.end_connections(user_id)
            flash(_("Saved: %(name)s", name=changed.full_name), "good")
            return redirect(url_for("admin.people"))
        except Invalid as error:
            refuse(form, error)
    page = render_template("admin/person.html", form=form, user=user, meanings=ROLE_MEANINGS)
    return (page, REFUSED) if form.errors else page


@blueprint.post("/people/<user_id>/deactivate")
@administrator
def deactivate(user_id: str) -> Response:
    """Keep somebody out: their sessions and sockets end at once."""
    return _set_active(user_id, False)


@blueprint.post("/people/<user_id>/activate")
@administrator
def activate(user_id: str) -> Response:
    """Let somebody in again."""
    return _set_active(user_id, True)


def _set_active(user_id: str, active: bool) -> Response:
    try:
        with db.write_transaction() as session:
            user = operations.set_active(session, actor(), user_id, active)
    except Conflict as error:
        flash(error.message, "danger")
        return redirect(url_for("admin.person", user_id=user_id))
    if active:
        flash(_("%(name)s may sign in again.", name=user.full_name), "good")
    else:
        live.end_connections(user_id)
        flash(_("%(name)s can no longer sign in, and is signed out everywhere.", name=user.full_name), "good")
    return redirect(url_for("admin.people"))


@blueprint.post("/people/<user_id>/password")
@administrator
def reset_password(user_id: str) -> str:
    """Set a temporary password, shown once."""
    with db.write_transaction() as session:
        user, password = operations.reset_password(session, actor(), user_id)
    live.end_connections(user_id)
    return _told_once(user, password, added=False)


def _told_once(user: User, password: str, *, added: bool) -> str:
    return render_template("admin/password.html", user=user, password=password, added=added)


def _person_form(user: User | None = None) -> PersonForm:
    with db.read_session() as session:
        sites = queries.sites(session, actor())
    return PersonForm(obj=user).offer([(site.id, site.name) for site in sites])


@blueprint.get("/sites")
@administrator
def sites() -> str:
    """The program's facilities."""
    with db.read_session() as session:
        counts = queries.people_at_sites(session, actor())
        return render_template("admin/sites.html", sites=queries.sites(session, actor()), counts=counts)


@blueprint.route("/sites/new", methods=["GET", "POST"])
@administrator
def new_site() -> Response | str | tuple[str, int]:
    """Add a facility."""
    return _save_site(None)


@blueprint.route("/sites/<facility_id>", methods=["GET", "POST"])
@administrator
def site(facility_id: str) -> Response | str | tuple[str, int]:
    """Change a facility."""
    return _save_site(facility_id)


def _save_site(facility_id: str | None) -> Response | str | tuple[str, int]:
    with db.read_session() as session:
        found = queries.site(session, actor(), facility_id) if facility_id else None
    form = SiteForm(obj=found)
    if form.validate_on_submit():
        try:
            with db.write_transaction() as session:
                rule = operations.DataRule(bool(form.data_saver.data), form.monthly_data_mb.data)
                saved = operations.save_site(
                    session, actor(), facility_id, form.name.data or "", form.district.data or "", rule
                )
            flash(_("Saved: %(name)s", name=saved.name), "good")
            return redirect(url_for("admin.sites"))
        except Invalid as error:
            refuse(form, error)
    page = render_template("admin/site.html", form=form, site=found)
    return (page, REFUSED) if form.errors else page


@blueprint.get("/audit")
@administrator
def audit_log() -> str:
    """The audit log, newest first; reading it is written down too."""
    form = AuditForm(request.args)
    with db.write_transaction() as session:
        everybody = queries.people(session, actor())
        form.person.choices = options([("", _("Everybody")), *((user.id, user.full_name) for user in everybody)])
        wanted = _wanted(form)
        rows, older = queries.audit_rows(session, actor(), wanted)
        chain = queries.check_chain(session) if "check" in request.args else None
        audit.record(session, actor(), "audit_read", "audit", "", checked=chain is not None)
        kept = {name: value for name, value in request.args.items() if name in (*form.data, "offset") and value}
        return render_template(
            "admin/audit.html",
            form=form,
            rows=rows,
            chain=chain,
            kept=kept,
            older=older,
            is_paged=wanted.before_id is not None,
            action_words=action_words,
            object_words=object_words,
        )


def _wanted(form: AuditForm) -> AuditFilter:
    good = form.validate()
    day: date | None = form.day.data if good else None
    since = day_begins(day, request.args.get("offset", type=int)) if day else None
    return AuditFilter(
        person_id=(form.person.data or "") if good else "",
        object_id=(form.object.data or "") if good else "",
        since=since,
        until=since + timedelta(days=1) if since else None,
        before_id=request.args.get("before", type=int),
    )
