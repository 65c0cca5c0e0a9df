"""The life of a request for a view, as a table. Pure."""

from __future__ import annotations

from typing import Final, Literal

State = Literal["asked", "answered", "declined", "withdrawn"]
Event = Literal["answer", "decline", "withdraw"]

STATES: Final[tuple[State, ...]] = ("asked", "answered", "declined", "withdrawn")
EVENTS: Final[tuple[Event, ...]] = ("answer", "decline", "withdraw")

# (state, event) -> the state after it; what is not here cannot happen.
TABLE: Final[dict[tuple[str, str], State]] = {
    ("asked", "answer"): "answered",
    ("asked", "decline"): "declined",
    ("asked", "withdraw"): "withdrawn",
    ("answered", "answer"): "answered",  # one more picture of it
    ("declined", "answer"): "answered",  # it was possible after all
}


def after(state: str, event: str) -> State | None:
    """The state after the event, or None where it cannot happen."""
    return TABLE.get((state, event))
