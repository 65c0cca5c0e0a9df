"""Text from outside, made plain: what is shown, listed and logged never carries control or direction characters."""

from __future__ import annotations

import unicodedata

MAX_NAME = 200


def clean(value: str, longest: int) -> str:
    """Drop control, format and surrogate characters (a right-to-left override among them), trim, and cut."""
    kept = (char for char in value[: longest * 4] if unicodedata.category(char)[0] != "C")
    return "".join(kept).strip()[:longest]


def clean_file_name(value: str) -> str:
    """The last part of a name, whatever system it comes from; never empty, never a path."""
    last = clean(value.replace("\\", "/").rsplit("/", 1)[-1], MAX_NAME)
    return last if last.strip(". ") else "file"
