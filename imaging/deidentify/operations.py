"""What is decided about a copy: ordered, each mask, confirmed, kept to teach, deleted. The originals stay untouched."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit, db
from app.actor import Actor
from app.errors import Conflict, Invalid, NotAllowed
from imaging.deidentify import access, queries
from imaging.deidentify.boxes import Box
from imaging.deidentify.models import (
    COPY_PURPOSES,
    DECISIONS,
    CopyItem,
    CopyMask,
    DeidentifiedCopy,
    TeachingCopy,
)
from imaging.deidentify.presets import PRESETS
from imaging.guards import cases

MOST_PICTURES = 100
MOST_MASKS = 200  # of one picture
LONGEST_TITLE = 120


def start(
    session: Session,
    actor: Actor,
    case_id: str,
    *,
    purpose: str,
    preset: str,
    instance_ids: Sequence[str],
    now: datetime,
) -> DeidentifiedCopy:
    """Order a copy of these pictures of a case. Raises NotFound, NotAllowed, Invalid (purpose, preset, pictures)."""
    access.require_making(session, actor, case_id)
    if purpose not in COPY_PURPOSES:
        raise Invalid("purpose", _("Say what the copy is for."))
    if preset not in PRESETS:
        raise Invalid("preset", _("Choose what may stay in the copy."))
    chosen = [one for one in queries.choices(session, case_id) if one.id in set(instance_ids)]
    if not chosen or len(chosen) < len(set(instance_ids)):
        raise Invalid(
            "pictures", _("Choose at least one picture; one that is held back or still being made cannot be copied.")
        )
    if len(chosen) > MOST_PICTURES:
        raise Invalid("pictures", _("Choose at most %(most)s pictures for one copy.", most=MOST_PICTURES))
    copy = DeidentifiedCopy(
        id=db.new_id(),
        case_id=case_id,
        maker_id=actor.id,
        maker_name=actor.name,
        purpose=purpose,
        preset=preset,
        salt=secrets.token_hex(32),
        created_at=now,
        updated_at=now,
    )
    session.add(copy)
    session.flush()
    session.add_all(CopyItem(copy_id=copy.id, instance_id=one.id, position=number) for number, one in enumerate(chosen))
    detail = {"case_id": case_id, "purpose": purpose, "preset": preset, "pictures": len(chosen)}
    audit.record(session, actor, "start_copy", "deidentified_copy", copy.id, **detail)
    return copy


def record_reading(session: Session, actor: Actor, copy: DeidentifiedCopy, what: str) -> None:
    """Write down that somebody looked at a copy, or took it away."""
    audit.record(session, actor, what, "deidentified_copy", copy.id, case_id=copy.case_id)


def decide(session: Session, actor: Actor, mask_id: str, decision: str, now: datetime) -> CopyItem:
    """Cover a place, leave it, or open it again. Raises NotFound, NotAllowed, Conflict, Invalid (decision)."""
    mask = access.mask(session, actor, mask_id)
    item = _being_confirmed(mask.item, now)
    if decision not in DECISIONS:
        raise Invalid("decision", _("Say whether this place is to be covered."))
    mask.decision = decision
    session.flush()
    return item


def decide_rest(session: Session, actor: Actor, item_id: str, decision: str, now: datetime) -> CopyItem:
    """Decide every place of a picture that is still open at once."""
    item = _being_confirmed(access.item(session, actor, item_id), now)
    if decision not in DECISIONS:
        raise Invalid("decision", _("Say whether these places are to be covered."))
    for mask in queries.undecided(item):
        mask.decision = decision
    session.flush()
    return item


def draw(session: Session, actor: Actor, item_id: str, box: Box, now: datetime) -> CopyItem:
    """Cover one more place. Raises Invalid (box), Conflict."""
    item = _being_confirmed(access.item(session, actor, item_id), now)
    if len(item.masks) >= MOST_MASKS:
        raise Invalid("box", _("This picture has %(most)s places already: cover several with one.", most=MOST_MASKS))
    inside = _inside(box, item)
    item.masks.append(
        CopyMask(
            id=db.new_id(),
            x=inside.x,
            y=inside.y,
            width=inside.width,
            height=inside.height,
            origin="person",
            likely=True,
            decision="accepted",
        )
    )
    session.flush()
    return item


def resize(session: Session, actor: Actor, mask_id: str, box: Box, now: datetime) -> CopyItem:
    """Move a place or change its size; whoever does so wants it covered. Raises Invalid (box), Conflict."""
    mask = access.mask(session, actor, mask_id)
    item = _being_confirmed(mask.item, now)
    inside = _inside(box, item)
    mask.x, mask.y, mask.width, mask.height = inside.x, inside.y, inside.width, inside.height
    mask.decision = "accepted"
    session.flush()
    return item


def erase(session: Session, actor: Actor, mask_id: str, now: datetime) -> CopyItem:
    """Take back a place that a person drew; what was proposed is left instead. Raises Conflict."""
    mask = access.mask(session, actor, mask_id)
    item = _being_confirmed(mask.item, now)
    if mask.origin != "person":
        raise Conflict(_("This place was found by the server: say that it may stay, instead of removing it."))
    item.masks.remove(mask)
    session.delete(mask)
    session.flush()
    return item


def leave_out(session: Session, actor: Actor, item_id: str, left_out: bool, now: datetime) -> CopyItem:
    """Leave a picture out of the copy, or take it in again."""
    item = _being_confirmed(access.item(session, actor, item_id), now)
    item.left_out = left_out
    session.flush()
    return item


def confirm(session: Session, actor: Actor, copy_id: str, *, nothing_left: bool, now: datetime) -> DeidentifiedCopy:
    """The person's word that nothing names the patient any more; the copy is made only then.

    Raises NotFound, NotAllowed, Conflict, Invalid (nothing_left, masks, pictures).
    """
    copy = access.copy(session, actor, copy_id)
    _require_confirming(copy)
    copied = [item for item in copy.items if not item.left_out and item.state == "proposed"]
    if not copied:
        raise Invalid("pictures", _("No picture is left in this copy."))
    if any(queries.undecided(item) for item in copied):
        raise Invalid("masks", _("Some places are not decided yet: cover each, or say that it may stay."))
    if not nothing_left:
        raise Invalid("nothing_left", _("Look at every picture, and say that nothing names the patient any more."))
    copy.state, copy.progress, copy.attempts = "making", 0.0, 0
    copy.confirmed_by, copy.confirmed_at, copy.updated_at = actor.id, now, now
    masks = [mask for item in copied for mask in item.masks]
    detail = {
        "case_id": copy.case_id,
        "pictures": len(copied),
        "covered": sum(mask.decision == "accepted" for mask in masks),
        "left": sum(mask.decision == "rejected" for mask in masks),
    }
    audit.record(session, actor, "confirm_copy", "deidentified_copy", copy.id, **detail)
    return copy


def keep_to_teach(session: Session, actor: Actor, copy_id: str, title: str, now: datetime) -> TeachingCopy:
    """Put a copy on the program's teaching list; nothing of it leads back to the case. Raises Conflict, Invalid."""
    copy = access.copy(session, actor, copy_id)
    if copy.state != "ready" or copy.file_bytes is None:
        raise Conflict(_("This copy is not ready. Load the page again to see how it stands."))
    made = [item.made for item in copy.items if item.state == "made"]
    teaching = TeachingCopy(
        id=db.new_id(),
        program_id=actor.program_id,
        maker_id=actor.id,
        title=_checked_title(session, copy, title),
        preset=copy.preset,
        pictures=[{name: one[name] for name in ("shown", "modality", "frames", "width", "height")} for one in made],
        file_bytes=copy.file_bytes,
        added_at=now,
    )
    session.add(teaching)
    session.flush()
    copy.state, copy.updated_at = "kept", now
    detail = {"case_id": copy.case_id, "copy_id": copy.id}
    audit.record(session, actor, "keep_teaching_copy", "teaching_copy", teaching.id, **detail)
    return teaching


def _checked_title(session: Session, copy: DeidentifiedCopy, title: str) -> str:
    title = " ".join(title.split())
    if not title or len(title) > LONGEST_TITLE:
        raise Invalid("title", _("Say in at most %(most)s characters what can be learned from it.", most=LONGEST_TITLE))
    case = cases.identity(session, copy.case_id)
    names = {word.casefold() for word in (case.name if case else "").split() if len(word) > 2}
    if names & {word.strip(".,;:()").casefold() for word in title.split()}:
        raise Invalid("title", _("Leave the patient's name out of the title."))
    return title


def delete(session: Session, actor: Actor, copy_id: str, now: datetime) -> DeidentifiedCopy:
    """Give up a copy, whatever its state; a teaching copy made of it stays. Raises NotFound, NotAllowed."""
    copy = access.copy(session, actor, copy_id)
    copy.state, copy.salt, copy.updated_at = "deleted", "", now
    audit.record(session, actor, "delete_copy", "deidentified_copy", copy.id, case_id=copy.case_id)
    return copy


def delete_teaching(session: Session, actor: Actor, teaching_id: str) -> None:
    """Take a teaching copy back: its maker alone. Raises NotFound, NotAllowed."""
    teaching = access.teaching(session, actor, teaching_id)
    if teaching.maker_id != actor.id:
        raise NotAllowed(_("Only whoever made this teaching copy can delete it."))
    audit.record(session, actor, "delete_teaching_copy", "teaching_copy", teaching.id)
    session.delete(teaching)


def read_teaching(session: Session, actor: Actor, teaching_id: str, what: str = "read_teaching_copy") -> TeachingCopy:
    """A teaching copy, for somebody who looks at it or takes it away. Raises NotFound."""
    teaching = access.teaching(session, actor, teaching_id)
    audit.record(session, actor, what, "teaching_copy", teaching.id)
    return teaching


def _being_confirmed(item: CopyItem, now: datetime) -> CopyItem:
    _require_confirming(item.copy)
    if item.state != "proposed":
        raise Conflict(_("This picture is not part of the copy."))
    item.copy.updated_at = now
    return item


def _require_confirming(copy: DeidentifiedCopy) -> None:
    if copy.state != "confirming":
        raise Conflict(_("This copy is not waiting for you any more. Load the page again to see how it stands."))


def _inside(box: Box, item: CopyItem) -> Box:
    inside = box.within(item.columns, item.rows)
    if inside is None or inside.width < 2 or inside.height < 2:
        raise Invalid("box", _("The place lies outside the picture, or is too small to cover anything."))
    return inside
