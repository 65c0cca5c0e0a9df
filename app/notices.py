"""Carries outbox rows to the browsers: the only place that emits facts which operations and jobs wrote down."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from flask_socketio import SocketIO

from app import db, outbox

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
EAGER_SECONDS = 0.02  # while a notice is expected that somebody waits for

Way = Callable[[str, dict[str, Any]], None]
_ways: dict[str, Way] = {}


def carry_by(event: str, way: Way) -> None:
    """Carry this event by `way(topic, payload)` instead of just emitting it; a second call replaces the first."""
    _ways[event] = way


class Carrier:
    """Reads the outbox in order and emits each row to the socket room named by its topic."""

    def __init__(self, socketio: SocketIO) -> None:
        self.socketio = socketio
        with db.read_session() as session:
            self.last_id = outbox.newest_id(session)

    def carry(self) -> int:
        """Emit whatever is new; returns how many rows."""
        with db.read_session() as session:
            rows = outbox.read_after(session, self.last_id)
        for row in rows:
            self.last_id = row.id  # before it is carried: one that cannot be must not hold up those after it
            way = _ways.get(row.event)
            if way is None:
                self.socketio.emit(row.event, json.loads(row.payload), to=row.topic)
            else:
                way(row.topic, json.loads(row.payload))
        return len(rows)

    def run(self) -> None:
        """Carry for ever; a fault is logged and the next poll tries again."""
        while True:
            try:
                self.carry()
            except Exception:
                log.exception("notices could not be carried; trying again")
            self.socketio.sleep(EAGER_SECONDS if outbox.is_expecting() else POLL_SECONDS)
