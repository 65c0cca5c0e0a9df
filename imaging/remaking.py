"""Renditions made again from their originals: asked for, done one instance after the other, and the old ones swept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, update

from app import clock, db
from imaging import rendering, store
from imaging.models import RENDITION_VERSION, SERVER_RENDITIONS, STALE, UNMAKEABLE, Instance, Rendition

GRACE = timedelta(days=1)  # a page that was opened before goes on working for so long


class Remade(NamedTuple):
    """One instance done: "ready", "unusable", "kept" (what it had stays), or "waiting" (another process is at it)."""

    instance_id: str
    outcome: str


def instances_to_remake(
    *, instance_id: str | None = None, case_id: str | None = None, older_than: int | None = None
) -> list[str]:
    """Ids of instances whose original is here, oldest first: one, a case's, those with any older version, or all.

    Unusable ones are among them unless a version is asked for: a newer program may open what an older one could not.
    """
    wanted = select(Instance.id).where(Instance.sha256.is_not(None)).order_by(Instance.created_at, Instance.id)
    conditions: list[ColumnElement[bool]] = []
    if instance_id is not None:
        conditions.append(Instance.id == instance_id)
    if case_id is not None:
        conditions.append(Instance.case_id == case_id)
    if older_than is not None:
        older = select(Rendition.instance_id).where(
            Rendition.retired_at.is_(None), Rendition.name.in_(SERVER_RENDITIONS), Rendition.version < older_than
        )
        conditions.append(Instance.id.in_(older))
    with db.read_session() as session:
        return list(session.scalars(wanted.where(*conditions)))


def ask_again(instance_id: str) -> None:
    """Have everything of an instance made again; work that is killed goes on with what is missing."""
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        instance.attempts = 0
        if instance.state == "unusable":
            instance.state, instance.progress = "received", 0.0
            instance.reason_code, instance.reason_values = None, {}
        mine = (Rendition.instance_id == instance_id, Rendition.retired_at.is_(None))
        session.execute(update(Rendition).where(*mine, Rendition.name.in_(SERVER_RENDITIONS)).values(version=STALE))


def remake(instance_ids: list[str]) -> Iterator[Remade]:
    """Make the renditions of these anew, here and now, one after the other."""
    for instance_id in instance_ids:
        ask_again(instance_id)
        rendering.make_renditions(instance_id)
        yield Remade(instance_id, _outcome(instance_id))


def _outcome(instance_id: str) -> str:
    with db.read_session() as session:
        instance = session.get_one(Instance, instance_id)
        versions = {one.version for one in instance.renditions}
        if instance.state == "unusable":
            return "unusable"
        if UNMAKEABLE in versions:
            return "kept"
        return "ready" if instance.state == "ready" and versions == {RENDITION_VERSION} else "waiting"


def unfinished() -> list[str]:
    """Instances that were asked for again and not finished: the next worker takes them up."""
    stale = select(Rendition.instance_id).where(
        Rendition.retired_at.is_(None), Rendition.version == STALE, Rendition.name != "frame_tiles"
    )
    with db.read_session() as session:
        ready = select(Instance.id).where(Instance.id.in_(stale), Instance.state == "ready")
        return list(session.scalars(ready.order_by(Instance.created_at)))


def sweep_retired() -> int:
    """Forget retired renditions after their grace, with bytes that nothing else refers to; returns how many."""
    with db.write_transaction() as session:
        old = list(session.scalars(select(Rendition).where(Rendition.retired_at < clock.now() - GRACE).limit(500)))
        hashes = {one for rendition in old for one in (rendition.sha256, rendition.index_sha256) if one}
        for rendition in old:
            session.delete(rendition)
        session.flush()
        for sha256 in hashes:
            uses = select(Rendition.id).where((Rendition.sha256 == sha256) | (Rendition.index_sha256 == sha256))
            if session.scalar(uses.limit(1)) is None:
                store.drop("renditions", sha256)
    return len(old)
