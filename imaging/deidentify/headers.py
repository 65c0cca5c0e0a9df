"""A data set without the patient: Table E.1-1 applied to every level, and a net for what the table does not name.

Beyond the table: attributes that no dictionary knows, values of unknown or wrong representation, binary values outside
group 0028, whole overlay planes, group lengths and command elements are removed; every remaining person's name and
every UID that is not the standard's own is replaced; and a text that still holds one of the original's names, numbers
or dates is cut down to words that describe bodies and machines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from imaging.deidentify import descriptions
from imaging.deidentify.identity import Disguise
from imaging.deidentify.profile import Action, Option, rule_of
from imaging.deidentify.traces import Traces, traces_of

_MOST_DEPTH = 60
_TEXTS = {"LO", "SH", "ST", "LT", "UT", "UC", "AE", "UR", "CS"}
_BINARY = {"OB", "OW", "OF", "OD", "OL", "OV"}
_PIXELS = {0x7FE00001, 0x7FE00002, 0x7FE00008, 0x7FE00009, 0x7FE00010}
_ICON = 0x00880200
_AGE = 0x00101010
# Defined terms by which readers choose what to do: they are never text, whatever stands there is checked elsewhere.
_TERMS = {0x00080005, 0x00080060}
_SAFE_SCHEMES = {"DCM", "SCT", "SRT", "SNM3", "99SDM", "LN", "UCUM", "RADLEX", "FMA", "NCIT", "I10", "ICD10", "MA"}
DUMMIES: dict[str, Any] = {
    "AE": "REMOVED", "AS": "000Y", "CS": "REMOVED", "DA": "19000101", "DS": "0", "DT": "19000101000000", "FD": 0.0,
    "FL": 0.0, "IS": "0", "LO": "REMOVED", "LT": "REMOVED", "SH": "REMOVED", "SL": 0, "SS": 0, "ST": "REMOVED",
    "SV": 0, "TM": "000000", "UC": "REMOVED", "UL": 0, "UR": "about:blank", "US": 0, "UT": "REMOVED", "UV": 0,
}  # fmt: skip


@dataclass(slots=True)
class Cleaner:
    """Cleans data sets of one copy; `removed` counts what was taken out and `replaced` what was written instead."""

    disguise: Disguise
    options: frozenset[Option]
    traces: Traces
    removed: int = 0
    replaced: int = 0

    def clean(self, data: Dataset, depth: int = 0) -> None:
        """Clean one level and all below it, in place. Raises RecursionError when nested too deeply to be real."""
        if depth > _MOST_DEPTH:
            raise RecursionError
        for tag in list(data.keys()):
            element = _readable(data, tag)
            kept = None if element is None else self._cleaned(element, depth)
            if kept is None:
                del data[tag]
                self.removed += 1
            else:
                data[tag] = kept

    def _cleaned(self, element: DataElement, depth: int) -> DataElement | None:
        tag = element.tag
        if _never_kept(tag, element.VR):
            return None
        rule = rule_of(tag.group, tag.element)
        action = self._unlisted(element.VR) if rule is None else rule.action(self.options)
        if action == "remove":
            return None
        if action != "keep":
            self.replaced += 1
        if element.VR == "SQ":
            return self._cleaned_sequence(element, action, depth)
        value = self._value(element, action)
        if value is element.value:
            return element
        return None if value is None else DataElement(tag, element.VR, value)

    def _unlisted(self, vr: str) -> Action:
        """What becomes of an attribute that the table does not name: dates are still dates."""
        if vr not in {"DA", "DT", "TM"} or "retain_full_dates" in self.options:
            return "keep"
        return "clean" if "retain_modified_dates" in self.options else "remove"

    def _cleaned_sequence(self, element: DataElement, action: Action, depth: int) -> DataElement | None:
        items = list(element.value or [])
        if action == "empty":
            items = []
        if action == "clean":
            items = [item for item in items if _is_coded(item)]
            if not items:
                return None
        for item in items:
            self.clean(item, depth + 1)
        return DataElement(element.tag, "SQ", Sequence(items))

    def _value(self, element: DataElement, action: Action) -> Any:
        """The new value, or None where the element goes."""
        vr, tag = element.VR, element.tag
        if vr == "PN" or tag == 0x00100020:
            return self.disguise.pseudonym if action != "empty" or tag in {0x00100010, 0x00100020} else ""
        if vr == "UI":
            return self._uids(element, action)
        if action == "empty":
            return None if vr in _BINARY else ""
        if action == "dummy":
            return DUMMIES.get(vr)
        if action == "clean":
            return self._clean_value(element)
        return self._swept(element)

    def _uids(self, element: DataElement, action: Action) -> Any:
        if action == "empty":
            return ""
        if action == "keep" and "retain_uids" in self.options:
            return element.value
        mapped = [self.disguise.uid(one) for one in _values(element)]
        return mapped if len(mapped) != 1 else mapped[0]

    def _clean_value(self, element: DataElement) -> Any:
        """Dates moved; times left; text cut down to words that may stay; None when nothing is left."""
        vr = element.VR
        if vr == "DA":
            moved = [day for one in _values(element) if (day := self.disguise.date(one))]
            return moved or None
        if vr == "DT":
            moved = [moment for one in _values(element) if (moment := self.disguise.datetime(one))]
            return moved or None
        if vr == "TM":
            return _values(element) or None
        if vr in _TEXTS:
            return descriptions.cleaned(" ".join(_values(element)), self.traces.names)[:64] or None
        return None

    def _swept(self, element: DataElement) -> Any:
        vr, value = element.VR, element.value
        if element.tag == _AGE:
            return "090Y" if _is_over_89(str(value)) else value
        if vr not in _TEXTS or element.tag in _TERMS or (vr == "CS" and element.tag.group == 0x0028):
            return value
        if not any(self.traces.left_in(one) for one in _values(element)):
            return value
        self.replaced += 1
        if vr == "CS":
            return [one for one in _values(element) if not self.traces.left_in(one)] or None
        return descriptions.cleaned(" ".join(_values(element)), self.traces.names)[:64] or None


def clean_header(data: Dataset, disguise: Disguise, options: frozenset[Option]) -> Cleaner:
    """Clean a whole data set (without file meta information), in place; returns what was done."""
    cleaner = Cleaner(disguise, options, traces_of(data))
    cleaner.clean(data)
    return cleaner


def _readable(data: Dataset, tag: BaseTag) -> DataElement | None:
    try:
        element = data[tag]
        _ = element.value
        return element
    except RecursionError:
        raise
    except Exception:  # a value that cannot be read cannot be checked
        return None


def _never_kept(tag: BaseTag, vr: str) -> bool:
    """What no option keeps: see the top of this file. Icons are pictures that no mask would reach."""
    if tag.is_private or tag.element == 0 or tag.group <= 0x0004 or tag in _PIXELS or tag == _ICON:
        return True
    if tag.group >> 8 in {0x50, 0x54, 0x60}:
        return True
    if vr == "UN" or (vr in _BINARY and tag.group != 0x0028):
        return True
    return not _is_known(tag, vr)


def _is_known(tag: BaseTag, vr: str) -> bool:
    """Whether the dictionary knows the attribute, with this representation (in implicit VR files it may be open)."""
    try:
        known = dictionary_VR(tag)
    except KeyError:
        return False
    return vr == known or vr in known.split(" or ")


def _is_over_89(age: str) -> bool:
    """So few people are older that an age alone would find them."""
    return age.endswith("Y") and age[:-1].isdigit() and int(age[:-1]) > 89


def _is_coded(item: Dataset) -> bool:
    """Whether an item is a code of a public scheme: a local code is a hospital's own word."""
    return str(item.get("CodingSchemeDesignator", "")).strip() in _SAFE_SCHEMES


def _values(element: DataElement) -> list[str]:
    value = element.value
    many: Iterable[Any] = value if type(value).__name__ in {"MultiValue", "list", "tuple"} else [value]
    return [str(one).strip() for one in many if one is not None and str(one).strip()]
