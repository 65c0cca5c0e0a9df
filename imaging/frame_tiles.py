"""The lossless pixels of single frames of a clip, made when somebody pauses on one, and bounded in number."""

from __future__ import annotations

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, db
from app.actor import Actor
from app.errors import NotFound
from imaging import access, rendering, sandbox, store
from imaging.announcements import post_instance
from imaging.models import FRAME_TILES, RENDITION_VERSION, Instance, Rendition
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

MOST_PER_INSTANCE = 24  # the ones made longest ago are let go


def may_ask(actor: Actor, instance_id: str, frame_number: int) -> bool:
    """Whether the frame is still to be made: then whoever asked must queue `jobs.make_frame_tiles`.

    Raises NotFound (also for a frame that is not there, and for what is no clip), NotAllowed("held").
    """
    with db.read_session() as session:
        instance = access.shown_instance(session, actor, instance_id)
        frames = int(instance.facts.get("frames", 1))
        if instance.kind != "clip" or instance.sha256 is None or not 1 <= frame_number <= frames:
            raise NotFound()
        return _made(session, instance_id, frame_number - 1) is None


def _made(session: Session, instance_id: str, frame_index: int) -> Rendition | None:
    return session.scalar(
        select(Rendition).where(
            Rendition.instance_id == instance_id,
            Rendition.name == FRAME_TILES,
            Rendition.frame_index == frame_index,
            Rendition.retired_at.is_(None),
            Rendition.version == RENDITION_VERSION,
        )
    )


def make(instance_id: str, frame_index: int) -> None:
    """Make the tiles of one frame unless they are here; the room is told. A frame that cannot be read is left out."""
    with store.only_one(f"frame-{instance_id}-{frame_index}") as mine:
        with db.read_session() as session:
            instance = session.get(Instance, instance_id)
            done = not mine or _made(session, instance_id, frame_index) is not None
            sha256 = instance.sha256 if instance is not None else None
        if done or sha256 is None:
            return
        try:
            with store.refusing_when_full(), store.workspace() as workspace:
                request = {"frame_index": frame_index}
                for event in sandbox.run("frame_tiles", store.path_of("originals", sha256), workspace, request):
                    if event["event"] == "rendition":
                        rendering.add_rendition(instance_id, event, workspace, frame_index)
        except Refusal as refusal:
            log.warning("frame_index %d of instance %s has no tiles: %s", frame_index, instance_id, refusal.code)
            return
        _tell(instance_id)


def _tell(instance_id: str) -> None:
    with db.write_transaction() as session:
        instance = session.get_one(Instance, instance_id)
        by_age = sorted(instance.frame_tiles, key=lambda one: (one.created_at, one.id), reverse=True)
        for old in by_age[MOST_PER_INSTANCE:]:
            old.retired_at = clock.now()
        session.flush()
        session.expire(instance, ["frame_tiles"])
        post_instance(session, instance)
