"""Words that may stay in a description (the Clean Descriptors option, PS3.15 section E.3.5). Pure.

`description_words.txt` lists what is allowed, not what is forbidden: a word nobody thought of is a word that goes.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

WORDS: Final = Path(__file__).with_name("description_words.txt")
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@cache
def allowed() -> frozenset[str]:
    """The words that describe bodies, views and machines, in lower case."""
    return frozenset(WORDS.read_text(encoding="ascii").split())


def cleaned(text: str, names: frozenset[str] = frozenset()) -> str:
    """The allowed words of a description, in their order; everything else, numbers too, is left out.

    `names`: words of this data set's own names, folded. They go even where they also describe ("Hip", "Head").
    """
    words = _WORD.findall(text)
    return " ".join(word for word in words if word.lower() in allowed() and word.casefold() not in names)
