"""Who is sending which upload in this process, so that a sender who comes back need not wait for a dead line.

A tablet that changes from Wi-Fi to the mobile network leaves its old connection open at the server, which waits for
bytes that never come and holds the upload's lock. The same person's next request hangs that connection up.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from imaging import store

HangUp = Callable[[], None]
_PATIENCE_SECONDS = 2.0  # for the old request to write down what it has
_LOOK_SECONDS = 0.02

_lines: dict[str, HangUp] = {}


@contextmanager
def sending(upload_id: str, hang_up: HangUp | None) -> Iterator[None]:
    """Be the one who sends `upload_id` until done; `hang_up` ends the connection from elsewhere."""
    if hang_up is not None:
        _lines[upload_id] = hang_up
    try:
        yield
    finally:
        if _lines.get(upload_id) is hang_up:
            _lines.pop(upload_id, None)


def lock_name(upload_id: str) -> str:
    """The lock that whoever writes an upload's bytes holds."""
    return f"receive-{upload_id}"


def take_over(upload_id: str) -> None:
    """Hang up on an older request that is sending the same upload, and wait until it has written what it had."""
    hang_up = _lines.get(upload_id)
    if hang_up is None:
        return
    with contextlib.suppress(OSError):
        hang_up()
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < give_up_at:
        with store.only_one(lock_name(upload_id)) as free:
            if free:
                return
        time.sleep(_LOOK_SECONDS)
