"""What the doors of this folder have in common: who asks, and how a refusal is told."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, jsonify
from flask_login import current_user

from app.actor import Actor
from app.errors import NidaanError, NotFound

_STATUSES = {
    "not_found": HTTPStatus.NOT_FOUND,
    "not_allowed": HTTPStatus.FORBIDDEN,
    "held": HTTPStatus.FORBIDDEN,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "empty_file": HTTPStatus.UNPROCESSABLE_ENTITY,
    "too_big": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "case_full": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "facility_full": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "storage_full": HTTPStatus.INSUFFICIENT_STORAGE,
    "locked": HTTPStatus.LOCKED,
    "upload_ended": HTTPStatus.GONE,
    "too_many_uploads": HTTPStatus.TOO_MANY_REQUESTS,
    "wrong_offset": HTTPStatus.CONFLICT,
    "conflict": HTTPStatus.CONFLICT,
}


def present_actor() -> Actor:
    """Who asks. Raises NotFound for a visitor who has not signed in: to them nothing here exists."""
    if not current_user or not current_user.is_authenticated:
        raise NotFound()
    actor: Actor = current_user.actor
    return actor


def as_json(error: NidaanError) -> tuple[Response, int]:
    """Every expected refusal of this folder is JSON: its callers are scripts."""
    return jsonify({"error": error.as_dict()}), _STATUSES.get(error.code, HTTPStatus.CONFLICT)


def answer_errors(blueprint: Blueprint) -> None:
    """Have a blueprint answer every expected refusal as JSON."""
    blueprint.register_error_handler(NidaanError, as_json)
