"""Small files of one sender that wait at the same moment, taken in together: one child opens, one commit keeps them.

A scan of hundreds of slices would else pay for hundreds of processes and syncs of the disk. Only what one sender sent
to one place shares a child, whose limits are those for one file; whatever does not go through it is taken in alone.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from app import db
from imaging import archives, ingest, sandbox, store
from imaging.dicomweb import headers
from imaging.facts import Facts
from imaging.models import Upload
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

MOST = 8  # files: everybody else's writes wait while their rows are written
MOST_BYTES = 4 * 1024 * 1024  # of one of them
_SYNCS_AT_ONCE = 8  # a file system writes several in one go


class _Opened(NamedTuple):
    """What the child found of a file."""

    facts: Facts
    header: headers.Found | None


def take_in(upload_id: str) -> list[str]:
    """Take in an upload, and others that wait with it; the ids of the instances whose renditions are to be made.

    Safe to repeat at any moment, as `ingest.ingest` is.
    """
    waiting = _waiting_with(upload_id)
    if waiting is None:
        return []
    made: dict[str, str] = {}
    if len(waiting) > 1:
        try:
            made = _take_in_together(waiting)
        except Exception:
            log.exception("%d files could not be taken in together: each is tried alone", len(waiting))
    alone = [ingest.ingest(one) for one in waiting if one not in made]
    return [*made.values(), *(one for one in alone if one is not None)]


def _waiting_with(upload_id: str) -> list[str] | None:
    """The upload and others like it, oldest first; None where it was taken in already, with others."""
    with db.read_session() as session:
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state == "stored":
            return None
        if not _is_small(upload):
            return [upload_id]
        like = select(Upload.id).where(
            Upload.state == "checking",
            Upload.owner_kind == upload.owner_kind,
            Upload.owner_id == upload.owner_id,
            Upload.case_id.is_(None) if upload.case_id is None else Upload.case_id == upload.case_id,
            Upload.acknowledged,
            Upload.attempts == 0,
            Upload.size <= MOST_BYTES,
            Upload.sha256.is_(None),
            Upload.id != upload_id,
        )
        return [upload_id, *session.scalars(like.order_by(Upload.created_at).limit(MOST - 1))]


def _is_small(upload: Upload) -> bool:
    """Whether it is a whole file that nobody has tried to open yet, and that nothing more has to be known of."""
    untried = upload.state == "checking" and upload.attempts == 0
    return untried and upload.acknowledged and upload.sha256 is None and upload.size <= MOST_BYTES


def _take_in_together(waiting: list[str]) -> dict[str, str]:
    """Instances by upload, of those that went through."""
    with ExitStack() as locks:
        mine = [one for one in waiting if locks.enter_context(store.only_one(f"upload-{one}"))]
        paths = {one: store.upload_path(one) for one in _begin(mine)}
        whole = {one: path for one, path in paths.items() if path.exists() and not archives.is_archive(path)}
        return _keep(_open(whole), whole)


def _begin(mine: list[str]) -> list[str]:
    """Count an attempt of each: one that takes the worker with it is alone the next time."""
    begun = []
    with db.write_transaction() as session:
        for upload_id in mine:
            upload = session.get(Upload, upload_id)
            if upload is not None and _is_small(upload):
                upload.attempts += 1
                begun.append(upload_id)
    return begun


def _open(paths: dict[str, Path]) -> dict[str, _Opened]:
    """What the child found before it ended, however it ended."""
    facts: dict[int, Facts] = {}
    found_headers: dict[int, headers.Found] = {}
    done: list[int] = []
    uploads, request = list(paths), {"paths": [str(one) for one in paths.values()]}
    with store.refusing_when_full(), store.workspace() as workspace:
        try:
            for event in sandbox.run("inspect_all", workspace, workspace, request):
                number = int(event.get("number", -1))
                if event["event"] == "facts":
                    facts[number] = Facts.from_json(event["facts"])
                elif event["event"] == "header":
                    found_headers[number] = headers.read_event(event, workspace / str(number))
                elif event["event"] == "entry":
                    done.append(number)
        except Refusal as refusal:
            log.warning("the child ended with %s: what it had not opened is opened alone", refusal.code)
    return {uploads[one]: _Opened(facts[one], found_headers.get(one)) for one in done if one in facts}


def _keep(opened: dict[str, _Opened], paths: dict[str, Path]) -> dict[str, str]:
    """Originals on the disk, then every row in one commit. What is refused is left to be refused alone."""

    def keep(upload_id: str) -> str:
        sha256 = store.keep("originals", paths[upload_id])
        header = opened[upload_id].header
        if header is not None:
            headers.keep(sha256, header)
        return sha256

    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
        kept = dict(zip(opened, pool.map(keep, opened), strict=True))
    made: dict[str, str] = {}
    with db.write_transaction(durable=True) as session:
        for upload_id, sha256 in kept.items():
            facts, header = opened[upload_id]
            try:
                instance_id = ingest.write_rows(session, upload_id, sha256, facts, header)
            except Refusal as refusal:
                log.info("upload %s is refused (%s) alone", upload_id, refusal.code)
                continue
            if instance_id is not None:
                made[upload_id] = instance_id
    for upload_id in made:
        store.drop_upload(upload_id)
    return made
