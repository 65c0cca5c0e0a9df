"""Reads: a case's copies, one copy as its page knows it, a program's teaching copies."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from imaging.deidentify.boxes import Box
from imaging.deidentify.models import CopyItem, CopyMask, DeidentifiedCopy, TeachingCopy
from imaging.models import Instance
from imaging.reasons import sentence

Json = dict[str, Any]


def copies_of(session: Session, case_id: str) -> list[DeidentifiedCopy]:
    """A case's copies, newest first; those that were deleted are gone."""
    rows = (
        select(DeidentifiedCopy)
        .where(DeidentifiedCopy.case_id == case_id, DeidentifiedCopy.state != "deleted")
        .order_by(DeidentifiedCopy.created_at.desc(), DeidentifiedCopy.id)
        .options(selectinload(DeidentifiedCopy.items))
    )
    return list(session.scalars(rows))


def whole_copy(session: Session, copy_id: str) -> DeidentifiedCopy:
    """A copy with its pictures and their masks, as they are written now."""
    rows = (
        select(DeidentifiedCopy)
        .where(DeidentifiedCopy.id == copy_id)
        .options(
            selectinload(DeidentifiedCopy.items).selectinload(CopyItem.masks),
            selectinload(DeidentifiedCopy.items).selectinload(CopyItem.instance),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalars(rows).one()


def choices(session: Session, case_id: str) -> list[Instance]:
    """The case's pictures that can be copied: those with pixels of their own that nobody holds back."""
    rows = select(Instance).where(Instance.case_id == case_id).order_by(Instance.created_at, Instance.id)
    return [one for one in session.scalars(rows.options(selectinload(Instance.renditions))) if can_be_copied(one)]


def can_be_copied(instance: Instance) -> bool:
    """A document names its patient in words that no mask reaches; a held or unfinished picture is nobody's yet."""
    return instance.state == "ready" and instance.kind != "document" and not instance.is_held


def undecided(item: CopyItem) -> list[CopyMask]:
    """The masks that a person must still decide: a line that lies under an accepted mask is decided with it."""
    if item.left_out or item.state == "failed":
        return []
    accepted = [box_of(mask) for mask in item.masks if mask.decision == "accepted"]
    return [
        mask for mask in item.masks if mask.decision == "open" and not any(box.covers(box_of(mask)) for box in accepted)
    ]


def box_of(mask: CopyMask) -> Box:
    """The mask as a rectangle."""
    return Box(mask.x, mask.y, mask.width, mask.height)


def as_json(copy: DeidentifiedCopy) -> Json:
    """What the page is given: state, progress (0 to 1) and every picture with its masks."""
    return {
        "id": copy.id,
        "state": copy.state,
        "progress": round(copy.progress, 3),
        "reason": sentence(copy.reason_code, {}),
        "items": [item_json(item) for item in copy.items],
        "undecided": sum(len(undecided(item)) for item in copy.items),
    }


def item_json(item: CopyItem) -> Json:
    """One picture of a copy; boxes in its own pixels."""
    open_ids = {mask.id for mask in undecided(item)}
    return {
        "id": item.id,
        "name": item.instance.file_name,
        "state": item.state,
        "left_out": item.left_out,
        "reason": sentence(item.reason_code, item.reason_values),
        "columns": item.columns,
        "rows": item.rows,
        "frames": item.frames,
        "pictures": [
            {
                "url": f"/api/copy-items/{item.id}/pictures/{number}",
                "words": picture_words(picture.get("frame_number"), item.frames),
            }
            for number, picture in enumerate(item.pictures)
        ],
        "masks": [mask_json(mask, mask.id in open_ids) for mask in item.masks],
        "undecided": len(open_ids),
    }


def picture_words(frame_number: int | None, frames: int) -> str:
    """What a shown picture is: one frame, or all of them together."""
    if frame_number is None:
        return _("All frames together")
    return _("Frame %(number)s of %(frames)s", number=frame_number, frames=frames)


def mask_json(mask: CopyMask, is_open: bool) -> Json:
    """One rectangle; `open`: whether somebody must still decide it."""
    return {
        "id": mask.id,
        "x": mask.x,
        "y": mask.y,
        "width": mask.width,
        "height": mask.height,
        "origin": mask.origin,
        "likely": mask.likely,
        "decision": mask.decision,
        "open": is_open,
    }


def teaching_copies(session: Session, program_id: str) -> list[TeachingCopy]:
    """A program's teaching copies, newest first."""
    rows = select(TeachingCopy).where(TeachingCopy.program_id == program_id)
    return list(session.scalars(rows.order_by(TeachingCopy.added_at.desc(), TeachingCopy.id)))


def unfinished(session: Session) -> list[tuple[str, str]]:
    """(id, state) of the copies that wait for the worker."""
    rows = select(DeidentifiedCopy.id, DeidentifiedCopy.state).where(
        DeidentifiedCopy.state.in_(("proposing", "making"))
    )
    return [(row.id, row.state) for row in session.execute(rows.order_by(DeidentifiedCopy.created_at))]
