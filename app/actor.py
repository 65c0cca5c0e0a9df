"""Who performs an operation: told to it by delivery, never read from the request inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal[
    "treating_doctor",
    "specialist",
    "program_manager",
    "administrator",
    "patient",
    "attendant",
    "device",
    "system",
]

CLINICIANS: frozenset[str] = frozenset({"treating_doctor", "specialist"})


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, a guest who came by link (a patient or attendant of one consult), a machine that
    sends pictures, or the system.
    """

    kind: Literal["user", "guest", "device", "system"]
    id: str
    name: str
    role: Role
    program_id: str
    facility_id: str | None = None
    consult_id: str | None = None  # guests only: the one consult they may attend

    @property
    def is_clinician(self) -> bool:
        return self.role in CLINICIANS


SYSTEM = Actor(kind="system", id="system", name="Nidaan", role="system", program_id="")
