"""Who may do what in a consult: one table. Pure; `consult.access` decides who is who."""

from __future__ import annotations

from typing import Final

PARTICIPANT_ROLES: Final = ("treating_doctor", "specialist", "patient", "attendant", "observer", "interpreter")
GUEST_ROLES: Final = frozenset({"patient", "attendant"})

# Standings that are not participants: a doctor of the same facility, and a specialist who could still take the request.
COLLEAGUE: Final = "colleague"
CANDIDATE: Final = "candidate"

_DOCTORS = frozenset({"treating_doctor", "specialist"})
_READERS = _DOCTORS | {COLLEAGUE, CANDIDATE}

# right -> the standings that have it
RIGHTS: Final[dict[str, frozenset[str]]] = {
    "read_record": _READERS,
    "see_pictures": _READERS | GUEST_ROLES,
    "join_room": frozenset(PARTICIPANT_ROLES),
    "edit_case": frozenset({"treating_doctor", COLLEAGUE}),
    "add_pictures": _DOCTORS | {COLLEAGUE},
    "decide_holds": frozenset({"treating_doctor"}),
    "read_model_results": _READERS,
    "judge_model_results": _DOCTORS,
    "make_copies": frozenset({"treating_doctor", COLLEAGUE}),
    "ask_retakes": frozenset({"specialist"}),
    "answer_retakes": frozenset({"treating_doctor", COLLEAGUE}),
    "assign_views": _DOCTORS | {COLLEAGUE},
    "calibrate": _DOCTORS,
    "read_chat": frozenset(PARTICIPANT_ROLES) | {COLLEAGUE},
    "write_chat": frozenset(PARTICIPANT_ROLES) - {"observer"},
    "tell_sides": _DOCTORS | {COLLEAGUE},
    "draw": _DOCTORS,
    "present": _DOCTORS,
    "record": _DOCTORS,
    "hear_recordings": _DOCTORS | {COLLEAGUE},  # as everybody was told who said yes: whoever cares for the patient
    "invite": frozenset({"treating_doctor"}),
    "edit_request": frozenset({"treating_doctor"}),
    "request": frozenset({"treating_doctor"}),
    "cancel": frozenset({"treating_doctor"}),
    "accept": frozenset({CANDIDATE}),
    "start": _DOCTORS,
    "park": _DOCTORS,
    "release": frozenset({"specialist"}),
    "decline": frozenset({"specialist", CANDIDATE}),
    "write_opinion": frozenset({"specialist"}),
    "write_outcome": frozenset({"treating_doctor"}),
    "add_addendum": _DOCTORS,
}


def may(role: str, right: str) -> bool:
    """Whether somebody with the standing `role` has `right`."""
    return role in RIGHTS[right]
