"""Checks of what the browser sends: JSON in, typed fields out; the first wrong field is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _

from app.errors import Invalid
from consult.forms import is_storable
from consult.lifecycle import URGENCIES
from consult.reports.models import DECISIONS
from consult.reports.protocol import OpinionFields, OutcomeFields

LONGEST_TEXT: Final = 10_000
LONGEST_ADDENDUM: Final = 5_000
HIGHEST_VERSION: Final = 2**31 - 1
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def opinion_draft(body: Any) -> tuple[OpinionFields, int]:
    """Fields and the version that they were written over. Raises Invalid."""
    fields = _object(body, {"findings", "impression", "recommendations", "urgency", "version"})
    return OpinionFields(
        findings=_text(fields, "findings"),
        impression=_text(fields, "impression"),
        recommendations=_text(fields, "recommendations"),
        urgency=_choice(fields, "urgency", URGENCIES),
    ), version(body)


def outcome_draft(body: Any) -> tuple[OutcomeFields, int]:
    """Fields and the version that they were written over. Raises Invalid."""
    fields = _object(body, {"decision", "decision_note", "diagnosis", "plan", "follow_up_on", "version"})
    return OutcomeFields(
        decision=_choice(fields, "decision", ("", *DECISIONS)),
        decision_note=_text(fields, "decision_note"),
        diagnosis=_text(fields, "diagnosis"),
        plan=_text(fields, "plan"),
        follow_up_on=_date(fields, "follow_up_on"),
    ), version(body)


def addendum_text(body: Any) -> str:
    """The addendum's words. Raises Invalid when there are none."""
    text = _text(_object(body, {"text"}), "text", longest=LONGEST_ADDENDUM).strip()
    if not text:
        raise Invalid("text", _("Write what is to be added."))
    return text


def version(body: Any) -> int:
    """The version of the draft that the browser has before it. Raises Invalid."""
    value = body.get("version") if isinstance(body, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST_VERSION:
        raise Invalid("version", _("This page is out of date: reload it."))
    return value


def _object(body: Any, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise Invalid("body", _("An object with named fields is needed."))
    unknown = sorted(str(name) for name in body if name not in names)
    if unknown:
        raise Invalid(unknown[0][:64], _("There is no such field."))
    return body


def _text(fields: Mapping[str, Any], name: str, longest: int = LONGEST_TEXT) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str) or not is_storable(value):
        raise Invalid(name, _("Text is needed here."))
    if len(value) > longest:
        raise Invalid(name, _("This is too long: at most %(count)s characters.", count=longest))
    return value.replace("\r\n", "\n").replace("\x00", "")


def _choice(fields: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = fields.get(name, choices[0])
    if value not in choices:
        raise Invalid(name, _("Choose one of the answers given."))
    return str(value)


def _date(fields: Mapping[str, Any], name: str) -> date | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # the thirteenth month
    raise Invalid(name, _("Give a date as year-month-day."))
