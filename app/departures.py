"""Who wants to know when a seat in a consult is given up: each subject registers once, delivery tells them.

Kept apart from `membership`, so that a subject can listen without knowing who owns the sockets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from app.membership import Membership

log = logging.getLogger(__name__)

# left: they went; moved: another tab or device took over; removed: they may not be here any more; lost: the line broke
Reason = Literal["left", "moved", "removed", "lost"]
Listener = Callable[[Membership, Reason], None]

_listeners: dict[str, Listener] = {}


def listen(subject: str, listener: Listener) -> None:
    """Be told of every seat given up; one listener a subject, a second call replaces it."""
    _listeners[subject] = listener


def tell(member: Membership, reason: Reason) -> None:
    """Tell everybody; one that fails is logged and does not keep it from the others."""
    for subject, listener in _listeners.items():
        try:
            listener(member, reason)
        except Exception:
            log.exception("%s could not follow that a seat was given up", subject)
