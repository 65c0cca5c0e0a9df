"""How many bytes a second all units together may send: whoever is faster is read more slowly, nothing is refused."""

from __future__ import annotations

import threading
import time


class Pace:
    """A bucket of bytes that fills at `rate` a second and holds one second's worth; 0 is no limit."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._left = float(rate)
        self._filled_at = time.monotonic()
        self._lock = threading.Lock()

    def wait_for(self, count: int) -> None:
        """Take `count` bytes out, waiting for as long as they were taken too early."""
        if not self._rate:
            return
        with self._lock:
            now = time.monotonic()
            self._left = min(self._rate, self._left + (now - self._filled_at) * self._rate) - count
            self._filled_at = now
            debt = -self._left / self._rate
        if debt > 0:
            time.sleep(debt)
