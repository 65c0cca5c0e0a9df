"""STOW-RS: store instances (PS3.18 section 10.5). The one place where a request may be larger than a form."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import Blueprint, Response, request
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from app import config
from app.auth.tokens import Bearer
from app.errors import NidaanError, NotAllowed
from app.extensions import csrf
from imaging.dicomweb import media_types, multipart, storing
from imaging.dicomweb.door_routes import base_address, opened
from imaging.dicomweb.multipart import Malformed, Part
from imaging.dicomweb.search_routes import json_type
from imaging.dicomweb.storing import Report, Storing

blueprint = Blueprint("store", __name__)


class UnsupportedMedia(NidaanError):
    """A body of a kind that cannot be stored."""

    code = "unsupported_media"


@blueprint.post("/studies")
@csrf.exempt
@opened("store")
def store(bearer: Bearer) -> Response:
    """Store instances of any study; `?case=` puts them into a case at once."""
    return _store(bearer, request.args.get("case"), None)


@blueprint.post("/studies/<study_uid>")
@csrf.exempt
@opened("store")
def store_study(bearer: Bearer, study_uid: str) -> Response:
    """Store instances of one study."""
    return _store(bearer, request.args.get("case"), study_uid)


@blueprint.post("/cases/<case_id>/studies")
@csrf.exempt
@opened("store")
def store_in_case(bearer: Bearer, case_id: str) -> Response:
    """Store instances into a case."""
    return _store(bearer, case_id, None)


@blueprint.post("/cases/<case_id>/studies/<study_uid>")
@csrf.exempt
@opened("store")
def store_study_in_case(bearer: Bearer, case_id: str, study_uid: str) -> Response:
    """Store instances of one study into a case."""
    return _store(bearer, case_id, study_uid)


def _store(bearer: Bearer, case_id: str | None, study_uid: str | None) -> Response:
    kind = json_type()
    most = config.current().max_store_bytes
    request.max_content_length = most  # read in pieces below, never held
    if (request.content_length or 0) > most:
        return _answer(Report(too_large=True), kind)
    if case_id is None and bearer.actor.role == "specialist":
        raise NotAllowed(_("Say which case the pictures belong to: add ?case= and its number to the address."))
    request_ = Storing(bearer.actor, case_id, study_uid)
    request_.require_place()
    report = request_.take_parts(_parts(storing.bounded(_read, most)))
    return _answer(report, kind)


def _read(size: int) -> bytes:
    """A piece of the body. Whatever a server says of a body that breaks off or contradicts its headers is one thing."""
    try:
        piece: bytes = request.stream.read(size)
    except RequestEntityTooLarge as error:
        raise storing.TooLarge from error
    except Exception as error:
        raise Malformed("The request breaks off, or is not what its headers say.") from error
    return piece


def _parts(read: storing.Read) -> Iterator[Part]:
    """The parts of the request; a body that is one DICOM file is one part."""
    content = media_types.parse_one(request.headers.get("Content-Type", ""))
    if content is not None and content.kind == media_types.DICOM:
        return iter([Part({}, lambda: iter(lambda: read(multipart.PIECE), b""))])
    if content is None or not content.is_multipart or content.inner not in (media_types.DICOM, "*/*"):
        raise UnsupportedMedia(
            'Send multipart/related; type="application/dicom". Metadata with bulk data is not taken.'
        )
    return multipart.Reader(read, content.parameters.get("boundary", "")).parts()


def _answer(report: Report, kind: str) -> Response:
    body = storing.as_json(report, f"{base_address()}/studies")
    answer = Response(json.dumps(body), status=storing.status_of(report), mimetype=kind)
    if report.malformed:
        answer.headers["Warning"] = f'299 {request.host} "{report.malformed}"'
    return answer
