"""The small pictures that stand beside a consult in lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from imaging.models import Instance, Rendition
from imaging.queries import FILE_NAMES

FEW = 3


@dataclass(slots=True)
class Pictures:
    """A case's pictures in short: URLs of the first few thumbnails, and how many there are, ready or not."""

    urls: list[str] = field(default_factory=list)
    count: int = 0
    unfinished: int = 0


def of_cases(session: Session, case_ids: Iterable[str]) -> dict[str, Pictures]:
    """The pictures of each case, in the order in which they came; every case has an entry."""
    found = {case_id: Pictures() for case_id in case_ids}
    small = Rendition.name.in_(("thumbnail", "tablet_preview"))  # the second while the original is on its way
    rows = session.execute(
        select(Instance, Rendition)
        .outerjoin(Rendition, (Rendition.instance_id == Instance.id) & small & Rendition.retired_at.is_(None))
        .where(Instance.case_id.in_(found), Instance.state != "unusable")
        .order_by(Instance.created_at, Instance.id, Rendition.name.desc())
    )
    seen: set[str] = set()
    for instance, rendition in rows:
        if instance.id in seen:
            continue
        seen.add(instance.id)
        pictures = found[instance.case_id or ""]
        pictures.count += 1
        pictures.unfinished += instance.state != "ready"
        if rendition is not None and not instance.is_held and len(pictures.urls) < FEW:
            pictures.urls.append(f"/imaging/renditions/{rendition.id}/{FILE_NAMES[rendition.name]}")
    return found
