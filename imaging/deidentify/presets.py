"""The named ways to make a copy: each a set of the standard's options with a sentence that says what stays. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from imaging.deidentify.profile import Option

PresetName = Literal["teaching", "bare", "follow_up"]
PURPOSES: Final = ("export", "teaching")


@dataclass(frozen=True, slots=True)
class Preset:
    """`options` are the standard's; `title` and `sentence` are what a doctor reads."""

    name: PresetName
    title: LazyString
    sentence: LazyString
    options: frozenset[Option]


PRESETS: Final[dict[str, Preset]] = {
    one.name: one
    for one in (
        Preset(
            "teaching",
            _("For teaching"),
            _("Age, sex and what was examined stay. Names, numbers, places and every date go."),
            frozenset({"clean_pixels", "clean_graphics", "clean_descriptors", "retain_patient"}),
        ),
        Preset(
            "follow_up",
            _("For research over time"),
            _("As for teaching; the days between pictures stay, but every date is moved by the same secret number."),
            frozenset(
                {"clean_pixels", "clean_graphics", "clean_descriptors", "retain_patient", "retain_modified_dates"}
            ),
        ),
        Preset(
            "bare",
            _("As little as possible"),
            _("Only the picture and how it was taken stay. Age, sex and descriptions go too."),
            frozenset({"clean_pixels", "clean_graphics"}),
        ),
    )
}
