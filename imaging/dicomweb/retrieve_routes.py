"""WADO-RS: instances as files, their metadata and their large values (PS3.18 section 10.4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Blueprint, Response, request

from app import audit, db
from app.auth.tokens import Bearer
from app.errors import NotFound
from imaging.dicomweb import headers, media_types, multipart, negotiation, queries, serving
from imaging.dicomweb.door_routes import NotAcceptable, base_address, opened
from imaging.dicomweb.media_types import MediaType
from imaging.dicomweb.negotiation import Form
from imaging.dicomweb.queries import Place
from imaging.dicomweb.search_routes import json_type
from imaging.models import Instance
from imaging.reading import record_look

blueprint = Blueprint("retrieve", __name__)

Found = tuple[Instance, Place, str]  # its whole address and its transfer syntax
_INSTANCE = "/studies/<study_uid>/series/<series_uid>/instances/<instance_uid>"
Part = tuple[dict[str, str], Iterator[bytes]]


@blueprint.get("/studies/<study_uid>")
@opened("read")
def study(bearer: Bearer, study_uid: str) -> Response:
    """Every instance of a study."""
    return _retrieve(bearer, Place(study_uid))


@blueprint.get("/studies/<study_uid>/series/<series_uid>")
@opened("read")
def series(bearer: Bearer, study_uid: str, series_uid: str) -> Response:
    """Every instance of a series."""
    return _retrieve(bearer, Place(study_uid, series_uid))


@blueprint.get(_INSTANCE)
@opened("read")
def instance(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str) -> Response:
    """One instance."""
    return _retrieve(bearer, Place(study_uid, series_uid, instance_uid))


@blueprint.get("/studies/<study_uid>/metadata")
@opened("read")
def study_metadata(bearer: Bearer, study_uid: str) -> Response:
    """The headers of a study."""
    return _metadata(bearer, Place(study_uid))


@blueprint.get("/studies/<study_uid>/series/<series_uid>/metadata")
@opened("read")
def series_metadata(bearer: Bearer, study_uid: str, series_uid: str) -> Response:
    """The headers of a series."""
    return _metadata(bearer, Place(study_uid, series_uid))


@blueprint.get(f"{_INSTANCE}/metadata")
@opened("read")
def instance_metadata(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str) -> Response:
    """The header of an instance."""
    return _metadata(bearer, Place(study_uid, series_uid, instance_uid))


@blueprint.get(f"{_INSTANCE}/bulkdata/<path:place>")
@opened("read")
def bulkdata(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str, place: str) -> Response:
    """One large value of a header; `place` as in a Bulk Data URI."""
    found = find(bearer, Place(study_uid, series_uid, instance_uid), "bulkdata")[0]
    if place.upper() == "7FE00010":
        spans = headers.spans_of(found[0])
        return answer_with_frames(found, list(range(1, len(spans) + 1 if spans else found[0].facts["frames"] + 1)))
    if not all(part.isalnum() and part.isascii() and len(part) <= 8 for part in place.split("/")):
        raise NotFound()
    content = serving.made_bytes(found[0], "bulk", place=place)
    single = not any(media.is_multipart for media in accepted())
    form = Form(media_types.OCTETS, negotiation.EXPLICIT, False, not single)
    return _answer(iter([({}, iter([content]))]), form, ExitStack())


def accepted() -> list[MediaType]:
    """What the client accepts; the `accept` parameter comes before the header (PS3.18 section 8.3.3.1)."""
    return media_types.parse_accept(request.args.get("accept") or request.headers.get("Accept"))


def find(bearer: Bearer, place: Place, what: str) -> list[Found]:
    """The instances at an address, the look at them written down. Raises NotFound."""
    with db.read_session() as session:
        found = queries.instances_at(session, bearer.actor, place)
    if not found:
        raise NotFound()
    if len(found) == 1:
        record_look(bearer.actor, found[0][0], what)
        return found
    with db.write_transaction() as session:
        uid = place.series or place.study or ""
        audit.record(session, bearer.actor, "retrieve_dicom", "study", uid, what=what, instances=len(found))
    return found


def address_of(place: Place) -> str:
    """The whole address of an instance."""
    return f"{base_address()}/studies/{place.study}/series/{place.series}/instances/{place.instance}"


def _retrieve(bearer: Bearer, place: Place) -> Response:
    wanted = accepted()
    found = find(bearer, place, "dicom")
    forms = [negotiation.form_of_instances(wanted, syntax) for _, _, syntax in found]
    given = [(one, form) for one, form in zip(found, forms, strict=True) if form is not None]
    if not given:
        raise NotAcceptable("The instances cannot be given in that media type and transfer syntax.")
    form = given[0][1]
    if not form.multipart and len(given) > 1:
        raise NotAcceptable('Several instances are given as multipart/related; type="application/dicom".')
    for (one, _, _), _form in given:
        serving.original_of(one)
    told = [_told(one, form) for one, form in given]
    with ExitStack() as made:
        first = _ready(*given[0], made)
        contents = (first if number == 0 else _content(*one) for number, one in enumerate(given))
        answer = _answer(zip(told, contents, strict=True), form, made.pop_all())
    if len(given) < len(found):
        answer.status_code = 206
        left = len(found) - len(given)
        answer.headers["Warning"] = f'299 {request.host} "{left} instances cannot be given in that transfer syntax"'
    return answer


def _ready(found: Found, form: Form, made: ExitStack) -> Iterator[bytes]:
    """The first file, made before the answer begins, so that a failure can be told. Raises Refusal, Busy."""
    if form.original:
        return serving.pieces(serving.original_of(found[0]))
    return serving.pieces(made.enter_context(serving.made(found[0], "explicit"))[0])


def _content(found: Found, form: Form) -> Iterator[bytes]:
    """A further file, made when its turn comes: one that cannot be made then cuts the answer off, visibly."""
    if form.original:
        yield from serving.pieces(serving.original_of(found[0]))
        return
    with serving.made(found[0], "explicit") as files:
        yield from serving.pieces(files[0])


def _told(found: Found, form: Form) -> dict[str, str]:
    kind = f"{form.kind};transfer-syntax={form.transfer_syntax}"
    return {"Content-Type": kind, "Content-Location": address_of(found[1])}


def _answer(parts: Iterator[Part], form: Form, made: ExitStack) -> Response:
    """The parts as a multipart, or the only one as it is; what was made for them goes when the answer is sent."""
    if not form.multipart:
        _told, content = next(parts)
        answer = Response(content, mimetype=form.kind)
        if form.kind == media_types.DICOM:
            answer.headers["Content-Type"] = f"{form.kind};transfer-syntax={form.transfer_syntax}"
        answer.call_on_close(made.close)
        return answer
    boundary = multipart.new_boundary()
    typed = {"Content-Type": f"{form.kind};transfer-syntax={form.transfer_syntax}"}
    answer = Response(multipart.written((({**typed, **told}, content) for told, content in parts), boundary))
    answer.headers["Content-Type"] = f'multipart/related; type="{form.kind}"; boundary="{boundary}"'
    answer.call_on_close(made.close)
    return answer


def _metadata(bearer: Bearer, place: Place) -> Response:
    kind = json_type()
    found = find(bearer, place, "metadata")
    bulk = [f"{address_of(at)}/bulkdata" for _, at, _ in found]
    first = headers.header_of(found[0][0], bulk[0])

    def body() -> Iterator[bytes]:
        yield b"[" + first
        for (one, _, _), address in zip(found[1:], bulk[1:], strict=True):
            yield b"," + headers.header_of(one, address)
        yield b"]"

    return Response(body(), mimetype=kind)


def answer_with_frames(found: Found, numbers: list[int]) -> Response:
    """Frames in the form that the client accepts. Raises NotAcceptable, Refusal."""
    one, at, syntax = found
    spans = headers.spans_of(one)
    form = negotiation.form_of_frames(accepted(), syntax, readable=spans is not None)
    if form is None or (not form.multipart and len(numbers) > 1):
        raise NotAcceptable("The frames cannot be given in that media type and transfer syntax.")
    told = [{"Content-Location": f"{address_of(at)}/frames/{number}"} for number in numbers]
    with ExitStack() as made:
        if form.original and spans is not None:
            path = serving.original_of(one)
            contents = [serving.pieces(path, spans[number - 1]) for number in numbers]
        else:
            wanted = sorted({number - 1 for number in numbers})
            files = made.enter_context(serving.made(one, "frames", frames=wanted))
            contents = [serving.pieces(files[number - 1]) for number in numbers]
        return _answer(zip(told, contents, strict=True), form, made.pop_all())
