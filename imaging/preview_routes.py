"""The door for what a sender's device makes of a file before the file itself: a small picture, then a small clip."""

from __future__ import annotations

import logging
from typing import TypeVar

from flask import Blueprint, Response, jsonify, request
from flask_babel import gettext as _
from pydantic import BaseModel, ValidationError

from app import outbox
from app.actor import Actor
from app.auth.guards import behind
from app.errors import Invalid, NidaanError
from app.message_errors import first_wrong
from imaging import access, jobs, previews
from imaging.shared_routes import answer_errors, present_actor
from imaging.tablet_facts import (
    MAX_CLIP_BYTES,
    MAX_INDEX_CHARACTERS,
    MAX_STILL_BYTES,
    TabletClipIndex,
    TabletFacts,
)

previews_blueprint = Blueprint("previews", __name__)
answer_errors(previews_blueprint)

log = logging.getLogger(__name__)

Model = TypeVar("Model", bound=BaseModel)


@previews_blueprint.post("/uploads/<upload_id>/preview")
@behind(access.own_upload)
def send_still(upload_id: str) -> Response:
    """A form of `facts` (TabletFacts as JSON) and `still` (WebP or JPEG). {"preview": "shown" | "here" | "late"}."""
    return _answer(upload_id, _take_still(present_actor(), upload_id))


def _take_still(actor: Actor, upload_id: str) -> previews.Outcome:
    facts, still = _text("facts", TabletFacts, 20_000), _bytes("still", MAX_STILL_BYTES)
    return previews.take_still(actor, upload_id, facts, still)


def take_along(actor: Actor, upload_id: str) -> str:
    """Take the preview that came in the request that opened its upload: "shown", "here", "late" or "refused".

    A preview that is no good does not undo the opening: the original decides.
    """
    try:
        outcome = _take_still(actor, upload_id)
    except NidaanError as error:
        log.info("the preview that came with upload %s was not taken: %s", upload_id, error.code)
        return "refused"
    _have_shown(upload_id, outcome)
    return outcome


@previews_blueprint.post("/uploads/<upload_id>/preview/clip")
@behind(access.own_upload)
def send_clip(upload_id: str) -> Response:
    """A form of `index` (TabletClipIndex as JSON) and `clip` (access units back to back), after the still."""
    index, clip = _text("index", TabletClipIndex, MAX_INDEX_CHARACTERS), _bytes("clip", MAX_CLIP_BYTES)
    return _answer(upload_id, previews.take_clip(present_actor(), upload_id, index, clip))


def _answer(upload_id: str, outcome: previews.Outcome) -> Response:
    _have_shown(upload_id, outcome)
    return jsonify({"preview": outcome})


def _have_shown(upload_id: str, outcome: previews.Outcome) -> None:
    if outcome == "shown":
        jobs.show_preview(upload_id)
        outbox.expect_soon()


def _text(name: str, model: type[Model], longest: int) -> Model:
    value = request.form.get(name, "")
    if len(value) > longest:
        raise Invalid(name, _("The description that came with this picture is too long."))
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        raise first_wrong(error, name) from error


def _bytes(name: str, most: int) -> bytes:
    file = request.files.get(name)
    if file is None:
        raise Invalid(name, _("The picture itself did not come."))
    content: bytes = file.read(most + 1)  # one more than allowed is refused where its size is checked
    return content
