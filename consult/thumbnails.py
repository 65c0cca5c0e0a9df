"""The small pictures that stand beside a consult in lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from imaging.models import Instance, Rendition

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
    rows = session.execute(
        select(Instance, Rendition.id)
        .outerjoin(Rendition, (Rendition.instance_id == Instance.id) & (Rendition.name == "thumbnail"))
        .where(Instance.case_id.in_(found), Instance.state != "unusable")
        .order_by(Instance.created_at, Instance.id)
    )
    for instance, rendition_id in rows:
        pictures = found[instance.case_id or ""]
        pictures.count += 1
        pictures.unfinished += instance.state != "ready"
        if rendition_id is not None and not instance.is_held and len(pictures.urls) < FEW:
            pictures.urls.append(f"/imaging/renditions/{rendition_id}/thumbnail.webp")
    return found
