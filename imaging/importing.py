"""Take in a file that already lies on this machine: seeding, and support."""

from __future__ import annotations

import shutil
from pathlib import Path

from app import db
from app.actor import Actor
from app.errors import NotFound
from imaging import store
from imaging.ingest import ingest
from imaging.models import Upload
from imaging.refusals import Refusal
from imaging.uploads import add_upload


def import_file(actor: Actor, case_id: str, path: Path, file_name: str) -> str:
    """Take in a file that already lies on this machine: the same checks, the same rows.

    Returns the instance's id; its renditions are made by the worker. Raises Refusal with the reason.
    """
    with db.write_transaction() as session:
        upload = add_upload(session, actor, case_id, file_name, path.stat().st_size)
        upload.state, upload.received = "checking", upload.size
        upload_id = upload.id
    with store.refusing_when_full():
        shutil.copyfile(path, store.upload_path(upload_id))
    instance_id = ingest(upload_id)
    if instance_id is not None:
        return instance_id
    with db.read_session() as session:
        refused = session.get(Upload, upload_id)
        if refused is None:
            raise NotFound()
        raise Refusal(refused.reason_code or "crashed", **refused.reason_values)
