"""What the guards must ask about a case: whom it is about, and who may decide what. Told by a policy of the factory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotAllowed
from imaging import access
from imaging.guards.identity import CaseIdentity

Right = Literal[
    "decide_holds",
    "make_copies",
    "ask_retakes",
    "answer_retakes",
    "assign_views",
    "calibrate",
    "tell_sides",
    "read_model_results",
    "judge_model_results",
]


class Cases(Protocol):
    """Whom a case is about (None where there is no such case), and what the actor may do in it."""

    def identity(self, session: Session, case_id: str) -> CaseIdentity | None: ...

    def may(self, session: Session, actor: Actor, case_id: str, right: Right) -> bool: ...


_cases: Cases | None = None


def install(cases: Cases | None) -> None:
    """Make `cases` the answer of this process; without one no identity is known and nobody decides anything."""
    global _cases
    _cases = cases


def identity(session: Session, case_id: str | None) -> CaseIdentity | None:
    """Whom a case is about, or None."""
    return None if _cases is None or case_id is None else _cases.identity(session, case_id)


def may(session: Session, actor: Actor, case_id: str | None, right: Right) -> bool:
    """Whether the actor has `right` in the case."""
    return _cases is not None and case_id is not None and _cases.may(session, actor, case_id, right)


def require(session: Session, actor: Actor, case_id: str | None, right: Right) -> None:
    """Raises NotFound for an outsider, NotAllowed for a reader who lacks `right`."""
    access.require_seeing(session, actor, case_id)
    if not may(session, actor, case_id, right):
        raise NotAllowed(_REFUSALS[right]())


_REFUSALS: dict[Right, Callable[[], str]] = {
    "decide_holds": lambda: _("Only the treating doctor decides whose picture this is."),
    "read_model_results": lambda: _("What a model says of a picture is for the doctors of the case."),
    "judge_model_results": lambda: _("Only the doctors of the consult accept or reject what a model says."),
    "make_copies": lambda: _("Only the treating doctor makes copies of these pictures."),
    "ask_retakes": lambda: _("Only the specialist of this consult asks for views."),
    "answer_retakes": lambda: _("Only the doctors at the patient's side answer this."),
    "assign_views": lambda: _("You may look at these pictures, but not sort them."),
    "tell_sides": lambda: _("You may look at these pictures, but not say which side is which."),
    "calibrate": lambda: _("Only the two doctors of the consult may measure in millimetres."),
}
