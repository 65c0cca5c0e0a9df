"""What a model refuses in a message, as one plain sentence that names the field."""

from __future__ import annotations

from flask_babel import gettext as _
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from app.errors import Invalid


def first_wrong(error: ValidationError, whole: str) -> Invalid:
    """The first wrong field ("points", not "points.17"); `whole` names a message that is wrong as a whole."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = [str(part) for part in first["loc"] if not isinstance(part, int)]
    field, words = ".".join(where), _words(first)
    if not field and ": " in words:  # a rule of several fields names the one to change
        field, words = words.split(": ", 1)
    return Invalid(field or whole, words)


def _words(first: ErrorDetails) -> str:
    kind = first["type"]
    if kind == "value_error":
        return str(first["ctx"]["error"])
    if kind == "missing":
        return _("This is missing.")
    if kind == "extra_forbidden":
        return _("There is no such field.")
    if kind == "finite_number":
        return _("This is not a number.")
    if kind.endswith("too_long"):
        return _("This is too long.")
    if kind.startswith(("greater_than", "less_than")):
        return _("This number is out of range.")
    return _("This is not what is needed here.")
