"""The sentence for each piece of advice on how a picture was taken: what it means, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from imaging import quality

SENTENCES: dict[str, LazyString] = {
    "black_picture": _("This picture is black. Check the device and take it again."),
    "black_clip": _("This clip is black from beginning to end. Check the device and record it again."),
    "frozen_clip": _(
        "All %(frames)s frames of this clip are the same: the picture was frozen. Record it again, moving."
    ),
    "under_exposed": _("Under-exposed (deviation index %(deviation)s): noise can hide fine findings."),
    "over_exposed": _("Over-exposed (deviation index %(deviation)s): more dose than was needed."),
    "clipped": _("%(percent)s %% of the middle is pure black or white: nothing can be seen in those parts."),
    "copy": _("An 8-bit copy: brightness can hardly be changed. If the machine can, send its DICOM file."),
    "few_levels": _("Only %(levels)s grey levels: fine differences are lost. Send the machine's own DICOM file."),
    "small": _("A small picture (%(size)s): fine lines cannot be judged on it."),
}


def sentences(facts: Mapping[str, Any]) -> list[dict[str, str]]:
    """[{"code", "text"}] in the reader's language."""
    return [{"code": code, "text": str(SENTENCES[code]) % values} for code, values in quality.advise(facts)]
