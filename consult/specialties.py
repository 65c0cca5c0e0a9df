"""The specialties a doctor can ask for: a small list on purpose, in the order in which village clinics ask."""

from __future__ import annotations

from typing import Final

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SPECIALTIES: Final[dict[str, LazyString]] = {
    "radiology": _l("Radiology"),
    "cardiology": _l("Cardiology"),
    "obstetrics": _l("Obstetrics"),
    "general_medicine": _l("General medicine"),
    "paediatrics": _l("Paediatrics"),
    "surgery": _l("Surgery"),
    "orthopaedics": _l("Orthopaedics"),
    "emergency": _l("Emergency medicine"),
}


def label(specialty: str) -> str:
    """The specialty in the reader's language; an unknown one as it was stored."""
    return str(SPECIALTIES.get(specialty, specialty))
