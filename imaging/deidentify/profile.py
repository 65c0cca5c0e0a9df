"""Table E.1-1 of DICOM PS3.15: what is done to each attribute, under the Basic profile and under each option. Pure.

The table is `confidentiality_profile.csv` beside this file, one row an attribute, in the order of tags:

- `basic`: the Basic Profile's action codes as the edition below prints them (as published in the BSD-licensed PyPI
  package dicom-anonymizer 2.1.0, `dicomfields_2026c`).
- the option columns (K keep, C clean, X remove; empty: the basic action stands), as published in the MIT-licensed
  PyPI package dicom-standard 0.1.0 for the attributes that its older edition knew (`options_from` = table). For
  attributes that are newer, dates and times are given the columns that every date and time has, and UIDs theirs
  (`options_from` = vr); what else is newer has no option (`options_from` = none), so that it is removed where another
  reader might have kept it.

Where the table leaves a choice that hangs on the attribute's type in its module (X/Z, X/D, Z/D, X/Z/D), the action
taken is the one that every type allows: nothing of the value is kept, and a required attribute stays present.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

EDITION: Final = "2026c"
TABLE: Final = Path(__file__).with_name("confidentiality_profile.csv")

Action = Literal["keep", "clean", "remove", "empty", "dummy", "map_uid", "map_uids_inside"]
Option = Literal[
    "retain_uids",
    "retain_device",
    "retain_institution",
    "retain_patient",
    "retain_full_dates",
    "retain_modified_dates",
    "clean_descriptors",
    "clean_structured",
    "clean_graphics",
    "retain_safe_private",
    "clean_pixels",
    "clean_visual_features",
]

# CID 7050: the De-identification Method Code Sequence (0012,0064) says which were used.
PROFILE_CODE: Final = ("113100", "Basic Application Confidentiality Profile")
OPTION_CODES: Final[dict[Option, tuple[str, str]]] = {
    "clean_pixels": ("113101", "Clean Pixel Data Option"),
    "clean_visual_features": ("113102", "Clean Recognizable Visual Features Option"),
    "clean_graphics": ("113103", "Clean Graphics Option"),
    "clean_structured": ("113104", "Clean Structured Content Option"),
    "clean_descriptors": ("113105", "Clean Descriptors Option"),
    "retain_full_dates": ("113106", "Retain Longitudinal Temporal Information Full Dates Option"),
    "retain_modified_dates": ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    "retain_patient": ("113108", "Retain Patient Characteristics Option"),
    "retain_device": ("113109", "Retain Device Identity Option"),
    "retain_uids": ("113110", "Retain UIDs Option"),
    "retain_safe_private": ("113111", "Retain Safe Private Option"),
    "retain_institution": ("113112", "Retain Institution Identity Option"),
}
# The columns of the table; the two options about pixels are rules in words (E.3.1, E.3.2) and have none.
COLUMNS: Final = tuple(
    option for option in OPTION_CODES if not option.startswith("clean_pix") and "visual" not in option
)

_BASIC: Final[dict[str, Action]] = {
    "X": "remove",
    "Z": "empty",
    "X/Z": "empty",
    "D": "dummy",
    "Z/D": "dummy",
    "X/D": "dummy",
    "X/Z/D": "dummy",
    "U": "map_uid",
    "X/Z/U*": "map_uids_inside",
}
_BY_OPTION: Final[dict[str, Action]] = {"K": "keep", "C": "clean", "X": "remove"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: `tag` as eight hexadecimal digits (x for any digit) or "private"; `options` holds the columns in use."""

    tag: str
    name: str
    vr: str
    basic: str
    options: dict[str, str]

    def action(self, options: frozenset[Option]) -> Action:
        """What is done under these options. Where two of them speak, keeping beats cleaning, as in E.3."""
        said = {code for option, code in self.options.items() if option in options}
        for code, action in _BY_OPTION.items():
            if code in said:
                return action
        return _BASIC[self.basic]


@cache
def rules() -> dict[str, Rule]:
    """Every row of the table by its `tag`."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["tag"]: Rule(
                tag=row["tag"],
                name=row["name"],
                vr=row["vr"],
                basic=row["basic"],
                options={column: row[column] for column in COLUMNS if row[column]},
            )
            for row in csv.DictReader(file)
        }


def rule_of(group: int, element: int) -> Rule | None:
    """The row that speaks of this attribute, repeating groups and private ones included; None when none does."""
    table = rules()
    if group % 2:
        return table["private"]
    if 0x5000 <= group <= 0x50FF:
        return table["50xxxxxx"]
    if 0x6000 <= group <= 0x60FF:
        return table.get(f"60xx{element:04x}")
    return table.get(f"{group:04x}{element:04x}")
