"""Who may come through the DICOMweb door: bearer tokens only. Cookies open nothing here, so nothing here needs CSRF."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address
from limits import parse
from werkzeug.wrappers import Response as AnyResponse

from app import config, db
from app.auth import tokens
from app.auth.tokens import Bearer
from app.errors import NidaanError
from app.extensions import limiter
from imaging.refusals import Refusal

Parameters = ParamSpec("Parameters")
FAILURES = parse("30 per minute")  # of one address; whoever has a good token is never counted
STATUSES = {
    "not_found": 404,
    "not_allowed": 403,
    "held": 403,
    "invalid": 400,
    "not_acceptable": 406,
    "unsupported_media": 415,
    "too_large": 413,
    "busy": 503,
}
_REFUSALS = {"missing_value": 404, "lost_bytes": 410, "crashed": 500, "storage_full": 507, "out_of_time": 503}
_ALLOWED_HEADERS = "Authorization, Accept, Content-Type, Range"
_EXPOSED_HEADERS = "Content-Location, Content-Type, Warning, WWW-Authenticate, Retry-After"


class NotAcceptable(NidaanError):
    """Nothing that the client accepts can be given."""

    code = "not_acceptable"


def opened(
    scope: str,
) -> Callable[[Callable[Concatenate[Bearer, Parameters], AnyResponse]], Callable[Parameters, AnyResponse]]:
    """Decorator for views: a good token with `scope` is handed to the view as its first argument."""

    def decorate(
        view: Callable[Concatenate[Bearer, Parameters], AnyResponse],
    ) -> Callable[Parameters, AnyResponse]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> AnyResponse:
            holder = _holder()
            if holder is None:
                return _unknown()
            if scope not in holder.scopes:
                return _refused(403, "insufficient_scope", _("This token is for something else."), f', scope="{scope}"')
            return view(holder, *args, **kwargs)

        return guarded

    return decorate


def _holder() -> Bearer | None:
    kind, _blank, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        return None
    with db.read_session() as session:
        found = tokens.bearer(session, secret.strip())
    if found is not None and found.stale:
        with db.write_transaction() as session:
            tokens.note_use(session, found.token_id)
    return found


def _unknown() -> Response:
    if not limiter.limiter.hit(FAILURES, "bearer", get_remote_address()):
        answer = _refused(429, "invalid_token", _("Too many requests without a good token. Try again in a minute."))
        answer.headers["Retry-After"] = "60"
        return answer
    if "Authorization" not in request.headers:
        return _refused(401, "", _("Send an access token: Authorization: Bearer <token>."))
    return _refused(401, "invalid_token", _("This access token is not known, has ended or was revoked."))


def _refused(status: int, error: str, message: str, more: str = "") -> Response:
    answer = jsonify(error={"code": error or "token_needed", "message": message})
    answer.status_code = status
    told = f', error="{error}"' if error else ""
    answer.headers["WWW-Authenticate"] = f'Bearer realm="Nidaan"{told}{more}'
    return answer


def base_address() -> str:
    """Where this door is, for addresses inside answers."""
    return (config.current().public_url or f"{request.scheme}://{_host()}") + "/dicomweb"


def _host() -> str:
    """The host as the client calls it. dicomweb-client leaves the port out of its Host header; where no proxy stands
    between and a number is called, or this machine itself, the port is the one that was reached.
    """
    bare = request.host == "localhost" or request.host.replace(".", "").isdecimal()
    port = request.environ.get("SERVER_PORT", "")
    usual = port in ("", "80" if request.scheme == "http" else "443")
    return f"{request.host}:{port}" if bare and not usual and not config.current().proxies else request.host


def install(blueprint: Blueprint) -> None:
    """Have a blueprint answer errors in JSON and let other sites' pages in where the configuration names them."""
    blueprint.register_error_handler(NidaanError, tell_error)
    blueprint.register_error_handler(Refusal, tell_refusal)
    blueprint.after_request(share)


def tell_error(error: NidaanError) -> tuple[Response, int]:
    """An expected refusal."""
    return jsonify(error={**error.as_dict(), "message": _(str(error.message))}), STATUSES.get(error.code, 409)


def tell_refusal(refusal: Refusal) -> tuple[Response, int]:
    """A file that cannot be given in the form that was asked for."""
    from imaging.reasons import sentence

    status = _REFUSALS.get(refusal.code, 406)
    return jsonify(error={"code": refusal.code, "message": sentence(refusal.code, refusal.values)}), status


def share(answer: Response) -> Response:
    """CORS (https://fetch.spec.whatwg.org/#http-cors-protocol) for configured origins; never with credentials."""
    origins = config.current().dicomweb_origins
    if not origins:
        return answer
    answer.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin not in origins:
        return answer
    answer.headers["Access-Control-Allow-Origin"] = origin
    answer.headers["Access-Control-Expose-Headers"] = _EXPOSED_HEADERS
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        answer.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        answer.headers["Access-Control-Allow-Headers"] = _ALLOWED_HEADERS
        answer.headers["Access-Control-Max-Age"] = "3600"
    return answer
