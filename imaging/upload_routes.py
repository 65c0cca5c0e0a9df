"""The tus 1.0 door (https://tus.io/protocols/resumable-upload: core, creation, termination, expiration).

Upload-Metadata holds `filename`, `case_id` and, of a photographed film, `side` (guards.sides.telling.SIDES).

The whole file's SHA-256 comes with the creation, as `sha256` (hexadecimal) in Upload-Metadata, or with any piece, as
`Repr-Digest: sha-256=:<base64>:` (RFC 9530); the worker compares it before the file is opened. Pieces carry no
checksum of their own (tus's checksum extension): TLS guards them, and a piece thrown away would be sent twice.
"""

from __future__ import annotations

import base64
import binascii
import re
import socket
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _
from werkzeug.http import http_date

from app import config, db
from app.actor import Actor
from app.auth.guards import behind
from app.errors import Invalid, NidaanError
from imaging import access, jobs, preview_routes, queries, senders, uploads
from imaging.guards.sides.telling import SIDES
from imaging.models import Upload
from imaging.shared_routes import answer_errors, as_json, present_actor

uploads_blueprint = Blueprint("uploads", __name__)
answer_errors(uploads_blueprint)

VERSION = "1.0.0"
_PIECE_TYPE = "application/offset+octet-stream"
_FORM_TYPE = "multipart/form-data"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REPR_DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):")


class WrongVersion(NidaanError):
    """The client speaks another version of tus."""

    code = "wrong_version"


@uploads_blueprint.after_request
def say_version(response: Response) -> Response:
    """Every answer of the door carries the version it speaks."""
    response.headers["Tus-Resumable"] = VERSION
    return response


@uploads_blueprint.errorhandler(WrongVersion)
def refuse_version(error: WrongVersion) -> tuple[Response, int]:
    """412, as tus asks."""
    response, _status = as_json(error)
    response.headers["Tus-Version"] = VERSION
    return response, 412


@uploads_blueprint.errorhandler(uploads.WrongOffset)
def say_offset(error: uploads.WrongOffset) -> tuple[Response, int]:
    """409 with the place to continue from."""
    response, status = as_json(error)
    response.headers["Upload-Offset"] = str(error.offset)
    return response, status


@uploads_blueprint.errorhandler(uploads.UploadRefused)
def say_refused(error: uploads.UploadRefused) -> tuple[Response, int]:
    """The reason, and the row that stays listed with it."""
    response, status = as_json(error)
    if error.upload is not None:
        body: dict[str, Any] = {"error": error.as_dict(), "upload": queries.upload_status(error.upload)}
        response = jsonify(body)
    return response, status


@uploads_blueprint.route("/uploads", methods=["OPTIONS"])
def describe_upload() -> Response:
    """What the door can do."""
    response = Response(status=204)
    response.headers["Tus-Version"] = VERSION
    response.headers["Tus-Extension"] = "creation,termination,expiration"
    response.headers["Tus-Max-Size"] = str(config.current().max_upload_bytes)
    return response


@uploads_blueprint.post("/uploads")
def create_upload() -> Response:
    """Open an upload; its address is in Location. A form in the body is its preview (`preview_routes.send_still`)."""
    actor = present_actor()
    told = read_metadata(request.headers.get("Upload-Metadata", ""))
    if not told.get("case_id"):
        raise Invalid("case_id", _("The upload does not say which case it belongs to."))
    with db.read_session() as session:  # the gate comes first, as `behind` has it; here the case is named in a header
        access.require_adding(session, actor, told["case_id"])
    _require_version()
    size, sha256 = _whole_header("Upload-Length"), _told_sha256(told)
    side = _told_side(told)
    upload = uploads.create(actor, told["case_id"], told.get("filename", ""), size, sha256, side)
    preview = preview_routes.take_along(actor, upload.id) if request.mimetype == _FORM_TYPE else None
    return _answer(upload, 201, offset=upload.received, preview=preview)


@uploads_blueprint.get("/uploads/<upload_id>")
@behind(access.upload)
def show_upload(upload_id: str) -> Response:
    """GET: UploadStatus as JSON, for whoever may see the case. HEAD: tus asks its sender's place in the file."""
    actor = present_actor()
    if request.method == "HEAD":
        return _measure(actor, upload_id)
    with db.read_session() as session:
        found = queries.upload_status(access.upload(session, actor, upload_id))
    response = jsonify(found)
    response.headers["Cache-Control"] = "no-store"
    return response


def _measure(actor: Actor, upload_id: str) -> Response:
    _require_version()
    upload, here = uploads.status_for_sender(actor, upload_id)
    if upload.state in {"refused", "cancelled"}:
        return Response(status=410)
    response = Response(status=200)
    response.headers["Upload-Offset"] = str(here)
    response.headers["Upload-Length"] = str(upload.size)
    response.headers["Cache-Control"] = "no-store"
    return _with_expiry(response, upload)


@uploads_blueprint.patch("/uploads/<upload_id>")
@behind(access.own_upload)
def continue_upload(upload_id: str) -> Response:
    """Receive a piece; the last one sets the checks going."""
    actor = present_actor()
    _require_version()
    if request.mimetype != _PIECE_TYPE:
        return Response(status=415)
    upload = uploads.receive(
        actor,
        upload_id,
        _whole_header("Upload-Offset"),
        request.content_length,
        request.stream.read,
        sha256=_digest_header(),
        hang_up=_hang_up(),
    )
    if upload.state == "checking":
        jobs.ingest_upload(upload.id)
    return _answer(upload, 204, offset=upload.received)


@uploads_blueprint.delete("/uploads/<upload_id>")
@behind(access.own_upload)
def end_upload(upload_id: str) -> Response:
    """Cancel an upload, or take a refused one off the list."""
    actor = present_actor()
    _require_version()
    uploads.give_up(actor, upload_id)
    return Response(status=204)


def _answer(upload: Upload, status: int, offset: int, preview: str | None = None) -> Response:
    opened = {**queries.upload_status(upload), "preview": preview}
    response = jsonify(opened) if status == 201 else Response()
    response.status_code = status
    response.headers["Upload-Offset"] = str(offset)
    if status == 201:
        response.headers["Location"] = f"/imaging/uploads/{upload.id}"
    return _with_expiry(response, upload)


def _with_expiry(response: Response, upload: Upload) -> Response:
    expires = uploads.expires_at(upload)
    if expires is not None:
        response.headers["Upload-Expires"] = http_date(expires)
    return response


def _told_sha256(told: dict[str, str]) -> str | None:
    found = told.get("sha256", "").lower()
    if found and not _SHA256.fullmatch(found):
        raise Invalid("sha256", _("The file's checksum cannot be read."))
    return found or None


def _told_side(told: dict[str, str]) -> str:
    side = told.get("side", "")
    if side and side not in SIDES:
        raise Invalid("side", _("Say which side is which."))
    return side


def _digest_header() -> str | None:
    """The whole file's SHA-256 in hexadecimal, from Repr-Digest; None where it is not told."""
    found = _REPR_DIGEST.search(request.headers.get("Repr-Digest", ""))
    return base64.b64decode(found.group(1)).hex() if found else None


def _hang_up() -> senders.HangUp | None:
    """What ends this request's connection from elsewhere; None where the server does not lend it (tests)."""
    line: socket.socket | None = request.environ.get("gunicorn.socket")
    return None if line is None else lambda: line.shutdown(socket.SHUT_RD)


def _require_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion(_("This page is too old or too new for the server. Load it again."))


def _whole_header(name: str) -> int:
    value = request.headers.get(name, "")
    if not (value.isdecimal() and len(value) <= 15):
        raise Invalid(name, _("The upload does not say its size or place."))
    return int(value)


def read_metadata(header: str) -> dict[str, str]:
    """`key base64, key base64` as text; what cannot be read is left out."""
    found: dict[str, str] = {}
    for pair in header[:4096].split(","):
        key, _space, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            continue
    return found
