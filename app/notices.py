"""Carries outbox rows to the browsers: the only place that emits facts which operations and jobs wrote down."""

from __future__ import annotations

import json
import logging

from flask_socketio import SocketIO

from app import db, outbox

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2


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
            self.socketio.emit(row.event, json.loads(row.payload), to=row.topic)
            self.last_id = row.id
        return len(rows)

    def run(self) -> None:
        """Carry for ever; a fault is logged and the next poll tries again."""
        while True:
            try:
                self.carry()
            except Exception:
                log.exception("notices could not be carried; trying again")
            self.socketio.sleep(POLL_SECONDS)
