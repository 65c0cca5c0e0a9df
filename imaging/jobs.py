"""Background work: what the worker does with uploads and instances, and what it takes up when it starts."""

from __future__ import annotations

import logging
from datetime import timedelta

from huey import crontab
from sqlalchemy import select

from app import clock, db
from app.jobs import huey
from imaging import archives, frame_tiles, ingest, previews, remaking, rendering, sandbox, store, together, uploads
from imaging.dicomweb import drawn
from imaging.models import Instance, Upload
from imaging.site_models.jobs import ask_models

log = logging.getLogger(__name__)

_LATE = timedelta(minutes=2)
_RETRIES = {"retries": ingest.MAX_ATTEMPTS, "retry_delay": 5}


@huey.task(priority=50, **_RETRIES)
def ingest_upload(upload_id: str) -> None:
    """Check and keep an upload, then have its renditions made. Checks go before renditions: they are short."""
    for instance_id in together.take_in(upload_id):
        make_first_look(instance_id)
    for entry_id in archives.waiting_entries(upload_id):
        ingest_upload(entry_id)


@huey.task(priority=90, **_RETRIES)
def show_preview(upload_id: str) -> None:
    """Show what a tablet sent ahead of its file. Before everything else: somebody waits, and it takes half a second."""
    previews.show(upload_id)


@huey.task(priority=40, **_RETRIES)
def make_first_look(instance_id: str) -> None:
    """Make preview and thumbnail: those of all that came, before the rest of any. Then the rest has its turn."""
    rendering.make_renditions(instance_id, first_look=True)
    make_renditions(instance_id)


@huey.task(priority=80, **_RETRIES)
def make_renditions_now(instance_id: str) -> None:
    """The same as `make_renditions`, for what somebody has open."""
    rendering.make_renditions(instance_id)


@huey.task(priority=70, **_RETRIES)
def make_frame_tiles(instance_id: str, frame_index: int) -> None:
    """Make the lossless tiles of the frame on which somebody paused."""
    frame_tiles.make(instance_id, frame_index)


@huey.task(**_RETRIES)
def make_renditions(instance_id: str) -> None:
    """Make what is still missing of an instance's renditions."""
    rendering.make_renditions(instance_id)
    ask_models(instance_id)


@huey.periodic_task(crontab(minute="*"))
def find_forgotten() -> None:
    """Queue uploads whose notice was lost (the web process died between its two writes); forget abandoned ones."""
    uploads.forget_abandoned()
    with db.read_session() as session:
        late = Upload.updated_at < clock.now() - _LATE
        waiting = list(session.scalars(select(Upload.id).where(Upload.state == "checking", late)))
    queued = _queued()
    for upload_id in waiting:
        if ("ingest_upload", upload_id) not in queued:
            ingest_upload(upload_id)
    for upload_id in previews.unfinished():
        if ("show_preview", upload_id) not in queued:
            show_preview(upload_id)
    if huey.pending_count() == 0:  # else they are in the queue, or behind what is
        _queue_unfinished()


def _queued() -> set[tuple[str, str]]:
    """Task and what it is for, of everything that waits: behind a day's studies nothing is queued every minute anew."""
    return {(task.name, task.args[0]) for task in huey.pending() if task.args}


@huey.periodic_task(crontab(minute="41"))
def sweep_retired() -> None:
    """Once an hour: forget renditions that were made anew a day ago, and bytes that belong to nothing."""
    remaking.sweep_retired()
    drawn.sweep()
    uploads.sweep()


def _queue_unfinished() -> int:
    """Instances without all of their renditions: an earlier worker was killed, or the disk was full."""
    with db.read_session() as session:
        unfinished = Instance.state.in_(("received", "processing"))
        instances = list(session.scalars(select(Instance.id).where(unfinished).order_by(Instance.created_at)))
    for instance_id in instances:
        make_first_look(instance_id)
    again = remaking.unfinished()
    for instance_id in again:
        make_renditions(instance_id)
    return len(instances) + len(again)


def take_up() -> None:
    """Queue again whatever an earlier worker did not finish; work done twice changes nothing."""
    store.sweep()
    sandbox.warm_up()
    with db.read_session() as session:
        waiting = list(session.scalars(select(Upload.id).where(Upload.state == "checking")))
    for upload_id in previews.unfinished():
        show_preview(upload_id)
    for upload_id in waiting:
        ingest_upload(upload_id)
    instances = _queue_unfinished()
    if waiting or instances:
        log.info("taken up: %d uploads, %d instances", len(waiting), instances)
