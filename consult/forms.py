"""Checks of what the browser sends to save one field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """One field's new text over the version that its editor saw; `sure` answers "is this right?"."""

    field: str
    value: str
    version: str
    sure: bool


def is_storable(text: str) -> bool:
    """Whether text is whole characters: JSON may carry one half of a pair, which no database takes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def field_edit(body: Any) -> FieldEdit:
    """`{field, value, version, sure?}` of an autosave. Raises Invalid."""
    given = body if isinstance(body, dict) else {}
    for name in ("field", "value", "version"):
        if not isinstance(given.get(name), str) or not is_storable(given[name]):
            raise Invalid(name, _("This is missing or not text."))
    return FieldEdit(given["field"], given["value"], given["version"], given.get("sure") is True)
