"""Reads of the shared document from the database: for reports, and for processes that hold no rooms."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, bindparam, func, select
from sqlalchemy.orm import Session, lazyload

from consult.models import Consult, Participant
from consult.stage.document import StageDocument
from consult.stage.models import StageHistory, StageSnapshot, StageUpdate

# Put together once: they are asked for each stroke.
_ID: Final[BindParameter[str]] = bindparam("consult_id")
_IN_LOG: Final = select(func.max(StageUpdate.id)).where(StageUpdate.consult_id == _ID).scalar_subquery()
_IN_SNAPSHOT: Final = select(StageSnapshot.up_to_id).where(StageSnapshot.consult_id == _ID).scalar_subquery()
_CONSULT_AND_HEAD: Final = select(Consult, _IN_LOG, _IN_SNAPSHOT).where(Consult.id == _ID).options(lazyload("*"))


def load(session: Session, consult_id: str) -> tuple[StageDocument, int]:
    """The document as stored, and the id of the last update in it: the snapshot, then the log after it."""
    # The log first: what a compaction takes out of it in the meantime is in the snapshot that is read after it.
    columns = select(StageUpdate.id, StageUpdate.data, StageUpdate.participant_id)
    log = session.execute(columns.where(StageUpdate.consult_id == consult_id).order_by(StageUpdate.id)).all()
    snapshot = session.get(StageSnapshot, consult_id, populate_existing=True)
    document, head = StageDocument(), 0
    if snapshot is not None:
        document.load(snapshot.data, None)
        head = snapshot.up_to_id
    for row_id, data, participant_id in log:
        if row_id > head:
            document.load(data, participant_id)
            head = row_id
    return document, head


def head_of(session: Session, consult_id: str) -> int:
    """The id of the last stored update, compacted ones included; 0 for an empty stage."""
    return _newest(*session.execute(select(_IN_LOG, _IN_SNAPSHOT), {"consult_id": consult_id}).one())


def consult_and_head(session: Session, consult_id: str) -> tuple[Consult, int] | None:
    """The consult (by itself, nothing it refers to) with `head_of` it, in one query: asked for each stroke."""
    row = session.execute(_CONSULT_AND_HEAD, {"consult_id": consult_id}).one_or_none()
    return None if row is None else (row[0], _newest(row[1], row[2]))


def _newest(in_log: int | None, in_snapshot: int | None) -> int:
    return max(in_log or 0, in_snapshot or 0)


def log_length(session: Session, consult_id: str) -> int:
    """How many updates are in the log but not in the snapshot."""
    compacted = select(StageSnapshot.up_to_id).where(StageSnapshot.consult_id == consult_id).scalar_subquery()
    rows = select(func.count()).select_from(StageUpdate).where(StageUpdate.consult_id == consult_id)
    return session.scalar(rows.where(StageUpdate.id > func.coalesce(compacted, 0))) or 0


def content(session: Session, consult_id: str) -> dict[str, dict[str, Any]]:
    """What a report needs, as plain JSON: `annotations` by their id, `key_images` by `<instance id>/<frame>`.

    Who drew and marked is told by the seats: the names in the document are only what a browser wrote there.
    """
    document = load(session, consult_id)[0]
    seats = select(Participant.id, Participant.display_name).where(Participant.consult_id == consult_id)
    names = {row.id: row.display_name for row in session.execute(seats)}
    drawn, marked = document.annotations(), document.key_images()
    return {
        "annotations": {key: {**one, "author_name": names.get(one["author"], "")} for key, one in drawn.items()},
        "key_images": {key: {**one, "by_name": names.get(one["by"], "")} for key, one in marked.items()},
    }


def history(session: Session, consult_id: str, until: datetime) -> list[tuple[datetime, bytes]]:
    """Every update of a stage up to a moment, in the order in which they were accepted."""
    found: dict[int, tuple[datetime, bytes]] = {}
    for table in (StageHistory, StageUpdate):
        rows = select(table.id, table.at, table.data).where(table.consult_id == consult_id, table.at <= until)
        found |= {row.id: (row.at, row.data) for row in session.execute(rows)}
    return [found[key] for key in sorted(found)]
