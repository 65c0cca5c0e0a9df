"""What is agreed on when a unit calls (PS3.8 chapter 7, PS3.7 annex D): storage of any kind, in its own packing."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom._uid_dict import UID_dictionary
from pydicom.uid import UID
from pynetdicom.pdu_primitives import SOPClassCommonExtendedNegotiation
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import ComputedRadiographyImageStorage, Verification  # type: ignore[attr-defined]

from imaging.dataset import CODINGS, NATIVE, VIDEO_SYNTAXES

# Everything that the decoders know. Units offer what they have; the order among these is theirs.
TRANSFER_SYNTAXES = frozenset({*NATIVE, *CODINGS, *VIDEO_SYNTAXES})
_PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")
_NO_STORAGE = {"1.2.840.10008.1.20.1", "1.2.840.10008.1.20.2"}  # storage commitment


def is_storage(abstract_syntax: str) -> bool:
    """Whether a SOP class is taken in: every storage class, and every private or unknown one.

    The standard's other services (queries, worklists, printing, commitment) are known by name and are not offered.
    """
    if abstract_syntax in _NO_STORAGE:
        return False
    known = UID_dictionary.get(abstract_syntax)
    return known is None or (known[1] == "SOP Class" and "Storage" in known[0])


def settle(proposed: Iterable[PresentationContext]) -> list[PresentationContext]:
    """What we support of what is proposed; each storage context is left with the first syntax that we know in it.

    The first is what the unit has: taking a later one would have it pack or unpack its pictures, and lose of them
    where the packing does. pynetdicom orders syntaxes by class; a unit may well propose one class several times.
    """
    found: dict[str, set[str]] = {}
    for context in proposed:
        known = [syntax for syntax in context.transfer_syntax if syntax in TRANSFER_SYNTAXES]
        if known and is_storage(str(context.abstract_syntax)):
            context.transfer_syntax = [known[0]]
            found.setdefault(str(context.abstract_syntax), set()).add(str(known[0]))
    contexts = [build_context(abstract, sorted(syntaxes)) for abstract, syntaxes in found.items()]
    return [build_context(Verification, list(_PLAIN)), *contexts]


def as_storage(proposed: Iterable[PresentationContext]) -> dict[UID, SOPClassCommonExtendedNegotiation]:
    """Have pynetdicom serve private and unknown classes as it serves a class that it knows to be stored."""
    items: dict[UID, SOPClassCommonExtendedNegotiation] = {}
    for context in proposed:
        abstract = context.abstract_syntax
        if abstract is not None and is_storage(abstract):
            item = SOPClassCommonExtendedNegotiation()
            item.sop_class_uid = abstract
            item.service_class_uid = ComputedRadiographyImageStorage
            items[abstract] = item
    return items
