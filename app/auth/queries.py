"""Reads of people, sites and the audit log: always within one program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.audit import AuditRow, first_broken
from app.auth.models import Facility, User
from app.errors import NotFound

AUDIT_PAGE = 50
CHAIN_BATCH = 1000


def user_by_email(session: Session, email: str) -> User | None:
    """The account behind what was typed as an address, however it was capitalised."""
    return session.scalar(select(User).where(User.email == email.strip().lower()))


def people(session: Session, actor: Actor) -> list[User]:
    """Everybody of the actor's program: active first, then by name."""
    rows = select(User).where(User.program_id == actor.program_id).order_by(User.active.desc(), User.full_name)
    return list(session.scalars(rows))


def person(session: Session, actor: Actor, user_id: str) -> User:
    """One person of the actor's program. Raises NotFound."""
    found = session.get(User, user_id)
    if found is None or found.program_id != actor.program_id:
        raise NotFound()
    return found


def sites(session: Session, actor: Actor) -> list[Facility]:
    """The facilities of the actor's program, by name."""
    rows = select(Facility).where(Facility.program_id == actor.program_id).order_by(Facility.name)
    return list(session.scalars(rows))


def site(session: Session, actor: Actor, facility_id: str) -> Facility:
    """One facility of the actor's program. Raises NotFound."""
    found = session.get(Facility, facility_id)
    if found is None or found.program_id != actor.program_id:
        raise NotFound()
    return found


def people_at_sites(session: Session, actor: Actor) -> dict[str, int]:
    """How many active people each facility has."""
    rows = (
        select(User.facility_id, func.count())
        .where(User.program_id == actor.program_id, User.active)
        .group_by(User.facility_id)
    )
    return {row[0]: row[1] for row in session.execute(rows)}


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What of the audit log to show; `before_id` pages backwards. `object` is an id, or the start of one."""

    person_id: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


def audit_rows(session: Session, actor: Actor, wanted: AuditFilter) -> tuple[list[AuditRow], int | None]:
    """One page of the program's audit log, newest first, and where the next older page begins."""
    rows = select(AuditRow).where(AuditRow.program_id == actor.program_id).order_by(AuditRow.id.desc())
    if wanted.person_id:
        rows = rows.where(AuditRow.actor_id == wanted.person_id)
    if wanted.object_id:
        rows = rows.where(AuditRow.object_id.startswith(wanted.object_id.lower(), autoescape=True))
    if wanted.since:
        rows = rows.where(AuditRow.at >= wanted.since)
    if wanted.until:
        rows = rows.where(AuditRow.at < wanted.until)
    if wanted.before_id:
        rows = rows.where(AuditRow.id < wanted.before_id)
    found = list(session.scalars(rows.limit(AUDIT_PAGE + 1)))
    page = found[:AUDIT_PAGE]
    return page, page[-1].id if len(found) > AUDIT_PAGE else None


@dataclass(frozen=True, slots=True)
class Chain:
    """How many rows were checked, and the first that is not as it was written."""

    length: int
    broken_id: int | None


def check_chain(session: Session) -> Chain:
    """Walk the whole log (every program's: it is one chain) in batches of bounded memory."""
    length = session.scalar(select(func.count()).select_from(AuditRow)) or 0
    rows = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=CHAIN_BATCH)
    return Chain(length, first_broken(session.scalars(rows)))
