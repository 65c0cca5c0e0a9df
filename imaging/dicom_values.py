"""Values out of a DICOM data set that may hold anything: each read gives a plain value or None, never an error."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from imaging.limits import MAX_HEADER_TEXT
from imaging.plain_text import clean

_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")


def raw(data: Dataset, keyword: str) -> Any:
    """The element's value, or None when it is absent, empty or cannot be converted."""
    try:
        value = getattr(data, keyword, None)
    except Exception:  # converting a hostile value may raise anything
        return None
    return None if value is None or value == "" else value


def unreadable(data: Dataset, keyword: str) -> bool:
    """Whether the element is there, and not empty, and still gives no value."""
    if raw(data, keyword) is not None:
        return True
    try:
        element = data.get_item(keyword)
    except Exception:
        return True
    return element is not None and bool(element.value)


def whole(data: Dataset, keyword: str) -> int | None:
    """A whole number (the first of several)."""
    number = first_number(data, keyword)
    return None if number is None or number != int(number) else int(number)


def first_number(data: Dataset, keyword: str) -> float | None:
    """A finite number (the first of several)."""
    numbers = finite_numbers(data, keyword)
    return numbers[0] if numbers else None


def finite_numbers(data: Dataset, keyword: str) -> list[float]:
    """All values as finite floats; an empty list when any of them is no finite number."""
    value = raw(data, keyword)
    if value is None:
        return []
    values = [value] if isinstance(value, str | bytes | int | float) or not isinstance(value, Iterable) else list(value)
    try:
        numbers = [float(one) for one in values]
    except (TypeError, ValueError, OverflowError):
        return []
    return numbers if all(math.isfinite(number) for number in numbers) else []


def text(data: Dataset, keyword: str) -> str:
    """Text without control characters, at most MAX_HEADER_TEXT characters; several values joined by a backslash."""
    value = raw(data, keyword)
    if value is None:
        return ""
    many = not isinstance(value, str | bytes | PersonName) and isinstance(value, Iterable)
    try:
        joined = "\\".join(str(one) for one in value) if many else str(value)
    except Exception:
        return ""
    return clean(joined, MAX_HEADER_TEXT)


def uid(data: Dataset, keyword: str) -> str:
    """A UID of PS3.5 section 9.1 (digits and dots, at most 64), or an empty string."""
    value = text(data, keyword)
    return value if len(value) <= 64 and _UID.fullmatch(value) else ""


def items(data: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; an empty list when there is none or it cannot be read."""
    value = raw(data, keyword)
    try:
        return [item for item in value or [] if isinstance(item, Dataset)]
    except Exception:
        return []
