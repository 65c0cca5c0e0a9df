"""Accepting changes to the shared document: judged, stored and committed before anybody is told.

Documents of this process are kept in a bounded registry; the database is the truth, so one may be dropped at any time.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.errors import Conflict, NidaanError, NotFound
from app.membership import Membership
from consult import access
from consult.lifecycle import ENDED
from consult.models import Consult
from consult.stage import queries
from consult.stage.document import StageDocument
from consult.stage.models import StageHistory, StageSnapshot, StageUpdate

COMPACT_ABOVE: Final = 500  # log rows
DOCUMENTS_KEPT: Final = 4_096


@dataclass(slots=True)
class Held:
    """A document in memory; `head` is the last stored update in it, `waiting` how many are not compacted."""

    document: StageDocument
    head: int
    waiting: int


class Registry:
    """The documents of one process, least recently used first."""

    def __init__(self, limit: int = DOCUMENTS_KEPT) -> None:
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._limit = limit
        self.lock = threading.RLock()  # the CRDT library's documents are not safe for two threads

    def get(self, session: Session, consult_id: str, stored: int) -> Held:
        """The document as stored now; read again when another process has added to it (`stored`: `queries.head_of`)."""
        held = self._held.get(consult_id)
        if held is None or held.head != stored:
            document, head = queries.load(session, consult_id)
            held = self._held[consult_id] = Held(document, head, queries.log_length(session, consult_id))
        self._held.move_to_end(consult_id)
        while len(self._held) > self._limit:
            self._held.popitem(last=False)
        return held

    def drop(self, consult_id: str) -> None:
        """Forget a document; the next use reads it again."""
        with self.lock:
            self._held.pop(consult_id, None)

    def waiting(self, consult_id: str) -> int:
        """How many updates of a document are not compacted; 0 for one that is not held."""
        held = self._held.get(consult_id)
        return 0 if held is None else held.waiting

    def compacted(self, consult_id: str) -> None:
        """Nothing waits any more."""
        with self.lock:
            if consult_id in self._held:
                self._held[consult_id].waiting = 0

    def clear(self) -> None:
        """Forget every document."""
        with self.lock:
            self._held.clear()

    def __len__(self) -> int:
        return len(self._held)


registry = Registry()
_APPEND: Final = insert(StageUpdate.__table__).returning(StageUpdate.__table__.c.id)  # type: ignore[arg-type]


def sync(session: Session, member: Membership, state_vector: bytes) -> tuple[bytes, bytes]:
    """(what the client's copy lacks, what the server knows). Raises NotFound, ProtocolError."""
    stored = _now(session, member)[2]
    with registry.lock:
        document = registry.get(session, member.consult_id, stored).document
        return document.diff(state_vector), document.state_vector()


def accept_update(session: Session, member: Membership, update: bytes, now: datetime) -> bytes | None:
    """Judge an update and store it in the caller's transaction, which the caller must open for writing.

    Returns what others must be told once it is committed; None when it held nothing new. Call it within `in_step`.
    Raises NotFound (no longer in this consult), Conflict (`consult_ended`, `out_of_step`,
    `stage_full`), NotAllowed, Invalid or ProtocolError.
    """
    consult, role, stored = _now(session, member)
    if consult.state in ENDED:
        raise Conflict(_("The consult has ended. Nothing can be drawn any more."), code="consult_ended")
    with registry.lock:
        held = registry.get(session, member.consult_id, stored)
        news = held.document.apply(update, member.participant_id, role)
        if news is None:
            return None
        row = {"consult_id": member.consult_id, "participant_id": member.participant_id, "data": news, "at": now}
        [(held.head,)] = session.execute(_APPEND, row)
        held.waiting += 1
        return news


@contextmanager
def in_step(consult_id: str) -> Iterator[None]:
    """Around a transaction that changes a document: if it is not committed, the copy in memory is dropped."""
    try:
        yield
    except NidaanError:
        raise  # refused before anything was changed
    except BaseException:
        registry.drop(consult_id)
        raise


def is_due(consult_id: str) -> bool:
    """Whether the log has grown enough to be compacted."""
    return registry.waiting(consult_id) > COMPACT_ABOVE


def compact(session: Session, consult_id: str, now: datetime) -> int:
    """Replay snapshot and log into a new snapshot in the caller's write transaction; returns how many rows went.

    By replay: merging updates without a document takes a hundred times longer.
    """
    document, head = queries.load(session, consult_id)
    replaced = queries.log_length(session, consult_id)
    if replaced == 0:
        return 0
    # The newest row stays: SQLite would give its id out again, and an id below the snapshot's is never read.
    session.merge(StageSnapshot(consult_id=consult_id, up_to_id=head, data=document.snapshot(), at=now))
    gone = (StageUpdate.consult_id == consult_id, StageUpdate.id < head)
    columns = ["id", "consult_id", "participant_id", "data", "at"]
    kept = select(*(getattr(StageUpdate, name) for name in columns)).where(*gone)
    session.execute(insert(StageHistory).from_select(columns, kept))
    session.execute(delete(StageUpdate).where(*gone))
    registry.compacted(consult_id)
    return replaced


def _now(session: Session, member: Membership) -> tuple[Consult, str, int]:
    """The consult, what this member is in it now (a seat taken an hour ago may not hold any more), the last update."""
    found = queries.consult_and_head(session, member.consult_id)
    role = None if found is None else access.standing(session, member.actor, found[0])
    if found is None or role is None:
        raise NotFound()
    return found[0], role, found[1]
