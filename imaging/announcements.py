"""What the case's room is told, written in the same transaction as the fact it tells."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import Session

from app import outbox
from app.actor import Actor, Role
from imaging import queries
from imaging.models import Instance, Upload


def actor_of(upload: Upload) -> Actor:
    """Who sent the file: background work is done in their name."""
    return Actor(
        kind=cast(Any, upload.owner_kind),
        id=upload.owner_id,
        name=upload.owner_name,
        role=cast(Role, upload.owner_role),
        program_id=upload.program_id,
        facility_id=upload.facility_id,
        consult_id=upload.consult_id,
    )


def post_upload(session: Session, upload: Upload) -> None:
    """Tell the case's room how an upload stands; the inbox only of what stays in it unusable."""
    if upload.case_id is not None:
        payload = {"upload": queries.upload_status(upload)}
        outbox.post(session, f"case:{upload.case_id}", "upload_changed", payload)
    if upload.acknowledged and upload.state == "refused":
        post_inbox(session, upload.facility_id)


def post_upload_gone(session: Session, upload: Upload) -> None:
    """Tell the case's room that an upload no longer belongs to the case."""
    payload = {"upload": {**queries.upload_status(upload), "state": "cancelled"}}
    outbox.post(session, f"case:{upload.case_id}", "upload_changed", payload)


def post_removed(session: Session, case_id: str, instance_id: str) -> None:
    """Tell a case's room that an instance is no longer in the case."""
    outbox.post(session, f"case:{case_id}", "instance_removed", {"instance_id": instance_id})


def post_instance(session: Session, instance: Instance) -> None:
    """Tell the case's room how an instance stands, or the inbox that it waits in."""
    if instance.case_id is not None:
        payload = {"instance": queries.manifest(instance)}
        outbox.post(session, f"case:{instance.case_id}", "instance_changed", payload)
    elif instance.state in _SEEN_IN_INBOX:
        post_inbox(session, instance.facility_id)


_SEEN_IN_INBOX = ("received", "ready", "unusable")  # not every step of its renditions


def post_inbox(session: Session, facility_id: str | None) -> None:
    """Tell the facility's treating doctors that their inbox is not what it was."""
    if facility_id is not None:
        outbox.post(session, f"inbox:{facility_id}", "inbox_changed", {})
