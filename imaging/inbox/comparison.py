"""Whose a study says it is beside whose case it may go into, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from imaging.guards.identity import FIELDS, CaseIdentity, FileIdentity, compare
from imaging.guards.identity_words import case_words, field_words, file_words


@dataclass(frozen=True, slots=True)
class Row:
    """One field: what the file and the case say, and whether that can be one person."""

    words: str
    file: str
    case: str
    finding: str  # same, different, or empty where one of them says nothing


def rows(said: list[FileIdentity], case: CaseIdentity, today: date) -> list[Row]:
    """A row for each field; what several files say differently stands together in one."""
    verdicts = [compare(one, case, today) for one in said]
    found = []
    for field in FIELDS:
        told = list(dict.fromkeys(words for one in said if (words := file_words(field, one))))
        differs = any(field in verdict.differing for verdict in verdicts)
        agrees = any(field in verdict.agreeing for verdict in verdicts)
        # our own number of a patient says nothing to anybody unless the file gives it too
        own = "" if field == "patient_id" and not differs and not agrees else case_words(field, case)
        if told or own:
            finding = "different" if differs else "same" if agrees else ""
            found.append(Row(field_words()[field], "; ".join(told), own, finding))
    return found
