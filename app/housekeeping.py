"""What the worker tidies by itself, whatever the subjects do in their own jobs."""

from __future__ import annotations

from huey import crontab

from app import db, outbox
from app.jobs import huey


@huey.periodic_task(crontab(minute="17"))
def forget_old_notices() -> None:
    """Once an hour: drop notices that no browser can still be waiting for."""
    with db.write_transaction() as session:
        outbox.forget_old(session)


def take_up() -> None:
    """Nothing is left over from an earlier worker."""
