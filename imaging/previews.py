"""Previews that a sender's device makes: taken in, checked in the sandbox, and shown until their original is here.

Each step may be repeated or cut off at any moment. The bytes lie in `previews/` until they are shown; the row
says how far they are; the worker takes up what it finds unfinished.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any, Literal

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, db
from app.actor import Actor
from app.errors import Conflict, Invalid
from imaging import access, ingest, provisional, sandbox, store
from imaging.announcements import actor_of, post_instance, post_upload
from imaging.facts import Facts
from imaging.guards.holds import operations as holds
from imaging.models import Instance, Rendition, TabletPreview, Upload
from imaging.refusals import Refusal
from imaging.tablet_facts import MAX_CLIP_BYTES, MAX_STILL_BYTES, TabletClipIndex, TabletFacts

log = logging.getLogger(__name__)

Outcome = Literal["shown", "here", "late"]
Part = Literal["still", "clip"]
MAX_ATTEMPTS = 3
_OPEN = ("receiving", "checking")


def take_still(actor: Actor, upload_id: str, facts: TabletFacts, still: bytes) -> Outcome:
    """Take in an upload's picture and facts: "shown" (soon), "here" (the case has it already), "late" (so is the file).

    Whoever called must then queue `jobs.show_preview`. Raises NotFound, NotAllowed, Conflict("upload_ended"), Invalid.
    """
    _require_size("still", len(still), MAX_STILL_BYTES)
    with db.read_session() as session:
        upload = access.own_upload(session, actor, upload_id)
        outcome = _known_outcome(session, upload, facts)
    if outcome is not None:
        return outcome
    with store.refusing_when_full():
        _put(upload_id, "still", still)
    with db.write_transaction() as session:
        upload = access.own_upload(session, actor, upload_id)
        if session.get(TabletPreview, upload_id) is None:
            row = TabletPreview(upload_id=upload_id, facts=facts.model_dump(), created_at=clock.now())
            session.add(row)
            audit.record(session, actor, "send_preview", "upload", upload_id, case_id=upload.case_id, bytes=len(still))
    return "shown"


def take_clip(actor: Actor, upload_id: str, index: TabletClipIndex, clip: bytes) -> Outcome:
    """Take in the small clip of an upload whose still was taken. Raises as `take_still`."""
    _require_size("clip", len(clip), MAX_CLIP_BYTES)
    if index.size != len(clip):
        raise Invalid("clip", _("The clip is not as long as its index says."))
    with db.read_session() as session:
        upload = access.own_upload(session, actor, upload_id)
        row = session.get(TabletPreview, upload_id)
        if upload.state == "stored":
            return "late"
        if row is None or row.still_state in ("here", "refused"):
            raise Conflict(_("The picture of this clip was not taken, so the clip is not either."), code="no_preview")
        if TabletFacts.model_validate(row.facts).frames != len(index.frames):
            raise Invalid("index", _("The clip has another number of frames than its file."))
        if row.clip_state == "shown":
            return "shown"
    with store.refusing_when_full():
        _put(upload_id, "index", json.dumps(index.model_dump(), separators=(",", ":")).encode())
        _put(upload_id, "clip", clip)
    with db.write_transaction() as session:
        row = session.get_one(TabletPreview, upload_id)
        if row.clip_state == "none":
            row.clip_state, row.attempts = "checking", 0
    return "shown"


def _require_size(field: str, size: int, most: int) -> None:
    if not 0 < size <= most:
        raise Invalid(field, _("A preview has at most %(most)s KB.", most=most // 1000))


def _known_outcome(session: Session, upload: Upload, facts: TabletFacts) -> Outcome | None:
    """What is settled before a byte is looked at."""
    if upload.state == "stored":
        return "here" if upload.note == "again" else "late"
    if upload.state not in _OPEN:
        raise Conflict(_("This upload has already ended."), code="upload_ended")
    row = session.get(TabletPreview, upload.id)
    if row is not None and row.still_state in ("shown", "here"):
        return "here" if row.still_state == "here" else "shown"
    return "here" if _original_in_case(session, upload, _identity(upload, facts)) else None


def _identity(upload: Upload, facts: TabletFacts) -> str:
    """The SOP Instance UID that the original will have, as far as anybody can say now."""
    if facts.sop_instance_uid:
        return facts.sop_instance_uid
    sha256 = upload.sha256 or facts.sha256
    return ingest.derived_uid(f"instance:{sha256}" if sha256 else f"preview:{upload.id}")


def _original_in_case(session: Session, upload: Upload, sop_instance_uid: str) -> bool:
    wanted = select(Instance.id).where(
        Instance.case_id == upload.case_id, Instance.sop_instance_uid == sop_instance_uid, Instance.sha256.is_not(None)
    )
    return session.scalar(wanted.limit(1)) is not None


def _place(upload_id: str, name: str) -> Path:
    return store.folder("previews") / f"{upload_id}.{name}"


def _put(upload_id: str, name: str, content: bytes) -> None:
    """Whole or not at all: two tabs may send the same."""
    place = _place(upload_id, name)
    new = place.with_name(f".new-{db.new_id()}")
    new.write_bytes(content)
    os.replace(new, place)


def show(upload_id: str) -> str | None:
    """Check and show whatever of an upload's preview waits for it; returns the instance's id.

    Safe to repeat at any moment. What cannot be shown is forgotten: the original decides.
    """
    with store.only_one(f"preview-{upload_id}") as mine:
        if not mine:
            return None
        for part in ("still", "clip"):
            if _begin(upload_id, part):
                try:
                    _show(upload_id, part)
                except Refusal as refusal:
                    _refuse(upload_id, part, refusal)
    with db.read_session() as session:
        upload = session.get(Upload, upload_id)
        return upload.instance_id if upload else None


def _begin(upload_id: str, part: Part) -> bool:
    """Count the attempt; whether there is something to do."""
    with db.write_transaction() as session:
        row, upload = session.get(TabletPreview, upload_id), session.get(Upload, upload_id)
        if row is None or upload is None or _state(row, part) != "checking":
            return False
        row.attempts += 1
        if row.attempts <= MAX_ATTEMPTS and upload.state in _OPEN:
            return True
    _refuse(upload_id, part, Refusal("crashed"))
    return False


def _state(row: TabletPreview, part: Part) -> str:
    return row.still_state if part == "still" else row.clip_state


def _settle(row: TabletPreview, part: Part, state: str) -> None:
    if part == "still":
        row.still_state, row.attempts = state, 0
    else:
        row.clip_state = state


def _show(upload_id: str, part: Part) -> None:
    with db.read_session() as session:
        facts = session.get_one(TabletPreview, upload_id).facts
    path = _place(upload_id, part)
    if not path.exists():
        raise Refusal("lost_bytes")
    request = {"rows": facts["rows"], "columns": facts["columns"], "index": str(_place(upload_id, "index"))}
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("check_still" if part == "still" else "check_clip", path, workspace, request):
            if event["event"] == "rendition":
                _add(upload_id, part, event, workspace)
    _forget_bytes(upload_id, part)


def _add(upload_id: str, part: Part, event: dict[str, Any], workspace: Path) -> None:
    path = workspace / event["file"]
    sha256 = store.keep("renditions", path)
    index = workspace / "index.json"
    index_sha256 = store.keep("renditions", index) if part == "clip" else None
    with db.write_transaction() as session:
        upload, row = session.get_one(Upload, upload_id), session.get_one(TabletPreview, upload_id)
        if upload.state not in _OPEN:  # it ended while the picture was looked at
            _settle(row, part, "refused")
            return
        instance = _instance_for(session, upload, TabletFacts.model_validate(row.facts), part)
        if instance is None:
            _settle(row, part, "here")
            return
        name = "tablet_preview" if part == "still" else "tablet_clip"
        if all(one.name != name for one in instance.renditions):
            made = Rendition(name=name, sha256=sha256, index_sha256=index_sha256, bytes=path.stat().st_size, detail={})
            made.id, made.created_at = db.new_id(), clock.now()
            made.width, made.height = event["width"], event["height"]
            instance.renditions.append(made)
        session.flush()
        _settle(row, part, "shown")
        post_upload(session, upload)
        post_instance(session, instance)


def _instance_for(session: Session, upload: Upload, told: TabletFacts, part: Part) -> Instance | None:
    """The provisional instance, made with the still; None where the original is in the case by now."""
    uid = _identity(upload, told)
    if _original_in_case(session, upload, uid):
        return None
    found = provisional.of_upload(session, upload, uid)
    if found is None and part == "still":
        found = _make(session, upload, told.as_facts(), uid)
    if found is not None:
        upload.instance_id = found.id
        found.reason_code = None  # an earlier sender gave it up; this one is on the way
    return found


def _make(session: Session, upload: Upload, facts: Facts, uid: str) -> Instance:
    facts.sop_instance_uid = uid
    ingest.complete_study(facts, upload, upload.id)
    instance = ingest.add_instance(session, upload, None, facts)
    holds.check(session, actor_of(upload), instance)
    detail = {"case_id": upload.case_id, "upload_id": upload.id}
    audit.record(session, actor_of(upload), "show_preview", "instance", instance.id, **detail)
    return instance


def _refuse(upload_id: str, part: Part, refusal: Refusal) -> None:
    with db.write_transaction() as session:
        row = session.get_one(TabletPreview, upload_id)
        _settle(row, part, "refused")
        row.reason_code = refusal.code
    _forget_bytes(upload_id, part)
    log.info("the %s sent ahead of upload %s cannot be shown: %s", part, upload_id, refusal.code)


def _forget_bytes(upload_id: str, part: Part) -> None:
    for name in ("still",) if part == "still" else ("clip", "index"):
        _place(upload_id, name).unlink(missing_ok=True)


def unfinished() -> list[str]:
    """The uploads of which a preview waits to be shown."""
    waiting = (TabletPreview.still_state == "checking") | (TabletPreview.clip_state == "checking")
    with db.read_session() as session:
        return list(session.scalars(select(TabletPreview.upload_id).where(waiting)))
