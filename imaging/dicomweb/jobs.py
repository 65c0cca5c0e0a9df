"""Background work: headers of DICOM files that came before there were headers, or whose making was cut short."""

from __future__ import annotations

import logging

from app import db
from app.jobs import huey
from imaging.dicomweb import headers
from imaging.refusals import Refusal

log = logging.getLogger(__name__)


@huey.task(priority=-10)
def make_header(instance_id: str) -> None:
    """Make one header; a file whose header cannot be read stays out of DICOMweb."""
    try:
        headers.make(instance_id)
    except Refusal as refusal:
        log.info("instance %s has no readable header: %s", instance_id, refusal.code)


def take_up() -> None:
    """Queue whatever has no header yet."""
    with db.read_session() as session:
        waiting = headers.missing(session)
    for instance_id in waiting:
        make_header(instance_id)
