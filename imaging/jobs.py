"""Background work: what the worker does with uploads and instances, and what it takes up when it starts."""

from __future__ import annotations

import logging
from datetime import timedelta

from huey import crontab
from sqlalchemy import select

from app import clock, db
from app.jobs import huey
from imaging import archives, ingest, previews, rendering, sandbox, store, uploads
from imaging.models import Instance, Upload
from imaging.site_models.jobs import ask_models

log = logging.getLogger(__name__)

_LATE = timedelta(minutes=2)
_RETRIES = {"retries": ingest.MAX_ATTEMPTS, "retry_delay": 5}


@huey.task(priority=50, **_RETRIES)
def ingest_upload(upload_id: str) -> None:
    """Check and keep an upload, then have its renditions made. Checks go before renditions: they are short."""
    instance_id = ingest.ingest(upload_id)
    if instance_id is not None:
        make_renditions(instance_id)
    for entry_id in archives.waiting_entries(upload_id):
        ingest_upload(entry_id)


@huey.task(priority=90, **_RETRIES)
def show_preview(upload_id: str) -> None:
    """Show what a tablet sent ahead of its file. Before everything else: somebody waits, and it takes half a second."""
    previews.show(upload_id)


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
    for upload_id in waiting:
        ingest_upload(upload_id)
    for upload_id in previews.unfinished():
        show_preview(upload_id)


def take_up() -> None:
    """Queue again whatever an earlier worker did not finish; work done twice changes nothing."""
    store.sweep()
    sandbox.warm_up()
    with db.read_session() as session:
        waiting = list(session.scalars(select(Upload.id).where(Upload.state == "checking")))
        unfinished = Instance.state.in_(("received", "processing"))
        instances = list(session.scalars(select(Instance.id).where(unfinished).order_by(Instance.created_at)))
    for upload_id in previews.unfinished():
        show_preview(upload_id)
    for upload_id in waiting:
        ingest_upload(upload_id)
    for instance_id in instances:
        make_renditions(instance_id)
    if waiting or instances:
        log.info("taken up: %d uploads, %d instances", len(waiting), len(instances))
