"""What a request and a reason may hold: the first wrong field is named. Pure."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext as _

from app.errors import Invalid
from consult.lifecycle import URGENCIES
from consult.specialties import SPECIALTIES

LONGEST_QUESTION: Final = 2_000
LONGEST_REASON: Final = 1_000


def field_value(field: str, text: str) -> str:
    """A field of the request as it is stored. Raises Invalid."""
    if field == "specialty" and text in ("", *SPECIALTIES):
        return text
    if field == "urgency" and text in URGENCIES:
        return text
    if field in ("specialty", "urgency"):
        raise Invalid(field, _("Choose one of the list."))
    if field != "question":
        raise Invalid("field", _("There is no such field."))
    if len(text) > LONGEST_QUESTION:
        raise Invalid("question", _("This is too long: at most %(most)d characters.", most=LONGEST_QUESTION))
    return text.replace("\r\n", "\n").replace("\0", "").strip()


def reason(text: str) -> str:
    """Why it was cancelled or declined: some words. Raises Invalid."""
    words = text.replace("\0", "").strip()
    if not words:
        raise Invalid("reason", _("Say why, in a few words: the other doctor will read it."))
    if len(words) > LONGEST_REASON:
        raise Invalid("reason", _("This is too long: at most %(most)d characters.", most=LONGEST_REASON))
    return words
