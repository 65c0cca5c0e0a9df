"""The last guard of a signed document: no session can flush a change to it or remove it, whoever asks.

Operations refuse first and in better words; this catches what would go round them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event, inspect
from sqlalchemy.orm import Mapper

from app.errors import Conflict
from consult.reports.models import Addendum, Opinion, Outcome

REFUSED = "This is signed and cannot be changed. What came later belongs in an addendum."


def install() -> None:
    """Listen on every kind of document that can be signed; once a process."""
    for document in (Opinion, Outcome, Addendum):
        for moment in ("before_update", "before_delete"):
            if not event.contains(document, moment, _refuse_signed):
                event.listen(document, moment, _refuse_signed)


def _refuse_signed(_mapper: Mapper[Any], _connection: Connection, document: Any) -> None:
    state = inspect(document)
    before = state.attrs.signed_at.history
    was_signed = bool(before.deleted and before.deleted[0]) or (not before.added and document.signed_at is not None)
    touched = state.modified or state.session is not None and document in state.session.deleted
    if was_signed and touched:
        raise Conflict(REFUSED, code="signed")


install()
