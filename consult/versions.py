"""The version of one saved field, reckoned from its value.

Two people (or two tabs) may edit one form at once. Each save says which version of its field it replaces, so that only
a save over an *unseen* value is refused, and never one that merely touches the same form.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask_babel import gettext as _

from app.errors import Conflict

CHANGED = "changed_elsewhere"


def version_of(value: Any) -> str:
    """Twelve hexadecimal digits that differ when the value does."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def check(current: Any, wanted: Any, version: str) -> bool:
    """Whether `wanted` has to be written. Raises Conflict (`changed_elsewhere`) when `version` is not the current one.

    A save repeated because its answer was lost finds its own value there and is done.
    """
    if current == wanted:
        return False
    if version_of(current) != version:
        raise Conflict(_("Somebody else has changed this in the meantime."), code=CHANGED)
    return True
