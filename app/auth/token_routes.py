"""Pages of access tokens: a doctor's own under Account, every one of the program for its administrator."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import db
from app.auth import queries, tokens
from app.auth.forms import refuse
from app.auth.guards import actor, only
from app.auth.models import AccessToken
from app.auth.token_forms import SCOPES_LISTED, DeviceTokenForm, TokenForm
from app.errors import Conflict, Invalid

blueprint = Blueprint("tokens", __name__)

administrator = only("administrator")
owner = only(*tokens.OWNERS)
REFUSED = 422


@blueprint.route("/account/tokens", methods=["GET", "POST"])
@owner
def own() -> Response | str | tuple[str, int]:
    """One's own tokens, and a form for another one."""
    form = TokenForm()
    if form.validate_on_submit():
        try:
            with db.write_transaction() as session:
                made = tokens.make_own(
                    session, actor(), form.name.data or "", (form.scopes.data or "").split(), form.days.data
                )
            return _told_once(*made, back=url_for("tokens.own"))
        except Invalid as error:
            refuse(form, error)
        except Conflict as error:
            form.form_errors.append(error.message)
    with db.read_session() as session:
        page = render_template("auth/tokens.html", form=form, **_listed(tokens.tokens_of(session, actor())))
    return (page, REFUSED) if form.errors else page


@blueprint.post("/account/tokens/<token_id>/revoke")
@owner
def revoke_own(token_id: str) -> Response:
    """End one of one's own tokens."""
    return _revoke(token_id, back=url_for("tokens.own"))


@blueprint.get("/tokens")
@administrator
def all_tokens() -> str:
    """Every token of the program."""
    with db.read_session() as session:
        return render_template("admin/tokens.html", **_listed(tokens.tokens_of_program(session, actor())))


@blueprint.route("/tokens/new", methods=["GET", "POST"])
@administrator
def new_device_token() -> Response | str | tuple[str, int]:
    """A token for a machine; it is shown once."""
    with db.read_session() as session:
        form = DeviceTokenForm().offer([(site.id, site.name) for site in queries.sites(session, actor())])
    if form.validate_on_submit():
        try:
            scopes = (form.scopes.data or "").split()
            with db.write_transaction() as session:
                made = tokens.make_for_device(
                    session, actor(), form.facility_id.data or "", form.name.data or "", scopes, form.days.data
                )
            return _told_once(*made, back=url_for("tokens.all_tokens"))
        except Invalid as error:
            refuse(form, error)
    page = render_template("admin/token.html", form=form)
    return (page, REFUSED) if form.errors else page


@blueprint.post("/tokens/<token_id>/revoke")
@administrator
def revoke(token_id: str) -> Response:
    """End any token of the program."""
    return _revoke(token_id, back=url_for("tokens.all_tokens"))


def _revoke(token_id: str, *, back: str) -> Response:
    with db.write_transaction() as session:
        token = tokens.revoke(session, actor(), token_id)
    flash(_("%(name)s is no longer let in.", name=token.name), "good")
    return redirect(back)


def _listed(found: list[AccessToken]) -> dict[str, object]:
    live = [token for token in found if tokens.is_live(token)]
    ended = [token for token in found if not tokens.is_live(token)]
    return {"live": live, "ended": ended, "scope_words": SCOPES_LISTED}


def _told_once(token: AccessToken, secret: str, *, back: str) -> str:
    return render_template("auth/token.html", token=token, secret=secret, back=back)
