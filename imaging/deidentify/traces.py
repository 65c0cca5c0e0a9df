"""What the original says of the patient and their doctors, looked for again in whatever text the copy keeps.

The table names the attributes that hold identity; operators type a name into any other. This is the net behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset

from imaging.deidentify.descriptions import allowed
from imaging.deidentify.profile import rule_of

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_SHORTEST_WORD, _SHORTEST_NUMBER = 3, 4
_MOST_DEPTH = 60

# Numbers and places that are written into a data set as text: (group, element).
_NUMBERS = {
    (0x0010, 0x0020), (0x0010, 0x1000), (0x0010, 0x1001), (0x0010, 0x1005), (0x0010, 0x1040), (0x0010, 0x1060),
    (0x0010, 0x1090), (0x0010, 0x2154), (0x0010, 0x2155), (0x0008, 0x0050), (0x0008, 0x0080), (0x0008, 0x0081),
    (0x0008, 0x0094), (0x0008, 0x1010), (0x0008, 0x1040), (0x0008, 0x0092), (0x0020, 0x0010), (0x0038, 0x0010),
    (0x0038, 0x0500), (0x0040, 0x1001), (0x0040, 0x0009), (0x0040, 0x0253), (0x0040, 0x2016), (0x0040, 0x2017),
    (0x0018, 0x1000), (0x0012, 0x0040), (0x0012, 0x0042),
}  # fmt: skip
_TEXTS = {"LO", "SH", "ST", "LT", "UT", "UC", "AE", "CS"}


@dataclass(frozen=True, slots=True)
class Traces:
    """What may not be met again, folded: `words` of names and `numbers` (IDs, dates, phone numbers).

    `names` has those words too that also describe ("head"): descriptions lose them, fixed terms of machines keep them.
    """

    words: frozenset[str]
    numbers: frozenset[str]
    names: frozenset[str]

    def left_in(self, text: str) -> bool:
        """Whether a text still says something that only the original may say."""
        folded = text.casefold()
        if any(number in folded for number in self.numbers):
            return True
        return any(word in self.words for word in _WORD.findall(folded))


def traces_of(data: Dataset) -> Traces:
    """Collect names, IDs and dates from every level of a data set; what cannot be read is passed over."""
    names: set[str] = set()
    numbers: set[str] = set()
    for group, element, vr, text in _texts(data, 0):
        if vr == "PN":
            names.update(_names(text))
        elif vr in {"DA", "DT"} and _identifies(group, element):
            numbers.update(_spellings(text))
        elif (group, element) in _NUMBERS and len(text) >= _SHORTEST_NUMBER and not _is_common(text):
            numbers.add(text.casefold())
    return Traces(frozenset(names - allowed()), frozenset(numbers), frozenset(names))


def _identifies(group: int, element: int) -> bool:
    rule = rule_of(group, element)
    return rule is not None and group % 2 == 0


def _is_common(text: str) -> bool:
    """Whether it says no more than what was examined ("CHEST" as a study's ID)."""
    words = _WORD.findall(text.casefold())
    return all(word in allowed() for word in words)


def _names(text: str) -> set[str]:
    folded = (word.casefold() for word in _WORD.findall(text))
    return {word for word in folded if len(word) >= _SHORTEST_WORD and not word.isdigit()}


def _spellings(text: str) -> set[str]:
    """A day as machines and people write it: 19510829, 1951-08-29, 1951.08.29, 29/08/1951, 08/29/1951, 29.08.1951."""
    digits = text[:8]
    if len(digits) < 8 or not digits.isdigit() or digits[:4] == "0000":
        return set()
    year, month, day = digits[:4], digits[4:6], digits[6:8]
    orders = [(year, month, day), (day, month, year), (month, day, year)]
    return {digits, *(mark.join(order) for order in orders for mark in "-/.")}


def _texts(data: Dataset, depth: int) -> Iterable[tuple[int, int, str, str]]:
    if depth > _MOST_DEPTH:
        raise RecursionError
    for tag in list(data.keys()):
        try:
            element = data[tag]
            vr, value = element.VR, element.value
        except Exception:  # converting a hostile value may raise anything; such an element is not kept either
            continue
        if vr == "SQ":
            for item in value or []:
                yield from _texts(item, depth + 1)
        elif vr in _TEXTS or vr in {"PN", "DA", "DT"}:
            many = value if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue" else [value]
            yield from ((tag.group, tag.element, vr, str(one).strip()) for one in many if one)
