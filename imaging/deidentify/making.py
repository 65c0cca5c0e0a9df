"""The worker's part: propose masks for every picture of a copy, then make it. Safe to kill and to repeat."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from app import clock, db
from imaging import queries as pictures
from imaging import sandbox, store
from imaging.deidentify import files, queries
from imaging.deidentify.models import CopyItem, CopyMask, DeidentifiedCopy
from imaging.deidentify.presets import PRESETS
from imaging.deidentify.profile import EDITION
from imaging.guards import cases
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
_README = """Pictures without their patient's identity

Made by Nidaan after DICOM PS3.15 {edition}, Annex E (Basic Application Level Confidentiality Profile).
Options: {options}

Text burned into the pixels was covered where a person confirmed it. Faces, and whatever in a picture itself could be
recognised by somebody who knows the patient, were not changed.
"""


def propose(copy_id: str) -> None:
    """Read every picture that was not read yet; then a person may confirm. Does nothing for a copy in another state."""
    with store.only_one(f"copy-{copy_id}") as mine:
        waiting = _begin(copy_id, "proposing") if mine else None
        if waiting is None:
            return
        for number, item_id in enumerate(waiting):
            if not _tell(copy_id, "proposing", number / len(waiting)):
                return
            _attempt(item_id, _propose_one)
        _end_proposing(copy_id)


def make(copy_id: str) -> None:
    """Make every picture and pack them. Does nothing for a copy in another state."""
    with store.only_one(f"copy-{copy_id}") as mine:
        wanted = _begin(copy_id, "making") if mine else None
        if wanted is None:
            return
        for number, item_id in enumerate(wanted):
            if not _tell(copy_id, "making", number / (len(wanted) + 1)):
                return
            _attempt(item_id, _make_one)
        try:
            _pack(copy_id)
        except Refusal as refusal:
            _fail(copy_id, refusal.code)


def _begin(copy_id: str, state: str) -> list[str] | None:
    """Count the attempt; the pictures still to be done, or None when there is nothing to do."""
    item_state = "waiting" if state == "proposing" else "proposed"
    with db.write_transaction() as session:
        copy = session.get(DeidentifiedCopy, copy_id)
        if copy is None or copy.state != state:
            return None
        copy.attempts += 1
        given_up = copy.attempts > MAX_ATTEMPTS
        wanted = [item.id for item in copy.items if item.state == item_state and not item.left_out]
    if given_up:
        _fail(copy_id, "crashed")
        return None
    return wanted


def _tell(copy_id: str, state: str, progress: float) -> bool:
    """Write down how far it is; False when the copy was deleted meanwhile."""
    with db.write_transaction() as session:
        copy = session.get_one(DeidentifiedCopy, copy_id)
        copy.progress, copy.updated_at = progress, clock.now()
        return copy.state == state


def _attempt(item_id: str, work: Any) -> None:
    try:
        work(item_id)
    except Refusal as refusal:
        log.info("a picture of a copy was left out: %s", refusal.code)
        with db.write_transaction() as session:
            item = session.get_one(CopyItem, item_id)
            item.state, item.reason_code, item.reason_values = "failed", refusal.code, dict(refusal.values)


def _original(item: CopyItem) -> Path:
    """The original's bytes. Raises Refusal: held (it may be another patient's by now), lost_bytes."""
    if item.instance.case_id != item.copy.case_id or not queries.can_be_copied(item.instance):
        raise Refusal("held")
    path = pictures.original_path(item.instance)
    if not path.exists():
        raise Refusal("lost_bytes")
    return path


def _propose_one(item_id: str) -> None:
    with db.read_session() as session:
        item = session.get_one(CopyItem, item_id)
        original, copy_id = _original(item), item.copy_id
        case = cases.identity(session, item.copy.case_id)
        known = [word for word in (case.name if case else "").split() if len(word) > 2]
    folder = files.folder_of(copy_id)
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("propose_masks", original, workspace, {"known": known}):
            if event["event"] == "masks":
                for number, picture in enumerate(event["pictures"]):
                    files.keep(workspace / picture["file"], folder, f"{item_id}-seen-{number}.webp")
                _save_proposals(item_id, event)


def _save_proposals(item_id: str, event: dict[str, Any]) -> None:
    with db.write_transaction() as session:
        item = session.get_one(CopyItem, item_id)
        item.columns, item.rows, item.frames = event["columns"], event["rows"], event["frames"]
        item.pictures = [{"frame_number": one["frame_number"]} for one in event["pictures"]]
        item.masks = [CopyMask(id=db.new_id(), decision="open", **proposal) for proposal in event["proposals"]]
        item.state = "proposed"


def _end_proposing(copy_id: str) -> None:
    with db.write_transaction() as session:
        copy = session.get_one(DeidentifiedCopy, copy_id)
        if copy.state == "proposing":
            usable = any(item.state == "proposed" for item in copy.items)
            copy.state, copy.progress = ("confirming", 1.0) if usable else ("failed", 1.0)
            copy.updated_at = clock.now()


def _make_one(item_id: str) -> None:
    with db.read_session() as session:
        item = session.get_one(CopyItem, item_id)
        original, copy_id = _original(item), item.copy_id
        boxes = [queries.box_of(mask) for mask in item.masks if mask.decision == "accepted"]
        request = {
            "salt": item.copy.salt,
            "preset": item.copy.preset,
            "boxes": [[box.x, box.y, box.width, box.height] for box in boxes],
            "confirmed": item.copy.confirmed_at is not None,
        }
    folder = files.folder_of(copy_id)
    made: dict[str, Any] = {}
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("copy_without_identity", original, workspace, request):
            if event["event"] == "rendition":
                name = f"{item_id}-{event['file']}"
                files.keep(workspace / event["file"], folder, name)
                made |= {event["name"]: name, **event["detail"]}
                if event["name"] == "shown":
                    made |= {"width": event["width"], "height": event["height"]}
    with db.write_transaction() as session:
        item = session.get_one(CopyItem, item_id)
        item.made, item.state = made, "made"


def _pack(copy_id: str) -> None:
    """Pack what was made, forget the salt, and remove the pictures on which identity could still be seen."""
    folder = files.folder_of(copy_id)
    with db.read_session() as session:
        copy = queries.whole_copy(session, copy_id)
        made = [item.made for item in copy.items if item.state == "made"]
    if not made:
        raise Refusal("identity_left")
    members = [
        (folder / one["copy"], f"picture-{number:02}{Path(one['copy']).suffix}") for number, one in enumerate(made, 1)
    ]
    options = ", ".join(sorted(PRESETS[copy.preset].options)) or "none"
    size = files.pack(folder, members, _README.format(edition=EDITION, options=options))
    with db.write_transaction() as session:
        copy = session.get_one(DeidentifiedCopy, copy_id)
        if copy.state == "making":
            copy.state, copy.progress, copy.file_bytes, copy.salt = "ready", 1.0, size, ""
            copy.updated_at = clock.now()
    files.drop_matching(folder, "*-seen-*.webp")
    files.drop_matching(folder, "*-copy.*")


def _fail(copy_id: str, code: str) -> None:
    with db.write_transaction() as session:
        copy = session.get_one(DeidentifiedCopy, copy_id)
        if copy.state in {"proposing", "making"}:
            copy.state, copy.reason_code, copy.salt = "failed", code, ""
            copy.updated_at = clock.now()
    files.drop(files.folder_of(copy_id))
