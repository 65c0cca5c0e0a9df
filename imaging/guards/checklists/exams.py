"""What each exam should show: views in the order in which they are taken, and what a file says that is one of them.

Words are translatable; codes are stable. Nothing here blocks: a missing view is said, not demanded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from imaging.modalities import PROJECTION


@dataclass(frozen=True, slots=True)
class View:
    """One view; `positions` are the values of View Position (0018,5101) that say it."""

    code: str
    words: LazyString
    positions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exam:
    """An exam and its views; `body_parts` are values of Body Part Examined (0018,0015) that belong to it."""

    code: str
    words: LazyString
    kind: str  # "xray" or "ultrasound"
    views: tuple[View, ...]
    body_parts: tuple[str, ...] = ()

    def view(self, code: str) -> View | None:
        """The view of this code, or None."""
        return next((view for view in self.views if view.code == code), None)


_FRONT, _SIDE = ("AP", "PA"), ("LL", "RL", "LATERAL", "LAT")
_LIMBS = (
    "HAND", "WRIST", "FOREARM", "ELBOW", "HUMERUS", "ARM", "SHOULDER", "FOOT", "ANKLE", "LEG", "KNEE", "FEMUR", "THIGH",
    "FINGER", "TOE", "EXTREMITY", "CLAVICLE", "HIP",
)  # fmt: skip

_EXAMS = (
    Exam("chest_xray", _("Chest X-ray"), "xray", (
        View("pa", _("PA, standing, breathed in"), ("PA", "AP")),
        View("lateral", _("Lateral"), _SIDE),
    ), ("CHEST", "THORAX", "LUNG")),
    Exam("limb_xray", _("Limb X-ray"), "xray", (
        View("ap", _("AP, with the joints above and below"), _FRONT),
        View("lateral", _("Lateral"), _SIDE),
    ), _LIMBS),
    Exam("abdomen_xray", _("Abdomen X-ray"), "xray", (
        View("supine", _("Lying on the back"), ("AP",)),
        View("erect", _("Standing, with the diaphragm"), ("PA",)),
    ), ("ABDOMEN",)),
    Exam("fast", _("FAST (injury)"), "ultrasound", (
        View("ruq", _("Right upper: liver and kidney")),
        View("luq", _("Left upper: spleen and kidney")),
        View("pelvis", _("Pelvis: around the bladder")),
        View("subxiphoid", _("Under the breastbone: heart")),
        View("lung_left", _("Left lung, front")),
        View("lung_right", _("Right lung, front")),
    )),
    Exam("obstetric", _("Obstetric basics"), "ultrasound", (
        View("presentation", _("Presentation: head or breech")),
        View("heartbeat", _("Heartbeat, as a clip")),
        View("placenta", _("Placenta and the cervix")),
        View("fluid", _("Fluid: deepest pocket")),
        View("biometry", _("Head (BPD) and thigh bone (FL)")),
    )),
    Exam("lung", _("Lung ultrasound"), "ultrasound", (
        View("right_upper_front", _("Right front, upper")),
        View("right_lower_front", _("Right front, lower")),
        View("right_side", _("Right side, above the diaphragm")),
        View("right_back", _("Right back, lower")),
        View("left_upper_front", _("Left front, upper")),
        View("left_lower_front", _("Left front, lower")),
        View("left_side", _("Left side, above the diaphragm")),
        View("left_back", _("Left back, lower")),
    )),
    Exam("cardiac", _("Heart ultrasound"), "ultrasound", (
        View("plax", _("Parasternal long axis (PLAX)")),
        View("psax", _("Parasternal short axis (PSAX)")),
        View("a4c", _("Apical four chambers (A4C)")),
        View("subcostal", _("Subcostal, with the vena cava")),
    )),
    Exam("abdomen_us", _("Abdomen ultrasound"), "ultrasound", (
        View("liver", _("Liver and gall bladder")),
        View("right_kidney", _("Right kidney, long")),
        View("left_kidney", _("Left kidney, long, with the spleen")),
        View("aorta", _("Aorta, across and along")),
        View("bladder", _("Bladder, full")),
    )),
)  # fmt: skip
EXAMS: Mapping[str, Exam] = {exam.code: exam for exam in _EXAMS}


def suggested(exam: Exam, facts: Mapping[str, Any]) -> str | None:
    """The view that a file says it is, by View Position and, where it says it, Body Part; None where it does not say.

    `facts` is `imaging.facts.Facts` as JSON. Only radiographs say their view; in ultrasound a person tells it.
    """
    told = facts.get("acquisition") or {}
    position, part = str(told.get("view_position", "")), str(told.get("body_part", ""))
    if exam.kind != "xray" or facts.get("modality") not in PROJECTION or not position:
        return None
    if part and not any(part.startswith(known) or known in part for known in exam.body_parts):
        return None
    return next((view.code for view in exam.views if position in view.positions), None)


def likely(facts: Mapping[str, Any]) -> str | None:
    """The exam that a file belongs to by its body part, to be offered first; None where it does not say."""
    part = str((facts.get("acquisition") or {}).get("body_part", ""))
    if not part or facts.get("modality") not in PROJECTION:
        return None
    found = (exam for exam in _EXAMS if exam.kind == "xray" and any(known in part for known in exam.body_parts))
    return next((exam.code for exam in found), None)
