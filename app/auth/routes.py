"""Sign-in, sign-out, one's own account, and the language."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from flask_limiter.util import get_remote_address
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from app import config, db, demo_accounts
from app.auth import live, operations
from app.auth.forms import PasswordForm, SignInForm, refuse
from app.auth.guards import actor, users_only
from app.auth.models import User
from app.auth.sessions import SignedIn
from app.errors import Invalid
from app.extensions import limiter
from app.languages import COOKIE, COOKIE_SECONDS
from app.pages import home_of, present_actor

blueprint = Blueprint("auth", __name__)

REFUSED = 401


def _tries() -> str:
    return config.current().sign_in_limit


def _account_tried() -> str:
    typed = request.form.get("email", "").strip().lower()
    return "account:" + hashlib.sha256(typed.encode()).hexdigest()[:32]


def _person_tried() -> str:
    return f"user:{current_user.get_id()}"


def _was_refused(answer: Response) -> bool:
    return answer.status_code == REFUSED


@blueprint.get("/sign-in")
def sign_in() -> Response | str:
    """The sign-in page; whoever has an account open goes home."""
    present = present_actor()
    if present is not None and present.kind == "user":
        return redirect(home_of(present))
    form = SignInForm(next=own_path(request.args.get("next")))
    return sign_in_page(form)


@blueprint.post("/sign-in")
@limiter.limit(_tries, key_func=get_remote_address, deduct_when=_was_refused)
@limiter.limit(_tries, key_func=_account_tried, deduct_when=_was_refused)
def send_sign_in() -> Response | tuple[str, int]:
    """Sign in; the same words for a wrong name and a wrong password."""
    form = SignInForm()
    user = None
    if form.validate_on_submit():
        with db.write_transaction() as transaction:
            user = operations.sign_in(transaction, form.email.data or "", form.password.data or "")
        if user is None:
            form.form_errors.append(_("The address or the password is not right. Check both and try again."))
    if user is None:
        return sign_in_page(form), REFUSED
    begin_session(user)
    return redirect(own_path(form.next.data) or home_of(user.actor()))


def sign_in_page(form: SignInForm) -> str:
    """The page itself; in demo mode with the demo accounts."""
    demo = config.current().demo
    return render_template(
        "auth/sign_in.html",
        form=form,
        demo_accounts=demo_accounts.ACCOUNTS if demo else (),
        demo_password=demo_accounts.PASSWORD if demo else "",
    )


def begin_session(user: User) -> None:
    """A fresh session for this browser: nothing that it held before goes on, the CSRF token included."""
    session.clear()
    session.permanent = True
    login_user(SignedIn.as_user(user))
    refresh()


def own_path(target: str | None) -> str:
    """`target` if it is a path of this site, else nothing: a link may not lead a person elsewhere after signing in."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return ""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(letter) < 32 for letter in target):
        return ""
    return target.removesuffix("?")


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this browser's session, its sockets and what it kept."""
    present = present_actor()
    if present is not None:
        with db.write_transaction() as transaction:
            operations.sign_out(transaction, present)
        live.end_connections(present.id)
    logout_user()
    session.clear()
    guest = present is not None and present.kind == "guest"
    if not guest:
        flash(_("You are signed out."), "good")
    answer = redirect(url_for("auth.left") if guest else url_for("auth.sign_in"))
    if "keeps_files" not in request.form:  # files that another account of this device still has to send are theirs
        answer.headers["Clear-Site-Data"] = '"storage"'
    return answer


@blueprint.get("/left")
def left() -> str:
    """Where guests end who leave: they have no account to sign in to."""
    return render_template("auth/left.html")


@blueprint.get("/account")
@users_only
def account() -> str:
    """One's own account."""
    return _account_page(PasswordForm())


@blueprint.post("/account/password")
@users_only
@limiter.limit(_tries, key_func=_person_tried, deduct_when=_was_refused)
def change_password() -> Response | tuple[str, int]:
    """Change one's own password; every other session ends."""
    form = PasswordForm()
    user = None
    if form.validate_on_submit():
        try:
            with db.write_transaction() as transaction:
                user = operations.change_own_password(
                    transaction, actor(), form.present.data or "", form.wanted.data or ""
                )
            if user is None:
                refuse(form, Invalid("present", _("This is not your present password.")))
        except Invalid as error:
            refuse(form, error)
    if user is None:
        return _account_page(form), REFUSED
    live.end_connections(user.id)
    begin_session(user)
    flash(_("Your password is changed. Other devices have to sign in again."), "good")
    return redirect(url_for("auth.account"))


def _account_page(form: PasswordForm) -> str:
    with db.read_session() as transaction:
        return render_template("auth/account.html", form=form, user=transaction.get(User, actor().id))


@blueprint.post("/language")
def choose_language() -> Response:
    """Keep the language in this browser and, for a user, in their account."""
    wanted: Any = request.form.get("language")
    answer = make_response(redirect(own_path(request.form.get("next")) or url_for("home")))
    if wanted not in config.current().languages:
        return answer
    present = present_actor()
    if present is not None and present.kind == "user":
        with db.write_transaction() as transaction:
            operations.choose_language(transaction, present, wanted)
    answer.set_cookie(COOKIE, wanted, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure)
    return answer
