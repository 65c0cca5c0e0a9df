"""The join page, and the treating doctor's forms that make and withdraw links."""

from __future__ import annotations

import hashlib

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter.util import get_remote_address
from flask_login import login_required, login_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import StringField

from app import clock, config, db
from app.actor import Actor
from app.auth import live
from app.auth.guards import actor
from app.auth.routes import own_path
from app.auth.sessions import SignedIn
from app.errors import Conflict, Invalid
from app.extensions import limiter
from app.pages import present_actor
from consult import invitations
from consult.models import Consult, Invitation

blueprint = Blueprint("invitations", __name__)

REFUSED = 401
OLDEST_YEARS = 130


class JoinForm(FlaskForm):
    """The one question that a link asks."""

    birth_year = StringField(_l("In which year was the patient born?"))

    def year(self) -> int | None:
        """The year typed, in any script's digits; None where it cannot be one, said at the field."""
        typed = (self.birth_year.data or "").strip()
        newest = clock.today().year
        if typed.isdecimal() and newest - OLDEST_YEARS <= int(typed) <= newest:
            return int(typed)
        self.birth_year.errors = [_("Type the year with four digits, such as 1972.")]
        return None


def _tries() -> str:
    return config.current().sign_in_limit


def _link_tried() -> str:
    token = str((request.view_args or {}).get("token", ""))
    return "link:" + hashlib.sha256(token.encode()).hexdigest()[:32]


def _was_refused(answer: Response) -> bool:
    return answer.status_code == REFUSED


@blueprint.get("/join/<token>")
def join_page(token: str) -> str | tuple[str, int]:
    """Who asks you in, and the one question."""
    with db.read_session() as transaction:
        invitation, consult = invitations.opened(transaction, token)
        return _page(token, invitation, consult, JoinForm())


@blueprint.post("/join/<token>")
@limiter.limit(_tries, key_func=get_remote_address, deduct_when=_was_refused)
@limiter.limit(_tries, key_func=_link_tried, deduct_when=_was_refused)
def join(token: str) -> Response | str | tuple[str, int]:
    """Come in: a session limited to this one consult begins, and whatever this browser was signed in to ends."""
    form = JoinForm()
    with db.write_transaction() as transaction:
        invitation, consult = invitations.opened(transaction, token)
        year = form.year() if form.validate_on_submit() else None
        if invitation is None or consult is None or invitations.standing(invitation, consult) != "open":
            return _page(token, invitation, consult, form)
        if year is None:
            return _open_page(token, invitation, consult, form), REFUSED
        outcome, guest = invitations.join(transaction, invitation, consult, year)
        page = "" if guest else _refused(token, invitation, consult, form, outcome)
    return _come_in(guest) if guest else (page, REFUSED)


def _come_in(guest: Actor) -> Response:
    session.clear()
    session.permanent = True
    login_user(SignedIn.as_guest(guest))
    return redirect(f"/consults/{guest.consult_id}/room")


def _refused(token: str, invitation: Invitation, consult: Consult, form: JoinForm, outcome: str) -> str:
    if outcome == "wrong_year":
        left = invitations.MOST_TRIES - invitation.failed_tries
        form.birth_year.errors = [
            _("This is not the year that the doctor wrote down. Tries left: %(count)s.", count=left)
        ]
    return _open_page(token, invitation, consult, form)


def _page(token: str, invitation: Invitation | None, consult: Consult | None, form: JoinForm) -> str | tuple[str, int]:
    standing = invitations.standing(invitation, consult)
    if invitation is None or consult is None or standing != "open":
        status = 404 if standing == "forged" else 410
        return render_template("join/closed.html", standing=standing, consult=consult), status
    return _open_page(token, invitation, consult, form)


def _open_page(token: str, invitation: Invitation, consult: Consult, form: JoinForm) -> str:
    locked_until = invitation.locked_until
    return render_template(
        "join/join.html",
        token=token,
        form=form,
        invitation=invitation,
        consult=consult,
        locked_until=locked_until if locked_until and locked_until > clock.now() else None,
        present=present_actor(),
    )


@blueprint.post("/consults/<consult_id>/invitations")
@login_required
def create(consult_id: str) -> Response:
    """Make a link; back to the page that asked, where the link stands in the list."""
    try:
        with db.write_transaction() as transaction:
            invitation = invitations.create(
                transaction,
                actor(),
                consult_id,
                request.form.get("role", ""),
                request.form.get("display_name", ""),
                request.form.get("hours", type=int),
            )
        flash(_("The link for %(name)s is ready. Send it to them.", name=invitation.display_name), "good")
    except (Invalid, Conflict) as error:
        flash(error.message, "danger")
    return _back(consult_id)


@blueprint.post("/consults/<consult_id>/invitations/<invitation_id>/revoke")
@login_required
def revoke(consult_id: str, invitation_id: str) -> Response:
    """Withdraw a link; whoever came by it leaves the room at once."""
    with db.write_transaction() as transaction:
        participant_id = invitations.revoke(transaction, actor(), consult_id, invitation_id)
    if participant_id is not None:
        live.end_connections(participant_id)
    flash(_("The link is withdrawn."), "good")
    return _back(consult_id)


def _back(consult_id: str) -> Response:
    return redirect(own_path(request.form.get("next")) or f"/consults/{consult_id}")


def join_url(token: str) -> str:
    """The whole address of a link, for templates: `join_url(invited.token)`."""
    public = config.current().public_url
    return public + url_for("invitations.join_page", token=token, _external=not public)


@blueprint.app_context_processor
def _links() -> dict[str, object]:
    return {"join_url": join_url}
