"""Make an instance's renditions, each visible as soon as it is whole; safe to kill and to repeat at any moment."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock, db
from imaging import provisional, queries, sandbox, store
from imaging.announcements import post_instance
from imaging.facts import Facts
from imaging.ingest import MAX_ATTEMPTS
from imaging.models import RENDITION_VERSION, SERVER_RENDITIONS, STALE, UNMAKEABLE, Instance, Rendition
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

Event = dict[str, Any]
FIRST_LOOK = frozenset({"preview", "thumbnail"})


def make_renditions(instance_id: str, *, first_look: bool = False) -> None:
    """Make what is missing of the present version, in the sandbox, one writer per instance.

    Ends as "ready", or as "unusable" with its reason; `first_look` ends after preview and thumbnail. What shows
    already goes on showing while it is made anew.
    """
    with store.only_one(f"instance-{instance_id}") as mine:
        work = _begin(instance_id) if mine else None
        if work is None or (first_look and work.have >= FIRST_LOOK):
            return
        try:
            _render(work, first_look)
        except Refusal as refusal:
            _refused(instance_id, refusal)
        else:
            if not first_look:
                _compare_with_tablet(instance_id)
                _end(instance_id, "ready")


@dataclass(frozen=True, slots=True)
class _Work:
    """What is to be done: the original's place, and the names that are of the present version already."""

    instance_id: str
    original: Path
    have: frozenset[str]


def _begin(instance_id: str) -> _Work | None:
    """Count the attempt; None when there is nothing left to do."""
    with db.write_transaction() as session:
        instance = session.get(Instance, instance_id)
        if instance is None or instance.sha256 is None or not _has_work(instance):
            return None
        if instance.state != "ready":
            instance.state = "processing"
        instance.attempts += 1
        post_instance(session, instance)
        given_up = instance.attempts > MAX_ATTEMPTS
        original = store.path_of("originals", instance.sha256)
        have = frozenset(one.name for one in instance.renditions if one.version == RENDITION_VERSION)
    if given_up:
        _refused(instance_id, Refusal("crashed"))
        return None
    return _Work(instance_id, original, have)


def _has_work(instance: Instance) -> bool:
    if instance.state == "ready":
        return any(one.version == STALE for one in instance.renditions)
    return instance.state != "unusable"


def _render(work: _Work, first_look: bool) -> None:
    if not work.original.exists():
        raise Refusal("lost_bytes")
    request = {"have": sorted(work.have), "first_look": first_look}
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("render", work.original, workspace, request):
            if event["event"] == "facts":
                _update_facts(work.instance_id, event["facts"])
            elif event["event"] == "rendition":
                add_rendition(work.instance_id, event, workspace)
            elif event["event"] == "progress":
                _update_progress(work.instance_id, float(event["value"]))
    _forget_attempt(work.instance_id)


def _forget_attempt(instance_id: str) -> None:
    """It came to its end: what is counted is attempts that took the worker with them."""
    with db.write_transaction() as session:
        session.get_one(Instance, instance_id).attempts = 0


def _update_facts(instance_id: str, found: dict[str, Any]) -> None:
    """What decoding taught (range, window, true number of frames); the identity stays as it was indexed."""
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        known, learned = Facts.from_json(instance.facts), Facts.from_json(found)
        learned.sop_instance_uid = known.sop_instance_uid
        learned.series_instance_uid = known.series_instance_uid
        learned.study_instance_uid = known.study_instance_uid
        instance.facts = learned.as_json()


def add_rendition(instance_id: str, event: Event, workspace: Path, frame_index: int = 0) -> None:
    """Keep what the sandbox made; it takes the place of an older one, whose address works until it is swept."""
    path = workspace / event["file"]
    detail = dict(event["detail"])
    index_file = detail.pop("index_file", None)
    sha256 = store.keep("renditions", path)
    index_sha256 = store.keep("renditions", workspace / index_file) if index_file else None
    with db.write_transaction() as session:
        old = session.scalar(
            select(Rendition).where(
                Rendition.instance_id == instance_id,
                Rendition.name == event["name"],
                Rendition.frame_index == frame_index,
                Rendition.retired_at.is_(None),
            )
        )
        if old is not None and (old.sha256, old.index_sha256, old.detail) == (sha256, index_sha256, detail):
            old.version = RENDITION_VERSION  # the same bytes keep their address, and browsers what they have of it
            return
        if old is not None:
            old.retired_at = clock.now()
            session.flush()
        made = Rendition(id=db.new_id(), instance_id=instance_id, name=event["name"], frame_index=frame_index)
        made.sha256, made.index_sha256, made.detail = sha256, index_sha256, detail
        made.bytes, made.width, made.height = path.stat().st_size, event["width"], event["height"]
        made.version, made.created_at = RENDITION_VERSION, clock.now()
        session.add(made)


def _compare_with_tablet(instance_id: str) -> None:
    """Whether the sender's preview had shown another picture than the original, or may have: then the room is told."""
    with db.read_session() as session:
        made = {one.name: queries.rendition_path(one) for one in session.get_one(Instance, instance_id).renditions}
    if not {"preview", "tablet_preview"} <= made.keys():
        return
    try:
        with store.refusing_when_full(), store.workspace() as workspace:
            request = {"other": str(made["tablet_preview"])}
            events = list(sandbox.run("compare", made["preview"], workspace, request))
    except Refusal as refusal:  # the original is no worse for it, and nobody can say that they are alike
        log.warning("the preview of instance %s cannot be compared: %s", instance_id, refusal.code)
        events = [{"differ": True}]
    if any(event.get("differ") for event in events):
        log.warning("the original of instance %s is another picture than its preview", instance_id)
        with db.write_transaction() as session:
            session.get_one(Instance, instance_id).differs = True


def _update_progress(instance_id: str, value: float) -> None:
    """Every rendition is followed by its progress, so this is where the room hears of both."""
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        instance.progress = max(instance.progress, min(1.0, max(0.0, value)))
        post_instance(session, instance)


def _end(instance_id: str, state: str, refusal: Refusal | None = None) -> None:
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        instance.state = state
        if refusal is None:
            instance.progress = 1.0
            provisional.drop_tablet_renditions(session, instance)
            _retire_older(session, instance_id)
            session.expire(instance, ["renditions", "frame_tiles"])
        else:
            instance.reason_code, instance.reason_values = refusal.code, dict(refusal.values)
            log.info("instance %s unusable: %s", instance_id, refusal.code)
        post_instance(session, instance)


def _retire_older(session: Session, instance_id: str) -> None:
    """What the present version did not make anew is of the past: other names, tiles of single frames."""
    older = (Rendition.version < RENDITION_VERSION, Rendition.name.in_(SERVER_RENDITIONS))
    mine = (Rendition.instance_id == instance_id, Rendition.retired_at.is_(None))
    session.execute(update(Rendition).where(*mine, *older).values(retired_at=clock.now()))


def _refused(instance_id: str, refusal: Refusal) -> None:
    """Unusable; but what shows already stays, and a full disk is not the file's fault."""
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        if refusal.code == "storage_full":
            instance.attempts = max(0, instance.attempts - 1)
            log.error("no room for the renditions of instance %s: they wait", instance_id)
            return
        if instance.state == "ready":
            instance.attempts = 0
            for rendition in instance.renditions:
                rendition.version = UNMAKEABLE if rendition.version == STALE else rendition.version
            log.warning("instance %s could not be made anew (%s): it stays as it is", instance_id, refusal.code)
            return
    _end(instance_id, "unusable", refusal)
