"""New names, UIDs and days for old ones: the same within one copy, unrelated between copies. Pure.

Everything follows from the copy's secret `salt`. Once the copy is made the salt is forgotten, and nobody, we included,
can tell from a copy which original it came from.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

_STANDARD_ROOT = "1.2.840.10008."  # SOP classes, transfer syntaxes, well-known frames of reference: nobody's identity
_MOST_DAYS = 3650
_DATE = re.compile(r"(\d{4})[.\-]?(\d{2})[.\-]?(\d{2})")


@dataclass(frozen=True, slots=True)
class Disguise:
    """What stands for the patient in one copy. `salt`: hexadecimal, at least 128 random bits."""

    salt: str

    def uid(self, original: str) -> str:
        """A UID of the form 2.25.<128 bit number> (PS3.5 section B.2); the standard's own UIDs are left alone."""
        if not original or original.startswith(_STANDARD_ROOT):
            return original
        return f"2.25.{int.from_bytes(self._digest('uid', original)[:16], 'big')}"

    @property
    def pseudonym(self) -> str:
        """What is written where a name or number must be."""
        return f"ANON-{self._digest('name', '').hex()[:8].upper()}"

    @property
    def days(self) -> int:
        """By how many days every date is moved, always back: 1 to 3650."""
        return 1 + int.from_bytes(self._digest("days", "")[:8], "big") % _MOST_DAYS

    def date(self, original: str) -> str:
        """A DA or the first part of a DT (PS3.5 section 6.2), moved; an empty string for what is no date."""
        found = _DATE.match(original.strip())
        if found is None:
            return ""
        try:
            day = date(int(found[1]), int(found[2]), int(found[3])) - timedelta(days=self.days)
        except (ValueError, OverflowError):
            return ""
        return f"{day:%Y%m%d}"

    def datetime(self, original: str) -> str:
        """A DT, its date moved and its time of day left; an empty string when it is shorter than a day."""
        moved = self.date(original)
        return moved + original.strip()[8:] if moved and original.strip()[:8].isdigit() else moved

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.new(bytes.fromhex(self.salt), f"{purpose}:{text}".encode(), sha256).digest()
