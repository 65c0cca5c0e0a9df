"""Who looked at which pictures: an audit row for each look, tiles and ranges of one look counted as one."""

from __future__ import annotations

import threading
import time

from app import audit, db
from app.actor import Actor
from imaging.models import Instance

_ONE_LOOK_SECONDS = 600.0
_MOST_REMEMBERED = 20_000

_seen: dict[tuple[str, str, str], float] = {}
_lock = threading.Lock()


def record_look(actor: Actor, instance: Instance, what: str) -> None:
    """Write one audit row per actor, instance and `what` in ten minutes (per process: never fewer, sometimes more)."""
    key = (f"{actor.kind}:{actor.id}", instance.id, what)
    moment = time.monotonic()
    with _lock:
        if moment - _seen.get(key, -_ONE_LOOK_SECONDS) < _ONE_LOOK_SECONDS:
            return
        if len(_seen) >= _MOST_REMEMBERED:
            _seen.clear()
    with db.write_transaction() as session:
        detail = {"what": what, "case_id": instance.case_id}
        audit.record(session, actor, "view_instance", "instance", instance.id, **detail)
    with _lock:
        _seen[key] = moment


def forget_looks() -> None:
    """Start counting looks afresh (tests)."""
    with _lock:
        _seen.clear()
