"""What somebody has open is rendered first."""

from __future__ import annotations

import threading
import time

from imaging import jobs
from imaging.models import Instance

_AGAIN_SECONDS = 30.0
_MOST_REMEMBERED = 5_000

_asked: dict[str, float] = {}
_lock = threading.Lock()


def hurry(instance: Instance) -> None:
    """Put an instance that is not ready before all others; once in a while, however many have it open."""
    if instance.state not in {"received", "processing"}:
        return
    moment = time.monotonic()
    with _lock:
        if moment - _asked.get(instance.id, -_AGAIN_SECONDS) < _AGAIN_SECONDS:
            return
        if len(_asked) >= _MOST_REMEMBERED:
            _asked.clear()
        _asked[instance.id] = moment
    jobs.make_renditions_now(instance.id)


def forget_hurry() -> None:
    """Start afresh (tests)."""
    with _lock:
        _asked.clear()
