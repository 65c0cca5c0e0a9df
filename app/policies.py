"""Joins the subjects where one must ask another without importing it: who a guest is, who may see a case's pictures."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.auth import forms, sessions
from app.errors import NidaanError
from app.inbox_directory import PatientDirectory, identity_of
from consult import access
from consult.invitations import load_guest
from consult.patients.models import Case
from consult.patients.queries import consults_of
from consult.specialties import SPECIALTIES
from imaging import access as imaging_access
from imaging.guards import cases as guarded_cases
from imaging.guards.identity import CaseIdentity
from imaging.inbox import directory
from video.recordings import access as recording_access


class CasePolicy:
    """The consult's gate, as imaging asks it."""

    def may_see(self, session: Session, actor: Actor, case_id: str) -> bool:
        """Whether the actor may look at the pictures of a case."""
        return _has(session, actor, case_id, "see_pictures")

    def cases_seen(self, actor: Actor) -> Select[Any]:
        """The ids of every case whose pictures the actor may look at."""
        return access.cases_seen(actor)

    def identity(self, session: Session, case_id: str) -> CaseIdentity | None:
        """Whom a case is about, as its files are compared with."""
        case = session.get(Case, case_id)
        if case is None:
            return None
        return identity_of(case.patient)

    def may(self, session: Session, actor: Actor, case_id: str, right: str) -> bool:
        """Whether the actor has a right of `consult.roles` in a case.

        While nobody has asked for a consult, a case has no treating doctor of its own: any doctor of its site decides.
        """
        if right == "decide_holds" and not consults_of(session, [case_id]):
            right = "edit_case"
        return _has(session, actor, case_id, right)

    def may_add(self, session: Session, actor: Actor, case_id: str) -> bool:
        """Whether the actor may add pictures to a case."""
        return _has(session, actor, case_id, "add_pictures")

    def home_of(self, session: Session, case_id: str) -> tuple[str, str] | None:
        """The program and the facility that a case belongs to."""
        found = session.get(Case, case_id)
        return (found.program_id, found.facility_id) if found is not None else None


class RoomPolicy:
    """The consult's gate, as recordings ask it."""

    def require(self, session: Session, actor: Actor, consult_id: str, right: str) -> None:
        """Raises NotFound for an outsider, NotAllowed for a mere reader."""
        access.consult(session, actor, consult_id, right)


def _has(session: Session, actor: Actor, case_id: str, right: str) -> bool:
    try:
        access.case(session, actor, case_id, right)
    except NidaanError:
        return False
    return True


def install() -> None:
    """Install every policy in this process (web and worker)."""
    sessions.install_guest_loader(load_guest)
    policy = CasePolicy()
    imaging_access.install(policy)
    guarded_cases.install(policy)
    directory.install(PatientDirectory())
    recording_access.install(RoomPolicy())
    forms.offer_specialties(SPECIALTIES)
