"""The printed record as data: every word of it a plain string, every number checked, nothing that is markup."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from app.auth.models import User
from consult import specialties
from consult.models import Consult
from consult.patients import ages, vitals
from consult.reports import drawing, key_images, wording
from consult.reports.models import Addendum, Opinion, Outcome
from consult.reports.queries import Documents
from consult.reports.times import day, local_day, moment

LONGEST_WORD = 48
_JOINERS = {"\u200c", "\u200d"}  # Devanagari needs them

Image = dict[str, Any]
PictureFile = Callable[[Image], str | None]  # a key image -> the name of its file, None when it cannot be drawn


def plain(text: str | None) -> str:
    """Text fit for paper: no controls but line ends, no invisible marks, no word wider than the page.

    Bidirectional overrides (Unicode TR36, 2.10) go too: a text must read on paper as it does in the record.
    """
    letters = unicodedata.normalize("NFC", (text or "").replace("\t", "    "))
    hidden = ("Cc", "Cf", "Cs", "Co")
    kept = "".join(one for one in letters if one == "\n" or one in _JOINERS or unicodedata.category(one) not in hidden)
    return re.sub(rf"(\S{{{LONGEST_WORD}}})(?=\S)", "\\1\u200b", kept).strip()


def document(consult: Consult, documents: Documents, picture_file: PictureFile, *, source: str) -> dict[str, Any]:
    """Everything that the template prints. `source` is the hash over what it is made from."""
    opinion = documents.opinion if documents.opinion and documents.opinion.signed_at else None
    outcome = documents.outcome if documents.outcome and documents.outcome.signed_at else None
    return {
        "labels": wording.labels(),
        "title": _("Consult record"),
        "program": plain(consult.treating_doctor.program.name),
        "facility": ", ".join(one for one in (plain(consult.facility.name), plain(consult.facility.district)) if one),
        "status": wording.status(outcome is not None, bool(documents.addenda)),
        "final": outcome is not None,
        "patient": _patient(consult),
        "request": _request(consult),
        "doctors": _doctors(consult, opinion, outcome),
        "opinion": _opinion(opinion) if opinion else None,
        "outcome": _outcome(outcome) if outcome else None,
        "images": _images(opinion, outcome, picture_file),
        "addenda": [{"text": plain(one.text), **_signature(one)} for one in documents.addenda],
        "hash": source,
        "consult": consult.id,
        "zone": _("Times are India Standard Time (IST, UTC+05:30), with UTC beside them."),
    }


def _patient(consult: Consult) -> dict[str, Any]:
    patient = consult.case.patient
    seen_on = local_day(consult.requested_at or consult.created_at)
    facts = [ages.words(patient, seen_on), str(wording.SEXES[patient.sex]), plain(patient.village)]
    return {"name": plain(patient.full_name), "facts": [one for one in facts if one]}


def _request(consult: Consult) -> dict[str, Any]:
    asked = consult.requested_at or consult.created_at
    return {
        "line": " · ".join(
            (plain(specialties.label(consult.specialty)), str(wording.URGENCIES[consult.urgency]), moment(asked))
        ),
        "question": plain(consult.question),
        "complaint": plain(consult.case.complaint),
        "history": plain(consult.case.history),
        "vitals": [[plain(name), plain(value)] for name, value in vitals.lines(consult.case.vitals or {})],
    }


def _doctors(consult: Consult, opinion: Opinion | None, outcome: Outcome | None) -> list[dict[str, str]]:
    """Both doctors: as they signed, or as they are on file while they have not."""
    return [
        _doctor(_("Treating doctor"), consult.treating_doctor, outcome),
        _doctor(_("Specialist"), consult.specialist, opinion),
    ]


def _doctor(role: str, user: User | None, signed: Opinion | Outcome | None) -> dict[str, str]:
    name = signed.signed_name if signed else user.full_name if user else ""
    registration = signed.signed_registration if signed else user.registration_number if user else ""
    return {
        "role": role,
        "name": plain(name),
        "registration": plain(registration) or _("not on file"),
        "place": plain(user.facility.name) if user else "",
        "signed_at": moment(signed.signed_at) if signed and signed.signed_at else _("not signed yet"),
    }


def _signature(document: Opinion | Outcome | Addendum) -> dict[str, str]:
    return {
        "signed_name": plain(document.signed_name),
        "signed_registration": plain(document.signed_registration),
        "signed_at": moment(document.signed_at) if document.signed_at else "",
    }


def _opinion(opinion: Opinion) -> dict[str, str]:
    return {
        "findings": plain(opinion.findings),
        "impression": plain(opinion.impression),
        "recommendations": plain(opinion.recommendations),
        "urgency": str(wording.URGENCIES[opinion.urgency]),
        **_signature(opinion),
    }


def _outcome(outcome: Outcome) -> dict[str, str]:
    return {
        "decision": str(wording.DECISIONS[outcome.decision]),
        "note_label": str(wording.NOTES[outcome.decision]),
        "note": plain(outcome.decision_note),
        "diagnosis": plain(outcome.diagnosis),
        "plan": plain(outcome.plan),
        "follow_up": day(outcome.follow_up_on) if outcome.follow_up_on else _("no day agreed"),
        **_signature(outcome),
    }


def _images(opinion: Opinion | None, outcome: Outcome | None, picture_file: PictureFile) -> list[dict[str, Any]]:
    first = opinion.key_images or [] if opinion else []
    later = key_images.added_since(first, outcome.key_images) if outcome else []
    marked = [(one, _("Signed with the opinion")) for one in first]
    marked += [(one, _("Signed with the outcome")) for one in later]
    return [_image(one, number, words, picture_file(one)) for number, (one, words) in enumerate(marked, start=1)]


def _image(image: Image, number: int, words: str, file: str | None) -> dict[str, Any]:
    turn = turn_of(image)
    width, height = turn.size
    drawn = [shape for one in image["annotations"] for shape in drawing.shapes(one, turn, _label(one, image))]
    names = sorted({plain(one["author_name"]) for one in image["annotations"]})
    title = plain(image["description"]) or plain(image["modality"]) or _("Image")
    details = [words, _("marked by %(name)s", name=plain(image["marked_by"]))]
    if names:
        details.append(_("drawn by %(names)s", names=", ".join(names)))
    return {
        "file": file,
        "width": width,
        "height": height,
        "shapes": drawn,
        "title": f"{number}. {title}",
        "facts": " · ".join(
            (
                wording.frame(image["frame"], image["frames"]),
                str(wording.CALIBRATIONS[key_images.calibration_words(image)]),
                *(() if image["sha256"] else (_("preview from the tablet: the original had not arrived"),)),
            )
        ),
        "details": " · ".join(details),
    }


def turn_of(image: Image) -> drawing.Turn:
    """How the key image was looked at when it was marked: printed so too."""
    view = image["view"]
    rotation = view.get("rotation") if view.get("rotation") in (0, 90, 180, 270) else 0
    return drawing.Turn(image["columns"], image["rows"], int(rotation or 0), bool(view.get("flip")))


def _label(annotation: dict[str, Any], image: Image) -> str:
    words = plain(annotation["text"])
    if annotation["kind"] != "length":
        return words
    measured = wording.length(*key_images.length(annotation["points"], image["calibration"]))
    return f"{words} {measured}".strip()
