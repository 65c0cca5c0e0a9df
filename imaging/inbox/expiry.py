"""What was discarded is kept for 30 days, then it goes: rows, renditions, headers, and bytes that nothing refers to."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import FromClause, delete, or_, select, update
from sqlalchemy.orm import Session

from app import audit, db
from app.actor import SYSTEM
from app.db import Base
from imaging import ingest, store
from imaging.models import Instance, Rendition, Series, Study, Upload

KEPT = timedelta(days=30)


def forget_discarded(now: datetime) -> int:
    """Forget what was discarded more than 30 days ago; returns how many studies and files."""
    with db.read_session() as session:
        old = select(Study.id).where(Study.case_id.is_(None), Study.discarded_at < now - KEPT)
        studies = list(session.scalars(old))
        gone = select(Upload.id).where(Upload.acknowledged, Upload.state == "cancelled", Upload.updated_at < now - KEPT)
        files = list(session.scalars(gone))
    for study_id in studies:
        _forget_study(study_id, now)
    for upload_id in files:
        store.drop_upload(upload_id)
    return len(studies) + len(files)


def _forget_study(study_id: str, now: datetime) -> None:
    with db.write_transaction() as session:
        study = session.get(Study, study_id)
        if study is None or study.case_id is not None or study.discarded_at is None or study.discarded_at > now - KEPT:
            return
        instances = list(session.scalars(select(Instance.id).where(Instance.study_id == study_id)))
        kept = session.scalars(select(Instance.sha256).where(Instance.id.in_(instances)))
        originals = {sha256 for sha256 in kept if sha256 is not None}
        made = select(Rendition.sha256, Rendition.index_sha256).where(Rendition.instance_id.in_(instances))
        renditions = {one for row in session.execute(made) for one in row if one}
        _delete_all_of(session, Instance.__table__, instances)
        session.execute(delete(Instance).where(Instance.id.in_(instances)))
        session.execute(delete(Series).where(Series.study_id == study_id))
        session.execute(delete(Study).where(Study.id == study_id))
        audit.record(session, SYSTEM, "forget_discarded", "study", study_id, pictures=len(instances))
        used = or_(Rendition.sha256.in_(renditions), Rendition.index_sha256.in_(renditions))
        rows = session.execute(select(Rendition.sha256, Rendition.index_sha256).where(used))
        renditions -= {one for row in rows for one in row if one}
    for sha256 in originals:
        ingest.drop_unused(sha256)
    for sha256 in renditions:
        store.drop("renditions", sha256)


def _delete_all_of(session: Session, parent: FromClause, ids: list[str]) -> None:
    """Every row of any table that belongs to these of `parent`, and what belongs to those; a row that only mentions one
    stops mentioning it.
    """
    (identity,) = parent.primary_key
    for table in reversed(Base.metadata.sorted_tables):
        for column in table.columns:
            if column.references(identity):
                mentioned = column.in_(ids)
                if column.nullable:
                    session.execute(update(table).where(mentioned).values({column.name: None}))
                    continue
                if len(table.primary_key) == 1:  # nothing refers to a row that is known by two columns
                    own = list(session.scalars(select(*table.primary_key).where(mentioned)))
                    _delete_all_of(session, table, own)
                session.execute(delete(table).where(mentioned))
