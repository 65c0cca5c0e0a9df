"""The door through which relays hand over what they sealed. A relay shows the same key as on its line."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app import config
from app.errors import NotFound
from app.extensions import csrf
from video import tickets
from video.recordings import deliveries
from video.recordings.deliveries import MAX_PIECE, Receipt

blueprint = Blueprint("relay_segments", __name__)

Answer = Response | tuple[Response, int]
_SCHEME = "Relay "


def relays_only(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Decorator: for everybody without the relays' secret there is no such address."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Answer:
        given = request.headers.get("Authorization", "")
        name, _, key = given.removeprefix(_SCHEME).partition(":")
        settings = config.current()
        secret = settings.relay_secret or tickets.secret_from(settings.secret_key)
        expected = tickets.key_of(secret, name)
        if not given.startswith(_SCHEME) or not hmac.compare_digest(expected.encode(), key.encode()):
            raise NotFound()
        return view(*args, **kwargs)

    return guarded


@blueprint.get("/relay/segments/<segment_id>")
@relays_only
def received(segment_id: str) -> Answer:
    """How much of a segment is here."""
    return _told(deliveries.receipt(segment_id))


@blueprint.patch("/relay/segments/<segment_id>")
@csrf.exempt
@relays_only
def take(segment_id: str) -> Answer:
    """A piece of a segment, `?from=` this byte, of `size` in all. 409 says where the next one has to begin."""
    start = request.args.get("from", -1, type=int)
    size = request.args.get("size", -1, type=int)
    request.max_content_length = MAX_PIECE
    taken = deliveries.take(segment_id, start, size, request.get_data(cache=False))
    return _told(deliveries.receipt(segment_id), 409) if taken is None else _told(taken)


def _told(receipt: Receipt, status: int = 200) -> Answer:
    return jsonify(received=receipt.received, safe=receipt.safe), 410 if receipt.gone else status
