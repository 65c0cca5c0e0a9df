"""The confirming page's JSON: how a copy stands, each mask's decision, and the pictures to decide on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from app import clock, db
from app.auth.guards import behind
from app.errors import NotFound
from imaging.deidentify import access, files, forms, jobs, operations, queries
from imaging.deidentify.models import CopyItem
from imaging.shared_routes import answer_errors, present_actor

blueprint = Blueprint("copy_api", __name__, url_prefix="/api")
answer_errors(blueprint)


def _body() -> dict[str, Any]:
    return forms.body_of(request.get_json(silent=True))


def _fresh(value: Any) -> Response:
    response = jsonify(value)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/copies/<copy_id>")
@behind(access.copy)
def read_copy(copy_id: str) -> Response:
    """How a copy stands."""
    with db.read_session() as session:
        return _fresh(queries.as_json(queries.whole_copy(session, copy_id)))


@blueprint.post("/copies/<copy_id>/confirm")
@behind(access.copy)
def confirm_copy(copy_id: str) -> Response:
    """The person's word; the copy is made from here on."""
    nothing_left = forms.flag(_body(), "nothing_left")
    with db.write_transaction() as session:
        operations.confirm(session, present_actor(), copy_id, nothing_left=nothing_left, now=clock.now())
    jobs.make_copy(copy_id)
    return read_copy(copy_id=copy_id)


@blueprint.get("/copy-items/<item_id>/pictures/<number>")
@behind(access.item)
def show_picture(item_id: str, number: str) -> AnyResponse:
    """One of the pictures on which a person decides; gone once the copy is made."""
    with db.read_session() as session:
        item = access.item(session, present_actor(), item_id)
        known = number.isdecimal() and len(number) < 4 and int(number) < len(item.pictures)
        path = files.folder_of(item.copy_id) / f"{item_id}-seen-{number}.webp"
    return _picture(path, known)


@blueprint.get("/copy-items/<item_id>/shown")
@behind(access.item)
def show_made(item_id: str) -> AnyResponse:
    """A picture of the finished copy."""
    with db.read_session() as session:
        item = access.item(session, present_actor(), item_id)
        path = files.folder_of(item.copy_id) / str(item.made.get("shown", "none"))
    return _picture(path, bool(item.made))


def _picture(path: Any, known: bool) -> AnyResponse:
    if not known or not path.is_file():
        raise NotFound()
    response = send_file(path, mimetype="image/webp")
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.patch("/copy-items/<item_id>")
@behind(access.item)
def change_item(item_id: str) -> Response:
    """Leave a picture out, or take it in again."""
    left_out = forms.flag(_body(), "left_out")
    with db.write_transaction() as session:
        return _item(operations.leave_out(session, present_actor(), item_id, left_out, clock.now()))


@blueprint.post("/copy-items/<item_id>/decisions")
@behind(access.item)
def decide_rest(item_id: str) -> Response:
    """Decide every open place of a picture at once."""
    decision = forms.word(_body(), "decision")
    with db.write_transaction() as session:
        return _item(operations.decide_rest(session, present_actor(), item_id, decision, clock.now()))


@blueprint.post("/copy-items/<item_id>/masks")
@behind(access.item)
def draw_mask(item_id: str) -> Response:
    """Cover one more place."""
    box = forms.box(_body())
    with db.write_transaction() as session:
        return _item(operations.draw(session, present_actor(), item_id, box, clock.now()))


@blueprint.patch("/copy-masks/<mask_id>")
@behind(access.mask)
def change_mask(mask_id: str) -> Response:
    """Decide a place, or move and resize it."""
    body = _body()
    with db.write_transaction() as session:
        if "decision" in body:
            decision = forms.word(body, "decision")
            return _item(operations.decide(session, present_actor(), mask_id, decision, clock.now()))
        return _item(operations.resize(session, present_actor(), mask_id, forms.box(body), clock.now()))


@blueprint.delete("/copy-masks/<mask_id>")
@behind(access.mask)
def erase_mask(mask_id: str) -> Response:
    """Take back a place that was drawn."""
    with db.write_transaction() as session:
        return _item(operations.erase(session, present_actor(), mask_id, clock.now()))


def _item(item: CopyItem) -> Response:
    return _fresh(queries.item_json(item))
