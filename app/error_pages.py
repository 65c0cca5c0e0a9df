"""Errors to HTTP: a status, plain words and what to do; JSON for the client's own requests. Twin of socket_errors."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flask import Flask, jsonify, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response

from app.auth.forms import SignInForm
from app.auth.routes import own_path, sign_in_page
from app.db import new_id
from app.errors import Conflict, Invalid, NidaanError, NotAllowed, NotFound, ProtocolError
from app.extensions import login_manager

log = logging.getLogger(__name__)

Answer = tuple[Response | str, int]

STATUSES: tuple[tuple[type[NidaanError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Conflict, 409),
    (Invalid, 422),
    (ProtocolError, 400),
)
CODES = {
    400: "protocol_error",
    403: "not_allowed",
    404: "not_found",
    409: "conflict",
    413: "too_large",
    422: "invalid",
    429: "too_many",
    500: "error",
}


@dataclass(frozen=True, slots=True)
class Apology:
    """A page for one status: what happened and what to do about it."""

    title: LazyString
    words: LazyString
    icon: str = "circle-alert"


APOLOGIES = {
    400: Apology(
        _l("This could not be understood"),
        _l("Go back, load the page again and try once more. What was saved before is still there."),
    ),
    403: Apology(
        _l("You may look at this, but not change it"),
        _l("If you need to change it, ask the treating doctor of this consult or your administrator."),
        "lock",
    ),
    404: Apology(
        _l("There is nothing here for you"),
        _l("The address may be mistyped, or the page belongs to somebody else. Nothing was lost."),
        "search",
    ),
    409: Apology(
        _l("This has moved on"),
        _l("Somebody changed it in the meantime. Go back and load the page again to see how it stands."),
        "refresh-cw",
    ),
    413: Apology(
        _l("This is too large to send in one piece"),
        _l("Pictures and clips are sent from the case's page, which sends them in small pieces."),
        "upload",
    ),
    422: Apology(_l("Something is not filled in right"), _l("Go back, correct it and send it again."), "pencil"),
    429: Apology(
        _l("Too many tries"),
        _l("To keep accounts safe we wait a little after many tries. Try again in a few minutes."),
        "clock",
    ),
    500: Apology(
        _l("Something went wrong on our side"),
        _l("What was saved is still there. Try again; if it stays, tell your administrator the reference below."),
        "triangle-alert",
    ),
}


def install(app: Flask) -> None:
    """Register a handler for everything that can go wrong."""
    app.register_error_handler(NidaanError, show_refusal)
    app.register_error_handler(CSRFError, show_stale_form)
    app.register_error_handler(HTTPException, show_http_error)
    app.register_error_handler(InternalServerError, show_fault)
    login_manager.unauthorized_handler(ask_to_sign_in)


def wants_json() -> bool:
    """Whether the browser's own code is asking, not a person."""
    return (
        request.path.startswith(("/api/", "/imaging/"))
        or "X-CSRFToken" in request.headers
        or request.headers.get("X-Requested-With") == "XMLHttpRequest"
        or (request.accept_mimetypes.best == "application/json")
    )


def show_refusal(error: NidaanError) -> Answer:
    """One of the expected refusals."""
    status = next((status for kind, status in STATUSES if isinstance(error, kind)), 400)
    if wants_json():
        return jsonify(error={**error.as_dict(), "message": _(str(error.message))}), status
    words = "" if isinstance(error, NotFound) else _(str(error.message))
    return page(status, words), status


def show_stale_form(_error: CSRFError) -> Answer:
    """A form whose token does not fit: mostly one left open while somebody signed in or out in another tab."""
    words = _("This page was open while you signed in or out elsewhere. Go back, load it again and send it once more.")
    if wants_json():
        return jsonify(error={"code": "stale_form", "message": words}), 400
    return page(400, words), 400


def show_http_error(error: HTTPException) -> Answer | HTTPException:
    """What Flask itself refuses: no such page, too large, too many."""
    status = error.code or 500
    if status < 400:
        return error
    apology = APOLOGIES.get(status, APOLOGIES[400])
    if wants_json():
        code = CODES.get(status, "error")
        return jsonify(error={"code": code, "message": f"{apology.title}. {apology.words}"}), status
    return page(status), status


def show_fault(error: InternalServerError) -> Answer:
    """A bug: logged with a reference, and only the reference is shown."""
    reference = new_id()[:8]
    log.error("%s %s failed, reference %s", request.method, request.path, reference, exc_info=error.original_exception)
    message = _(
        "Something went wrong on our side. Try again; if it stays, tell us this reference: %(reference)s.",
        reference=reference,
    )
    if wants_json():
        return jsonify(error={"code": "error", "message": message, "reference": reference}), 500
    try:
        return page(500, reference=reference), 500
    except Exception:
        log.exception("the error page itself failed, reference %s", reference)
        return message, 500


def page(status: int, words: str = "", reference: str = "") -> str:
    """The page for a status; `words` say more than its own would."""
    apology = APOLOGIES.get(status, APOLOGIES[400])
    return render_template("errors/error.html", apology=apology, words=words, reference=reference)


def ask_to_sign_in() -> Answer:
    """A page that needs an account, opened by nobody: the sign-in form in its place.

    The status is that of a page that is not there, for every page alike, so that nobody signed out learns what exists.
    """
    if wants_json():
        words = _("You are signed out. Sign in again to go on.")
        return jsonify(error={"code": "signed_out", "message": words}), 404
    target = request.full_path if request.method == "GET" else ""
    form = SignInForm(formdata=None, next=own_path(target))
    return sign_in_page(form), 404
