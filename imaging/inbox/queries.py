"""Reads of the inbox: studies that wait, files that cannot be used, what was attached or discarded lately."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, selectinload

from imaging.guards.identity import FileIdentity
from imaging.inbox.models import InboxDecision
from imaging.models import Instance, Study, Upload
from imaging.reasons import sentence

FEW = 4
LATELY = timedelta(days=3)
MOST_SHOWN = 100


@dataclass(slots=True)
class Waiting:
    """A study of the inbox: whose it says it is, how many pictures, what of them can be seen, and who sent it."""

    study: Study
    identities: list[FileIdentity] = field(default_factory=list)  # each once; files of one study may disagree
    instances: list[Instance] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    decision: InboxDecision | None = None

    @property
    def identity(self) -> FileIdentity:
        """What the first file says."""
        return self.identities[0] if self.identities else FileIdentity()

    @property
    def thumbnails(self) -> list[str]:
        """Addresses of the first few small pictures."""
        found = [(one, rendition) for one in self.instances for rendition in one.renditions]
        urls = [f"/imaging/renditions/{made.id}/thumbnail.webp" for _one, made in found if made.name == "thumbnail"]
        return urls[:FEW]

    @property
    def unfinished(self) -> int:
        """How many pictures are still being prepared."""
        return sum(one.state in ("received", "processing", "provisional") for one in self.instances)

    @property
    def newest(self) -> datetime:
        """When the last picture came."""
        return max((one.created_at for one in self.instances), default=self.study.created_at)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was taken in and cannot be used, and why."""

    upload: Upload
    reason: str


def count(session: Session, facility_id: str) -> int:
    """How many studies and files wait for somebody."""
    studies = select(func.count()).where(*_open(facility_id))
    files = select(func.count()).where(*_kept(facility_id, "refused"))
    return (session.scalar(studies) or 0) + (session.scalar(files) or 0)


def _open(facility_id: str) -> list[ColumnElement[bool]]:
    return [Study.facility_id == facility_id, Study.case_id.is_(None), Study.discarded_at.is_(None), _has_pictures()]


def _has_pictures() -> ColumnElement[bool]:
    return select(Instance.id).where(Instance.study_id == Study.id).exists()


def _kept(facility_id: str, state: str) -> list[ColumnElement[bool]]:
    own = [Upload.facility_id == facility_id, Upload.acknowledged.is_(True)]
    return [*own, Upload.state == state]


def waiting(session: Session, facility_id: str) -> list[Waiting]:
    """Studies that wait, the newest first."""
    rows = select(Study).where(*_open(facility_id)).order_by(Study.created_at.desc()).limit(MOST_SHOWN)
    found = read(session, list(session.scalars(rows)))
    return sorted(found, key=lambda one: one.newest, reverse=True)


def attached_lately(session: Session, facility_id: str, now: datetime) -> list[Waiting]:
    """Studies that were attached in the last days: what can still be undone from here."""
    rows = select(Study).where(
        Study.facility_id == facility_id, Study.case_id.is_not(None), Study.attached_at > now - LATELY
    )
    return read(session, list(session.scalars(rows.order_by(Study.attached_at.desc()).limit(MOST_SHOWN))))


def discarded(session: Session, facility_id: str) -> list[Waiting]:
    """Studies that were discarded and are still kept."""
    rows = select(Study).where(
        Study.facility_id == facility_id, Study.case_id.is_(None), Study.discarded_at.is_not(None), _has_pictures()
    )
    return read(session, list(session.scalars(rows.order_by(Study.discarded_at.desc()).limit(MOST_SHOWN))))


def kept_files(session: Session, facility_id: str, state: str = "refused") -> list[KeptFile]:
    """Files that cannot be used (`refused`), or were discarded (`cancelled`), the newest first."""
    rows = select(Upload).where(*_kept(facility_id, state)).order_by(Upload.created_at.desc()).limit(MOST_SHOWN)
    return [KeptFile(one, sentence(one.reason_code, one.reason_values) or "") for one in session.scalars(rows)]


def read(session: Session, studies: list[Study]) -> list[Waiting]:
    """The studies with everything that a page shows of them, in the same order."""
    found = {study.id: Waiting(study) for study in studies}
    rows = select(Instance).where(Instance.study_id.in_(found)).options(selectinload(Instance.renditions))
    for instance in session.scalars(rows.order_by(Instance.created_at, Instance.id)):
        one = found[instance.study_id]
        one.instances.append(instance)
        identity = FileIdentity.from_json(instance.facts.get("identity") or {})
        if identity not in one.identities:
            one.identities.append(identity)
    for study_id, names in _senders(session, list(found)).items():
        found[study_id].senders = sorted(names)
    decisions = select(InboxDecision).where(InboxDecision.object_id.in_(found)).order_by(InboxDecision.decided_at)
    for decision in session.scalars(decisions):
        found[decision.object_id].decision = decision
    return list(found.values())


def _senders(session: Session, study_ids: list[str]) -> dict[str, set[str]]:
    names: dict[str, set[str]] = defaultdict(set)
    rows = (
        select(Instance.study_id, Upload.owner_name)
        .join(Upload, Upload.instance_id == Instance.id)
        .where(Instance.study_id.in_(study_ids))
        .distinct()
    )
    for study_id, name in session.execute(rows):
        names[study_id].add(name)
    return names
