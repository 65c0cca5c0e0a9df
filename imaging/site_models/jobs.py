"""Background work: models look at pictures after everything that a person waits for."""

from __future__ import annotations

from collections.abc import Iterable

from app import db
from app.jobs import huey
from imaging.site_models import looking, queries, registry


@huey.task(priority=0, retries=looking.MAX_ATTEMPTS, retry_delay=5)
def ask_models(instance_id: str) -> None:
    """Have the site's models look at one picture; returns at once where there are none."""
    looking.look(instance_id)


def ask_models_of(instance_ids: Iterable[str]) -> None:
    """Ask about pictures that may be looked at only now, long after they were made: attached to a case from the inbox,
    or no longer held.
    """
    if registry.registered():
        for instance_id in instance_ids:
            ask_models(instance_id)


def take_up() -> None:
    """Ask again where an earlier worker was killed."""
    with db.read_session() as session:
        waiting = queries.unfinished(session)
    for instance_id in waiting:
        ask_models(instance_id)
