"""The doors to pictures: listings, manifests, rendition bytes and originals. Uploads have a door of their own."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from flask import Blueprint, Response, jsonify, render_template, request, send_file
from flask_limiter.util import get_remote_address
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from app import audit, db
from app.errors import NotFound
from app.extensions import limiter
from imaging import access, frame_tiles, jobs, queries, store
from imaging.guards.holds.routes import holds_blueprint
from imaging.guards.scales.routes import scales_blueprint
from imaging.guards.sides.routes import sides_blueprint
from imaging.guards.views_routes import views_blueprint
from imaging.models import Rendition
from imaging.preview_routes import previews_blueprint
from imaging.reading import record_look
from imaging.shared_routes import answer_errors, present_actor
from imaging.upload_routes import uploads_blueprint
from imaging.urgency import hurry

blueprint = Blueprint("imaging", __name__, url_prefix="/imaging")
blueprint.register_blueprint(uploads_blueprint)
blueprint.register_blueprint(previews_blueprint)
blueprint.register_blueprint(holds_blueprint)
blueprint.register_blueprint(views_blueprint)
blueprint.register_blueprint(scales_blueprint)
blueprint.register_blueprint(sides_blueprint)
answer_errors(blueprint)

_YEAR_SECONDS = 31_536_000
_FRAMES_ASKED = "60 per minute"  # of one person: each is decoded before anything that is checked
_TYPES = {".webp": "image/webp", ".mp4": "video/mp4", ".json": "application/json"}


def _who_asks() -> str:
    return str(current_user.get_id() or get_remote_address())


@blueprint.get("/cases/<case_id>")
def list_case(case_id: str) -> Response:
    """Uploads and studies of a case."""
    actor = present_actor()
    with db.write_transaction() as session:
        access.require_seeing(session, actor, case_id)
        audit.record(session, actor, "list_pictures", "case", case_id)
        return _fresh(jsonify(queries.case_listing(session, case_id)))


@blueprint.get("/instances/<instance_id>")
def show_instance(instance_id: str) -> Response:
    """One instance's manifest."""
    actor = present_actor()
    with db.read_session() as session:
        instance = access.instance(session, actor, instance_id)
        found = queries.manifest(instance)
    record_look(actor, instance, "manifest")
    hurry(instance)
    return _fresh(jsonify(found))


@blueprint.get("/instances/<instance_id>/document")
def read_document(instance_id: str) -> str:
    """A document's text and pages as a page of ours: what the file says is escaped, and never sent as it is."""
    actor = present_actor()
    with db.read_session() as session:
        instance = access.shown_instance(session, actor, instance_id)
        found = queries.document_to_read(instance)
    record_look(actor, instance, "document")
    return render_template("imaging/document.html", **found)


@blueprint.post("/instances/<instance_id>/frames/<int:frame_number>/tiles")
@limiter.limit(_FRAMES_ASKED, key_func=_who_asks)
def ask_for_frame(instance_id: str, frame_number: int) -> tuple[Response, HTTPStatus]:
    """Have the lossless tiles of one frame of a clip made; the manifest names them once they are here."""
    actor = present_actor()
    missing = frame_tiles.may_ask(actor, instance_id, frame_number)
    if missing:
        jobs.make_frame_tiles(instance_id, frame_number - 1)
    return _fresh(jsonify(making=missing)), HTTPStatus.ACCEPTED if missing else HTTPStatus.OK


@blueprint.get("/instances/<instance_id>/original")
def send_original(instance_id: str) -> AnyResponse:
    """The file exactly as it came, always as a download: its content is not ours to vouch for."""
    actor = present_actor()
    with db.write_transaction() as session:
        instance = access.shown_instance(session, actor, instance_id)
        path = queries.original_path(instance)
        audit.record(session, actor, "download_original", "instance", instance.id, case_id=instance.case_id)
    _require_bytes(path)
    return _kept(
        send_file(
            path,
            mimetype="application/octet-stream",
            as_attachment=True,
            download_name=instance.file_name,
            conditional=True,
            etag=instance.sha256 or False,
        )
    )


def _seen_rendition(rendition_id: str) -> Rendition:
    actor = present_actor()
    with db.read_session() as session:
        rendition = access.rendition(session, actor, rendition_id)
        instance = rendition.instance
    record_look(actor, instance, rendition.name)
    return rendition


@blueprint.get("/renditions/<rendition_id>/<name>")
def send_rendition(rendition_id: str, name: str) -> AnyResponse:
    """A rendition's bytes (with ranges), or a clip's index; never changes under its address."""
    rendition = _seen_rendition(rendition_id)
    own = queries.FILE_NAMES[rendition.name]
    if name == "index.json" and rendition.index_sha256:
        return _send(rendition.index_sha256, "index.json")
    if name != own or own == "tiles":
        raise NotFound()
    return _send(rendition.sha256, own)


@blueprint.get("/renditions/<rendition_id>/tiles/<part>")
def send_tile(rendition_id: str, part: str) -> AnyResponse:
    """One lossless tile by its number (row-major, from 0), or the list of values."""
    rendition = _seen_rendition(rendition_id)
    if queries.FILE_NAMES[rendition.name] != "tiles":
        raise NotFound()
    offset, length = _tile_span(rendition, part)
    path = queries.rendition_path(rendition)
    _require_bytes(path)
    with path.open("rb") as file:
        file.seek(offset)
        response = Response(file.read(length), mimetype="application/octet-stream")
    response.set_etag(f"{rendition.sha256}-{part}")
    return _kept(response.make_conditional(request))


def _tile_span(rendition: Rendition, part: str) -> tuple[int, int]:
    index = rendition.detail["index"]
    if part == "values" and index["values"]:
        offset, length = rendition.detail["values_at"]
    elif part.isdecimal() and len(part) < 7 and int(part) < len(index["tiles"]):
        offset, length = index["tiles"][int(part)]
    else:
        raise NotFound()
    return int(offset), int(length)


def _send(sha256: str, name: str) -> AnyResponse:
    path = store.path_of("renditions", sha256)
    _require_bytes(path)
    kind = _TYPES.get(Path(name).suffix, "application/octet-stream")
    return _kept(send_file(path, mimetype=kind, conditional=True, etag=sha256))


def _require_bytes(path: Path) -> None:
    if not path.exists():
        raise NotFound()


def _kept(response: AnyResponse) -> AnyResponse:
    """Kept by the browser alone, for a year: the address changes when the bytes do."""
    response.headers["Cache-Control"] = f"private, max-age={_YEAR_SECONDS}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Vary"] = "Cookie"
    return response


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
