"""Decisions about people, sites and passwords. Every one is told who asks, and writes its audit row."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.actor import SYSTEM, Actor
from app.auth import passwords, queries
from app.auth.models import Facility, Program, User
from app.db import new_id
from app.errors import Conflict, Invalid, NotFound

DOCTORS = frozenset({"treating_doctor", "specialist"})


@dataclass(frozen=True, slots=True)
class Person:
    """What an administrator says about a person."""

    full_name: str
    email: str
    role: str
    facility_id: str
    specialty: str = ""
    registration_number: str = ""


def sign_in(session: Session, email: str, password: str) -> User | None:
    """The user, or None for a wrong name or password: the same work and one audit row either way."""
    user = queries.user_by_email(session, email)
    right = passwords.matches(password, user.password_hash if user else None)
    if user is None:
        # Nobody's name is kept: only enough to see that one address is tried again and again.
        tried = hashlib.sha256(email.strip().lower().encode()).hexdigest()[:32]
        audit.record(session, SYSTEM, "sign_in_refused", "account", tried)
        return None
    if not right or not user.active:
        audit.record(session, user.actor(), "sign_in_refused", "user", user.id, active=user.active)
        return None
    audit.record(session, user.actor(), "sign_in", "user", user.id)
    return user


def sign_out(session: Session, actor: Actor) -> None:
    """Write down that somebody left."""
    audit.record(session, actor, "sign_out", actor.kind, actor.id)


def change_own_password(session: Session, actor: Actor, present: str, wanted: str) -> User | None:
    """Set one's own password and end every session; None where `present` is wrong, which is written down.

    The caller signs this browser in again. Raises Invalid where `wanted` is no good password.
    """
    user = _self(session, actor)
    if not passwords.matches(present, user.password_hash):
        audit.record(session, actor, "password_change_refused", "user", user.id)
        return None
    passwords.check("wanted", wanted, not_in=(user.email, user.full_name, present))
    _set_password(user, wanted)
    audit.record(session, actor, "password_changed", "user", user.id)
    return user


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """Keep the language that a user reads; guests keep theirs in the browser."""
    if actor.kind == "user":
        _self(session, actor).language = language


def add_person(session: Session, actor: Actor, wanted: Person) -> tuple[User, str]:
    """A new account and its temporary password, which is told once."""
    _administrator(actor)
    _check_person(session, actor, wanted, None)
    password = passwords.temporary()
    user = User(
        program_id=actor.program_id,
        password_hash=passwords.hashed(password),
        created_at=clock.now(),
        **_columns(wanted),
    )
    session.add(user)
    session.flush()
    audit.record(session, actor, "person_added", "user", user.id, role=user.role)
    return user, password


def edit_person(session: Session, actor: Actor, user_id: str, wanted: Person) -> User:
    """Change what is known of a person; a change of role or site ends their sessions, which carry the old one."""
    _administrator(actor)
    user = queries.person(session, actor, user_id)
    _check_person(session, actor, wanted, user)
    if user.id == actor.id and wanted.role != "administrator":
        raise Invalid("role", _("You cannot take your own administrator role away. Ask another administrator."))
    columns = _columns(wanted)
    changed = [name for name, value in columns.items() if getattr(user, name) != value]
    for name in changed:
        setattr(user, name, columns[name])
    if {"role", "facility_id"} & set(changed):
        user.session_stamp = new_id()
    audit.record(session, actor, "person_edited", "user", user.id, changed=sorted(changed))
    return user


def set_active(session: Session, actor: Actor, user_id: str, active: bool) -> User:
    """Let a person in again, or keep them out: their sessions end at once."""
    _administrator(actor)
    user = queries.person(session, actor, user_id)
    if user.id == actor.id:
        raise Conflict(_("You cannot deactivate your own account. Ask another administrator."))
    user.active = active
    user.session_stamp = new_id()
    audit.record(session, actor, "person_activated" if active else "person_deactivated", "user", user.id)
    return user


def reset_password(session: Session, actor: Actor, user_id: str) -> tuple[User, str]:
    """A temporary password for somebody who lost theirs; their sessions end."""
    _administrator(actor)
    user = queries.person(session, actor, user_id)
    password = passwords.temporary()
    _set_password(user, password)
    audit.record(session, actor, "password_reset", "user", user.id)
    return user, password


@dataclass(frozen=True, slots=True)
class DataRule:
    """How a site uses data: `saver` begins its calls without video, `monthly_mb` is what a month may cost."""

    saver: bool = False
    monthly_mb: int | None = None


def save_site(
    session: Session, actor: Actor, facility_id: str | None, name: str, district: str, data: DataRule | None = None
) -> Facility:
    """Add a facility, or change one; without `data` its rule stays. Raises Invalid when its name is taken."""
    _administrator(actor)
    found = queries.site(session, actor, facility_id) if facility_id else None
    same = session.scalar(
        select(Facility).where(Facility.program_id == actor.program_id, Facility.name == name.strip())
    )
    if same is not None and same is not found:
        raise Invalid("name", _("There is a site of this name already."))
    site = found or Facility(program_id=actor.program_id, created_at=clock.now())
    site.name, site.district = name.strip(), district.strip()
    if data is not None:
        site.data_saver, site.monthly_data_mb = data.saver, data.monthly_mb
    session.add(site)
    session.flush()
    audit.record(session, actor, "site_edited" if found else "site_added", "facility", site.id)
    return site


def add_first_administrator(
    session: Session, *, program: str, facility: str, email: str, full_name: str, password: str
) -> User:
    """A program (made if new), its facility and an administrator: how an installation begins."""
    passwords.check("password", password, not_in=(email, full_name))
    found = session.scalar(select(Program).where(Program.name == program))
    if found is None:
        found = Program(name=program, created_at=clock.now())
        session.add(found)
        session.flush()
    wanted = Facility.program_id == found.id, Facility.name == facility
    site = session.scalar(select(Facility).where(*wanted))
    if site is None:
        site = Facility(program_id=found.id, name=facility, created_at=clock.now())
        session.add(site)
        session.flush()
    if queries.user_by_email(session, email) is not None:
        raise Invalid("email", _("Somebody has an account with this address already."))
    user = User(
        program_id=found.id,
        password_hash=passwords.hashed(password),
        created_at=clock.now(),
        **_columns(Person(full_name, email, "administrator", site.id)),
    )
    session.add(user)
    session.flush()
    audit.record(session, user.actor(), "person_added", "user", user.id, role=user.role)
    return user


def _columns(wanted: Person) -> dict[str, str]:
    doctor = wanted.role in DOCTORS
    return {
        "full_name": wanted.full_name.strip(),
        "email": wanted.email.strip().lower(),
        "role": wanted.role,
        "facility_id": wanted.facility_id,
        "specialty": wanted.specialty if wanted.role == "specialist" else "",
        "registration_number": wanted.registration_number.strip() if doctor else "",
    }


def _check_person(session: Session, actor: Actor, wanted: Person, present: User | None) -> None:
    queries.site(session, actor, wanted.facility_id)
    same = queries.user_by_email(session, wanted.email)
    if same is not None and same is not present:
        raise Invalid("email", _("Somebody has an account with this address already."))
    if wanted.role in DOCTORS and not wanted.registration_number.strip():
        raise Invalid("registration_number", _("Doctors need their registration number: reports print it."))
    if wanted.role == "specialist" and not wanted.specialty:
        raise Invalid("specialty", _("Choose what this specialist is asked about."))


def _self(session: Session, actor: Actor) -> User:
    user = session.get(User, actor.id) if actor.kind == "user" else None
    if user is None:
        raise NotFound()
    return user


def _administrator(actor: Actor) -> None:
    if actor.kind != "user" or actor.role != "administrator":
        raise NotFound()


def _set_password(user: User, password: str) -> None:
    user.password_hash = passwords.hashed(password)
    user.session_stamp = new_id()
