"""The consult's states and events, as one table. Pure: who may do it is in `consult.roles`.

A live consult and one left as a question use the same states: `awaiting_reply` is a consult whose parties have parted
while the specialist still owes an opinion.
"""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from app.errors import Conflict

STATES: Final = (
    "draft",
    "requested",
    "accepted",
    "in_progress",
    "awaiting_reply",
    "opinion_signed",
    "concluded",
    "cancelled",
    "declined",
)
URGENCIES: Final = ("emergency", "urgent", "routine")
OPEN: Final = frozenset({"requested", "accepted", "in_progress", "awaiting_reply", "opinion_signed"})
ENDED: Final = frozenset({"concluded", "cancelled", "declined"})

# event -> {state before: state after}
EVENTS: Final[dict[str, dict[str, str]]] = {
    "request": {"draft": "requested"},
    "accept": {"requested": "accepted"},
    "release": {"accepted": "requested"},
    "start": {"accepted": "in_progress", "awaiting_reply": "in_progress"},
    "park": {"in_progress": "awaiting_reply", "accepted": "awaiting_reply"},
    "sign_opinion": {
        "accepted": "opinion_signed",
        "in_progress": "opinion_signed",
        "awaiting_reply": "opinion_signed",
    },
    "conclude": {"opinion_signed": "concluded"},
    "cancel": {
        "draft": "cancelled",
        "requested": "cancelled",
        "accepted": "cancelled",
        "in_progress": "cancelled",
        "awaiting_reply": "cancelled",
    },
    "decline": {"requested": "declined", "accepted": "declined"},
}


REFUSALS: Final[dict[str, LazyString]] = {
    "request": _l("This consult was already asked for, or it has ended."),
    "accept": _l("This consult can no longer be taken."),
    "release": _l("This consult can no longer be given back."),
    "start": _l("This consult cannot begin now."),
    "park": _l("This consult cannot be left as a question now."),
    "sign_opinion": _l("An opinion cannot be signed in this consult now."),
    "conclude": _l("This consult can be concluded only after the opinion is signed."),
    "cancel": _l("This consult can no longer be cancelled."),
    "decline": _l("This consult can no longer be declined."),
}


def next_state(state: str, event: str) -> str:
    """The state after `event` in `state`. Raises Conflict when the table has no such step."""
    after = EVENTS[event].get(state)
    if after is None:
        raise Conflict(str(REFUSALS[event]), code="wrong_state")
    return after


def allowed_events(state: str) -> frozenset[str]:
    """Every event that this state admits."""
    return frozenset(event for event, steps in EVENTS.items() if state in steps)
