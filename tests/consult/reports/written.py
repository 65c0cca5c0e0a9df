"""Documents of the tests: drafts, signatures and a key image, written through the operations themselves."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from app.actor import Actor
from consult.models import Consult
from consult.reports import operations
from consult.reports.models import Opinion, Outcome
from consult.reports.protocol import OpinionFields, OutcomeFields

NOW = datetime(2026, 12, 4, 21, 35, tzinfo=UTC)
HINDI = "दाएँ फेफड़े में पानी; क्षयरोग की जाँच करें"
FINDINGS = "Homogeneous opacity of the right lower zone."
IMPRESSION = f"Moderate right effusion. {HINDI}"


def opinion_fields(**changes: str) -> OpinionFields:
    """The specialist's words."""
    words = {
        "findings": FINDINGS,
        "impression": IMPRESSION,
        "recommendations": "Ultrasound-guided tap.",
        "urgency": "urgent",
    }
    return OpinionFields(**{**words, **changes})


def outcome_fields(**changes: Any) -> OutcomeFields:
    """The treating doctor's words."""
    words: dict[str, Any] = {
        "decision": "accepted",
        "decision_note": "",
        "diagnosis": "Right pleural effusion",
        "plan": "Tap today, start treatment.",
        "follow_up_on": NOW.date().replace(day=20),
    }
    return OutcomeFields(**{**words, **changes})


def key_image(**changes: Any) -> dict[str, Any]:
    """A frozen key image of a 400 x 300 px frame: an arrow and a length on it."""
    drawn = [
        {"kind": "arrow", "points": [40, 40, 150, 160], "text": "fluid here"},
        {"kind": "length", "points": [200, 100, 300, 100], "text": ""},
    ]
    image: dict[str, Any] = {
        "instance": "1" * 32,
        "sop": "1.2.3",
        "frame": 3,
        "marked_by": "Specialist Delta",
        "view": {"rotation": 0, "flip": False, "invert": False, "window": None},
        "description": "Lung ultrasound",
        "modality": "US",
        "study_date": "20261201",
        "sha256": "a" * 64,
        "rows": 300,
        "columns": 400,
        "frames": 120,
        "calibration": [],
        "annotations": [
            {**one, "colour": "#ffd400", "author_name": "Specialist Delta", "created_at": 1.0} for one in drawn
        ],
    }
    return {**image, **changes}


def photo(image: dict[str, Any]) -> bytes:
    """A stand-in for the frame's pixels: a grey wedge with a white mark at its top left."""
    size = (image["columns"], image["rows"])
    picture = Image.linear_gradient("L").resize(size)
    ImageDraw.Draw(picture).rectangle((4, 4, 30, 20), fill=255)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def no_images(_session: Session, _consult: Consult) -> list[dict[str, Any]]:
    """A stage on which nothing was marked."""
    return []


def one_image(_session: Session, _consult: Consult) -> list[dict[str, Any]]:
    """A stage with one key image."""
    return [key_image()]


def sign_opinion(
    session: Session, actor: Actor, consult: Consult, freeze: operations.Freeze = no_images, **changes: str
) -> Opinion:
    """A saved and signed opinion."""
    fields = opinion_fields(**changes)
    draft = operations.save_opinion_draft(session, actor, consult.id, fields, version=0, now=NOW)
    return operations.sign_opinion(session, actor, consult.id, version=draft.version, now=NOW, freeze=freeze)


def sign_outcome(
    session: Session, actor: Actor, consult: Consult, freeze: operations.Freeze = no_images, **changes: Any
) -> Outcome:
    """A saved and signed outcome of a consult whose opinion is signed."""
    fields = outcome_fields(**changes)
    draft = operations.save_outcome_draft(session, actor, consult.id, fields, version=0, now=NOW)
    return operations.sign_outcome(session, actor, consult.id, version=draft.version, now=NOW, freeze=freeze)
