"""Background work: masks are proposed and copies made by the worker, after everything that a consult waits for."""

from __future__ import annotations

from app import db
from app.jobs import huey
from imaging.deidentify import making, queries

_RETRIES = {"retries": making.MAX_ATTEMPTS, "retry_delay": 5}


@huey.task(**_RETRIES)
def propose_masks(copy_id: str) -> None:
    """Read every picture of a copy."""
    making.propose(copy_id)


@huey.task(**_RETRIES)
def make_copy(copy_id: str) -> None:
    """Make what was confirmed."""
    making.make(copy_id)


def take_up() -> None:
    """Queue again whatever an earlier worker did not finish; work done twice changes nothing."""
    with db.read_session() as session:
        waiting = queries.unfinished(session)
    for copy_id, state in waiting:
        (propose_masks if state == "proposing" else make_copy)(copy_id)
