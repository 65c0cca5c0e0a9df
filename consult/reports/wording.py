"""The record's fixed words, on paper and on the page, in the reader's language."""

from __future__ import annotations

from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

SEXES: Final[dict[str, LazyString]] = {
    "female": _l("female"),
    "male": _l("male"),
    "other": _l("other"),
    "unknown": _l("sex not recorded"),
}
URGENCIES: Final[dict[str, LazyString]] = {
    "emergency": _l("Emergency"),
    "urgent": _l("Urgent"),
    "routine": _l("Routine"),
}
DECISIONS: Final[dict[str, LazyString]] = {
    "accepted": _l("Accepts the opinion"),
    "changed": _l("Accepts the opinion with changes"),
    "declined": _l("Declines the opinion"),
}
NOTES: Final[dict[str, LazyString]] = {
    "accepted": _l("Note"),
    "changed": _l("What is changed"),
    "declined": _l("Why it is declined"),
}
CALIBRATIONS: Final[dict[str, LazyString]] = {
    "calibrated": _l("calibrated: lengths in mm"),
    "at_detector": _l("lengths in mm at the detector, not in the body"),
    "estimated": _l("lengths in mm, estimated"),
    "uncalibrated": _l("uncalibrated: lengths in pixels only"),
}


def labels() -> dict[str, str]:
    """The headings of the printed record."""
    return {
        "patient": _("Patient"),
        "doctors": _("Doctors"),
        "request": _("Request"),
        "question": _("Question"),
        "complaint": _("Complaint"),
        "history": _("History"),
        "vitals": _("Vitals"),
        "opinion": _("Specialist's opinion"),
        "findings": _("Findings"),
        "impression": _("Impression"),
        "recommendations": _("Recommendations"),
        "urgency": _("Urgency"),
        "outcome": _("Treating doctor's outcome"),
        "decision": _("Decision"),
        "diagnosis": _("Diagnosis"),
        "plan": _("Plan"),
        "follow_up": _("Follow-up"),
        "images": _("Key images"),
        "addenda": _("Addenda"),
        "signed_by": _("Signed by"),
        "registration": _("Registration number"),
        "signed_at": _("Signed"),
        "hash": _("Fingerprint (SHA-256)"),
        "page": _("Page"),
        "of": _("of"),
        "consult": _("Consult"),
        "not_drawn": _("This image could not be drawn here. The original is kept with the case."),
    }


def status(concluded: bool, amended: bool) -> str:
    """One sentence on how far the record has come."""
    if not concluded:
        return str(_("The specialist's opinion is signed. The treating doctor's outcome is not signed yet."))
    if amended:
        return str(_("Signed by both doctors. Addenda follow at the end."))
    return str(_("Signed by both doctors."))


def length(value: float, unit: str) -> str:
    """A length as the stage says it: 8.4 mm, 13.2 cm, 13.2 cm at detector, 212 px (uncalibrated)."""
    if unit == "px":
        return str(_("%(length)s px (uncalibrated)", length=f"{value:.{1 if value < 10 else 0}f}"))
    words = f"{value:.1f} mm" if value < 99.95 else f"{value / 10:.1f} cm"
    if unit == "mm estimated":
        return str(_("%(length)s, estimated", length=words))
    return words if unit == "mm" else str(_("%(length)s at detector", length=words))


def frame(number: int, frames: int) -> str:
    """Which picture of a clip this is."""
    return str(_("frame %(number)s of %(frames)s", number=number, frames=frames))


def nothing_signed() -> str:
    """Why there is nothing to print."""
    return str(_("Nothing is signed yet, so there is nothing to print."))
