"""Make an instance's renditions, each visible as soon as it is whole; safe to kill and to repeat at any moment."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from app import clock, db
from imaging import provisional, queries, sandbox, store
from imaging.announcements import post_instance
from imaging.facts import Facts
from imaging.ingest import MAX_ATTEMPTS
from imaging.models import Instance, Rendition
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

Event = dict[str, Any]


def make_renditions(instance_id: str) -> None:
    """Render in the sandbox, one writer per instance; ends as "ready", or as "unusable" with its reason."""
    with store.only_one(f"instance-{instance_id}") as mine:
        original = _begin(instance_id) if mine else None
        if original is None:
            return
        try:
            _render(instance_id, original)
        except Refusal as refusal:
            _end(instance_id, "unusable", refusal)
        else:
            _compare_with_tablet(instance_id)
            _end(instance_id, "ready")


def _begin(instance_id: str) -> Path | None:
    """Count the attempt; the original's place, or None when there is nothing left to do."""
    with db.write_transaction() as session:
        instance = session.get(Instance, instance_id)
        if instance is None or instance.sha256 is None or instance.state in {"ready", "unusable"}:
            return None
        instance.state = "processing"
        instance.attempts += 1
        post_instance(session, instance)
        given_up = instance.attempts > MAX_ATTEMPTS
        original = store.path_of("originals", instance.sha256)
    if given_up:
        _end(instance_id, "unusable", Refusal("crashed"))
        return None
    return original


def _render(instance_id: str, original: Path) -> None:
    if not original.exists():
        raise Refusal("lost_bytes")
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("render", original, workspace):
            if event["event"] == "facts":
                _update_facts(instance_id, event["facts"])
            elif event["event"] == "rendition":
                _add_rendition(instance_id, event, workspace)
            elif event["event"] == "progress":
                _update_progress(instance_id, float(event["value"]))


def _update_facts(instance_id: str, found: dict[str, Any]) -> None:
    """What decoding taught (range, window, true number of frames); the identity stays as it was indexed."""
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        known, learned = Facts.from_json(instance.facts), Facts.from_json(found)
        learned.sop_instance_uid = known.sop_instance_uid
        learned.series_instance_uid = known.series_instance_uid
        learned.study_instance_uid = known.study_instance_uid
        instance.facts = learned.as_json()


def _add_rendition(instance_id: str, event: Event, workspace: Path) -> None:
    path = workspace / event["file"]
    detail = dict(event["detail"])
    index_file = detail.pop("index_file", None)
    sha256 = store.keep("renditions", path)
    index_sha256 = store.keep("renditions", workspace / index_file) if index_file else None
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        if any(one.name == event["name"] for one in instance.renditions):
            return  # made by an attempt that did not live to the end
        instance.renditions.append(
            Rendition(
                id=db.new_id(),
                name=event["name"],
                sha256=sha256,
                bytes=path.stat().st_size,
                width=event["width"],
                height=event["height"],
                index_sha256=index_sha256,
                detail=detail,
                created_at=clock.now(),
            )
        )
        session.flush()


def _compare_with_tablet(instance_id: str) -> None:
    """Whether the sender's preview had shown another picture than the original: then the room is told."""
    with db.read_session() as session:
        made = {one.name: queries.rendition_path(one) for one in session.get_one(Instance, instance_id).renditions}
    if not {"preview", "tablet_preview"} <= made.keys():
        return
    with store.workspace() as workspace:
        request = {"other": str(made["tablet_preview"])}
        events = list(sandbox.run("compare", made["preview"], workspace, request))
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
        else:
            instance.reason_code, instance.reason_values = refusal.code, dict(refusal.values)
            log.info("instance %s unusable: %s", instance_id, refusal.code)
        post_instance(session, instance)
