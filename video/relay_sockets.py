"""The door for relays: Socket.IO clients that hold the shared secret, in a namespace of their own."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from typing import Any

from flask import request
from flask_socketio import SocketIO

from video import tickets
from video.relays import NAMESPACE, Relays

log = logging.getLogger(__name__)


def register(socketio: SocketIO, relays: Relays, secret: Callable[[], str]) -> None:
    """Let relays in, and hand on what they say."""

    def connect(auth: Any = None) -> bool:
        name, key = _shown(auth)
        if not name or not hmac.compare_digest(tickets.key_of(secret(), name).encode(), key.encode()):
            log.warning("somebody without the relay secret tried to be a relay")
            return False
        relays.add(_sid(), name, "janus" if auth.get("engine") == "janus" else "relay")
        return True

    def load(said: Any = None) -> None:
        if isinstance(said, dict):
            relays.heard(_sid(), said)

    def media(event: Any = None) -> None:
        if isinstance(event, dict):
            relays.happened(event)

    def recording(news: Any = None) -> None:
        if isinstance(news, dict):
            relays.recorded(news)

    def disconnect(reason: Any = None) -> None:
        relays.drop(_sid())

    handlers: dict[str, Callable[..., Any]] = {
        "connect": connect,
        "disconnect": disconnect,
        "load": load,
        "media": media,
        "recording": recording,
    }
    for name, handler in handlers.items():
        socketio.on_event(name, handler, namespace=NAMESPACE)


def _shown(auth: Any) -> tuple[str, str]:
    if not isinstance(auth, dict):
        return "", ""
    name, key = auth.get("name"), auth.get("key")
    return (name, key) if isinstance(name, str) and isinstance(key, str) and 0 < len(name) <= 64 else ("", "")


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]  # set by Flask-SocketIO
