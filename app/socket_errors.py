"""Socket commands: parse, find the seat, handle, and turn every error into an ack. The socket twin of error_pages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import request
from flask_login import current_user
from flask_socketio import SocketIO
from pydantic import BaseModel, ValidationError

from app import membership
from app.actor import Actor
from app.db import new_id
from app.errors import Conflict, NidaanError, NotFound
from app.membership import Membership
from app.message_errors import first_wrong

log = logging.getLogger(__name__)

Message = TypeVar("Message", bound=BaseModel)
Reply = BaseModel | Mapping[str, Any] | None

# (sid, command) -> (tokens left, when counted); a full bucket is one second's allowance
_buckets: dict[tuple[str, str], tuple[float, float]] = {}


def seated(socketio: SocketIO, name: str, model: type[Message], *, per_second: float = 20) -> Callable[..., Any]:
    """Decorator: `handler(member, message)` answers command `name` for sockets that sit in a consult."""

    def register(handler: Callable[[Membership, Message], Reply]) -> Callable[[Membership, Message], Reply]:
        def receive(raw: Any = None) -> dict[str, Any]:
            return _answer(name, per_second, lambda: handler(membership.of(_sid()), _parse(model, raw)))

        socketio.on_event(name, receive)
        return handler

    return register


def signed_in(socketio: SocketIO, name: str, model: type[Message], *, per_second: float = 5) -> Callable[..., Any]:
    """Decorator: `handler(sid, actor, message)` answers command `name` for anybody signed in."""

    def register(handler: Callable[[str, Actor, Message], Reply]) -> Callable[[str, Actor, Message], Reply]:
        def receive(raw: Any = None) -> dict[str, Any]:
            return _answer(name, per_second, lambda: handler(_sid(), _actor(), _parse(model, raw)))

        socketio.on_event(name, receive)
        return handler

    return register


def forget(sid: str) -> None:
    """Drop the rate counters of a socket that is gone."""
    for key in [key for key in _buckets if key[0] == sid]:
        del _buckets[key]


def _answer(name: str, per_second: float, handle: Callable[[], Reply]) -> dict[str, Any]:
    try:
        _spend(_sid(), name, per_second)
        reply = handle()
    except NidaanError as error:
        return {"ok": False, "error": error.as_dict()}
    except Exception:
        reference = new_id()[:8]
        log.exception("socket command %s failed, reference %s", name, reference)
        message = f"Something went wrong on our side. Try again; if it stays, tell us this reference: {reference}."
        return {"ok": False, "error": {"code": "error", "message": message}}
    body = reply.model_dump(by_alias=True) if isinstance(reply, BaseModel) else dict(reply or {})
    return {"ok": True, **body}


def _spend(sid: str, name: str, per_second: float) -> None:
    now = time.monotonic()
    tokens, counted_at = _buckets.get((sid, name), (max(per_second, 1.0), now))
    tokens = min(max(per_second, 1.0), tokens + (now - counted_at) * per_second)
    if tokens < 1:
        raise Conflict("Too many at once. Wait a moment.", code="too_many")
    _buckets[(sid, name)] = (tokens - 1, now)


def _parse(model: type[Message], raw: Any) -> Message:
    try:
        return model.model_validate({} if raw is None else raw)
    except ValidationError as error:
        raise first_wrong(error, "message") from None


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # set by Flask-SocketIO


def _actor() -> Actor:
    if not current_user.is_authenticated:
        raise NotFound()
    actor: Actor = current_user.actor
    return actor
