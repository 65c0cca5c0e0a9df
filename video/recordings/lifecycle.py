"""A recording's life as one table. Pure."""

from __future__ import annotations

from typing import Final

STATES: Final = ("asking", "recording", "paused", "ended", "declined", "deleted")
OPEN: Final = frozenset({"asking", "recording", "paused"})
# agreed: everyone who is in the call said yes. missing: somebody has not, or hardly anybody is there.
EVENTS: Final = ("agreed", "missing", "declined", "withdrawn", "stopped", "left", "failed", "deleted")

_AFTER: Final[dict[tuple[str, str], str]] = {
    ("asking", "agreed"): "recording",
    ("asking", "declined"): "declined",
    ("asking", "withdrawn"): "declined",
    ("asking", "stopped"): "declined",
    ("asking", "left"): "declined",
    ("recording", "missing"): "paused",
    ("recording", "declined"): "ended",
    ("recording", "withdrawn"): "ended",
    ("recording", "stopped"): "ended",
    ("recording", "left"): "ended",
    ("recording", "failed"): "ended",
    ("paused", "agreed"): "recording",
    ("paused", "declined"): "ended",
    ("paused", "withdrawn"): "ended",
    ("paused", "stopped"): "ended",
    ("paused", "left"): "ended",
    ("paused", "failed"): "ended",
    ("ended", "deleted"): "deleted",
}


def after(state: str, event: str) -> str | None:
    """The state that an event leads to; None where it cannot happen."""
    return _AFTER.get((state, event))
