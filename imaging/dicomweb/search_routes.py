"""QIDO-RS: searches for studies, series and instances (PS3.18 section 10.6)."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from app import audit, db
from app.auth.tokens import Bearer
from imaging.dicomweb import media_types, queries
from imaging.dicomweb.attributes import Level
from imaging.dicomweb.door_routes import NotAcceptable, base_address, opened
from imaging.dicomweb.matching import read_search
from imaging.dicomweb.queries import Place

blueprint = Blueprint("search", __name__)

_MORE = "The number of results exceeded the maximum supported by the server. Additional results can be requested."


@blueprint.get("/studies")
@opened("read")
def studies(bearer: Bearer) -> Response:
    """Studies that match."""
    return _search(bearer, "study", Place())


@blueprint.get("/series")
@opened("read")
def all_series(bearer: Bearer) -> Response:
    """Series that match, of any study."""
    return _search(bearer, "series", Place())


@blueprint.get("/instances")
@opened("read")
def all_instances(bearer: Bearer) -> Response:
    """Instances that match, of any study."""
    return _search(bearer, "instance", Place())


@blueprint.get("/studies/<study_uid>/series")
@opened("read")
def series(bearer: Bearer, study_uid: str) -> Response:
    """Series of a study that match."""
    return _search(bearer, "series", Place(study_uid))


@blueprint.get("/studies/<study_uid>/instances")
@opened("read")
def study_instances(bearer: Bearer, study_uid: str) -> Response:
    """Instances of a study that match."""
    return _search(bearer, "instance", Place(study_uid))


@blueprint.get("/studies/<study_uid>/series/<series_uid>/instances")
@opened("read")
def instances(bearer: Bearer, study_uid: str, series_uid: str) -> Response:
    """Instances of a series that match."""
    return _search(bearer, "instance", Place(study_uid, series_uid))


def json_type() -> str:
    """The JSON type that the client accepts. Raises NotAcceptable: XML is not spoken here."""
    accepted = media_types.parse_accept(request.args.get("accept") or request.headers.get("Accept"))
    chosen = media_types.choose(accepted, (media_types.DICOM_JSON, "application/json"))
    if chosen is None:
        raise NotAcceptable("Only application/dicom+json can be given.")
    return chosen


def _search(bearer: Bearer, level: Level, place: Place) -> Response:
    kind = json_type()
    wanted = read_search(level, request.args.items(multi=True))
    with db.read_session() as session:
        page = queries.search(session, bearer.actor, place, wanted, base_address())
    with db.write_transaction() as session:
        audit.record(
            session, bearer.actor, "search_dicom", "study", place.study or "", level=level, found=len(page.results)
        )
    answer = Response(status=204) if not page.results else Response(json.dumps(page.results), mimetype=kind)
    for warning in [*wanted.warnings, *([_MORE] if page.more else [])]:
        answer.headers.add("Warning", f'299 {request.host} "{warning}"')
    return answer
