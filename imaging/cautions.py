"""What must be said beside a picture that can be shown and not quite trusted: a code and a sentence each."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

SENTENCES: dict[str, LazyString] = {
    "damaged_parts": _("Part of this picture is damaged: what it shows may be wrong. Send it again from the device."),
    "not_as_previewed": _("The tablet's preview had shown something else. Look at this picture anew, drawings too."),
    "extra_pixels": _("The file holds more picture data than its header describes: the picture may be wrong."),
    "reduced_depth": _("The values are finer than a screen can show: they were rounded to 16 bits."),
    "modality_lut": _("The file's table of intensities cannot be read: the grey levels may be wrong."),
    "voi_lut": _("The file's own brightness table cannot be read: another brightness was chosen."),
    "overlays": _("The file has drawings of its own (overlays) that cannot be shown here."),
    "not_drawn": _("This document cannot be shown here. Download it to read it."),
    "more_pages": _("Only the first pages of this document are shown. Download it for the others."),
    "guessed_encoding": _("The file does not say how it is written: its picture was read by a guess."),
}

# Why no length can be given in a picture (`geometry.Reason`).
UNCALIBRATED: dict[str, LazyString] = {
    "not_here": _("Its file is not here yet, and nothing can be measured on a preview."),
    "unsaid": _("The file does not say how large a pixel is."),
    "impossible": _("The file gives a pixel size that cannot be true."),
    "outside": _("The file's measuring regions lie outside the picture: it was resized after it was made."),
    "no_length": _("The file's measuring regions are not in centimetres."),
}


def why_uncalibrated(code: str | None) -> str | None:
    """One sentence in the reader's language; None where lengths can be given."""
    return None if code is None else str(UNCALIBRATED.get(code, UNCALIBRATED["unsaid"]))


def sentences(codes: list[str]) -> list[dict[str, str]]:
    """[{"code", "text"}] in the reader's language; unknown codes are left out."""
    return [{"code": code, "text": str(SENTENCES[code])} for code in codes if code in SENTENCES]
