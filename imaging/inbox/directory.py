"""Whose a study may be: patients and their cases, told by a policy that the factory installs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from imaging.guards.identity import CaseIdentity, FileIdentity, Verdict, compare

MOST_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class CandidateCase:
    """One course of illness, in the words of who opened it."""

    id: str
    complaint: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient of the facility: newest case first."""

    patient_id: str
    name: str
    particulars: str  # "54 years, female · Upper Village"
    identity: CaseIdentity
    cases: tuple[CandidateCase, ...]


class Directory(Protocol):
    """Patients of the actor's own facility. Raises NotFound, NotAllowed for whoever treats nobody there."""

    def search(self, session: Session, actor: Actor, text: str) -> list[Candidate]: ...

    def alike(self, session: Session, actor: Actor, said: FileIdentity) -> list[Candidate]:
        """Whoever may be meant, generously: the caller compares."""
        ...

    def patient(self, session: Session, actor: Actor, patient_id: str) -> Candidate: ...

    def of_case(self, session: Session, actor: Actor, case_id: str) -> Candidate: ...

    def open_case(self, session: Session, actor: Actor, patient_id: str, now: datetime) -> str:
        """A new case of the patient; its id."""
        ...


_directory: Directory | None = None


def install(directory: Directory | None) -> None:
    """Make `directory` the answer of this process; without one nobody is found."""
    global _directory
    _directory = directory


def current() -> Directory:
    """The directory of this process. Raises NotFound where there is none."""
    if _directory is None:
        raise NotFound()
    return _directory


def suggest(session: Session, actor: Actor, said: list[FileIdentity], today: date) -> list[tuple[Candidate, Verdict]]:
    """Patients whom everything in the study fits, the best first; a sex or a year alone suggests nobody."""
    found: dict[str, Candidate] = {}
    for one in said:
        for candidate in current().alike(session, actor, one):
            found.setdefault(candidate.patient_id, candidate)
    judged = [(candidate, worst(said, candidate.identity, today)) for candidate in found.values()]
    fitting = [(candidate, verdict) for candidate, verdict in judged if verdict.state == "agrees"]
    fitting.sort(key=lambda pair: (-len(pair[1].agreeing), pair[0].name))
    return fitting[:MOST_SUGGESTED]


def worst(said: list[FileIdentity], identity: CaseIdentity, today: date) -> Verdict:
    """The comparison of every identity that a study's files carry with one patient's: one that differs decides."""
    verdicts = [compare(one, identity, today) for one in said] or [Verdict("silent")]
    differing = [verdict for verdict in verdicts if verdict.state == "differs"]
    if differing:
        return differing[0]
    return min(verdicts, key=lambda verdict: (verdict.state == "agrees", len(verdict.agreeing)))
