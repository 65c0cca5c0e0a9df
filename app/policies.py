"""Joins the subjects where one must ask another without importing it: who a guest is, who may see a case's pictures."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.actor import Actor
from app.auth import forms, sessions
from app.errors import NidaanError
from consult import access
from consult.invitations import load_guest
from consult.patients.models import Case
from consult.specialties import SPECIALTIES
from imaging import access as imaging_access


class CasePolicy:
    """The consult's gate, as imaging asks it."""

    def may_see(self, session: Session, actor: Actor, case_id: str) -> bool:
        """Whether the actor may look at the pictures of a case."""
        return _has(session, actor, case_id, "see_pictures")

    def may_add(self, session: Session, actor: Actor, case_id: str) -> bool:
        """Whether the actor may add pictures to a case."""
        return _has(session, actor, case_id, "add_pictures")

    def home_of(self, session: Session, case_id: str) -> tuple[str, str] | None:
        """The program and the facility that a case belongs to."""
        found = session.get(Case, case_id)
        return (found.program_id, found.facility_id) if found is not None else None


def _has(session: Session, actor: Actor, case_id: str, right: str) -> bool:
    try:
        access.case(session, actor, case_id, right)
    except NidaanError:
        return False
    return True


def install() -> None:
    """Install every policy in this process (web and worker)."""
    sessions.install_guest_loader(load_guest)
    imaging_access.install(CasePolicy())
    forms.offer_specialties(SPECIALTIES)
