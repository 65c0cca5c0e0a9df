"""Which side of a photographed film is the patient's right: what a person may say of it, and what follows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from imaging.models import Instance

# right_on_left: the patient's right lies at the picture's left edge, as films are hung; left_on_left: turned over.
# Of one limb, which it is. unmarked: whoever saw the film found no marker.
SIDES: Final = ("right_on_left", "left_on_left", "right_limb", "left_limb", "unmarked")

_EDGES: Final = {
    "right_on_left": {"left": "R", "right": "L", "top": "", "bottom": ""},
    "left_on_left": {"left": "L", "right": "R", "top": "", "bottom": ""},
}


def has_own_sides(facts: dict[str, Any]) -> bool:
    """Whether the file itself says where the patient's sides lie (Patient Orientation or plane, any frame)."""
    frames = (facts.get("per_frame") or {}).get("sets") or []
    return any(any((one.get("orientation") or {}).values()) for one in (facts, *frames))


def told(side: str, by: str, at: datetime) -> dict[str, str]:
    """The answer as it is kept with the picture."""
    return {"side": side, "by": by, "at": at.isoformat()}


def orientation(instance: Instance) -> dict[str, str] | None:
    """Letters at the picture's edges as somebody told them; None where nobody did, or the file says its own."""
    if instance.side is None or has_own_sides(instance.facts):
        return None
    return _EDGES.get(instance.side["side"])
