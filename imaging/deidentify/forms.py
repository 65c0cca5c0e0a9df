"""What the browser sends about copies, each field checked and named when it is wrong."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from imaging.deidentify.boxes import Box

_SIDES = ("x", "y", "width", "height")
_FARTHEST = 1_000_000  # px: far beyond any picture


def body_of(value: Any) -> dict[str, Any]:
    """A JSON object. Raises Invalid."""
    if not isinstance(value, dict):
        raise Invalid("body", _("This page sent something that means nothing. Load it again."))
    return value


def word(body: dict[str, Any], name: str) -> str:
    """A text. Raises Invalid naming it."""
    value = body.get(name)
    if not isinstance(value, str):
        raise Invalid(name, _("This page sent something that means nothing. Load it again."))
    return value


def flag(body: dict[str, Any], name: str) -> bool:
    """Yes or no. Raises Invalid naming it."""
    value = body.get(name)
    if not isinstance(value, bool):
        raise Invalid(name, _("This page sent something that means nothing. Load it again."))
    return value


def box(body: dict[str, Any]) -> Box:
    """x, y, width, height in whole pixels. Raises Invalid naming the first that is wrong."""
    for side in _SIDES:
        value = body.get(side)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _FARTHEST:
            raise Invalid(side, _("A place is told in whole pixels of the picture."))
    return Box(*(body[side] for side in _SIDES))
