"""What the worker does for the inbox: forget what was discarded long ago."""

from __future__ import annotations

import logging

from huey import crontab

from app import clock
from app.jobs import huey
from imaging.inbox import expiry

log = logging.getLogger(__name__)


@huey.periodic_task(crontab(minute="41", hour="3"))
def forget_discarded() -> None:
    """Once a night."""
    count = expiry.forget_discarded(clock.now())
    if count:
        log.info("forgot %d discarded studies and files", count)


def take_up() -> None:
    """Nothing is left over from an earlier worker."""
