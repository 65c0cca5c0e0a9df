"""The last guard of a signed document: no session can flush a change to it or remove it, whoever asks.

Operations refuse first; this catches what would go round them.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Mapper, object_session

from app.errors import Conflict
from consult.reports.models import Addendum, Opinion, Outcome

_DOCUMENTS = (Opinion, Outcome, Addendum)


def refusal() -> str:
    """What a person is told who wants to change what is signed."""
    return str(_("This is signed and cannot be changed. What came later belongs in an addendum."))


def install() -> None:
    """Listen on every kind of document that can be signed; calling it again changes nothing."""
    for document in _DOCUMENTS:
        for moment, listener in (("before_update", _refuse_change), ("before_delete", _refuse_removal)):
            if not event.contains(document, moment, listener):
                event.listen(document, moment, listener)


def _refuse_change(mapper: Mapper[Any], connection: Connection, document: Any) -> None:
    session = object_session(document)
    if session is not None and session.is_modified(document):
        _refuse_removal(mapper, connection, document)


def _refuse_removal(_mapper: Mapper[Any], connection: Connection, document: Any) -> None:
    kind = type(document)
    # What the database holds counts, not what the object in hand says of itself.
    if connection.scalar(select(kind.signed_at).where(kind.id == document.id)) is not None:
        raise Conflict(refusal(), code="signed")


install()
