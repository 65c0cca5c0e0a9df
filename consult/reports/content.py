"""What a signature covers: the canonical form of a document's content and its hash. Pure.

Canonical JSON: keys sorted, no spaces, UTF-8, no NaN; as RFC 8785 but for numbers, which are in Python's shortest form.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from consult.reports.models import Addendum, Opinion, Outcome

Signed = Opinion | Outcome | Addendum


def canonical(content: dict[str, Any]) -> bytes:
    """The one byte form of `content`. Raises ValueError for NaN and infinities."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical form, in hexadecimal."""
    return hashlib.sha256(canonical(content)).hexdigest()


def of_document(document: Signed) -> dict[str, Any]:
    """Everything of a document that its signature covers: the words, the pictures, who signed and when."""
    parts: dict[str, Any] = {
        "kind": type(document).__name__.lower(),
        "consult": document.consult_id,
        "author": document.author_id,
        "signed_at": document.signed_at.isoformat() if document.signed_at else None,
        "signed_name": document.signed_name,
        "signed_registration": document.signed_registration,
    }
    return {**parts, **_words(document)}


def _words(document: Signed) -> dict[str, Any]:
    if isinstance(document, Opinion):
        names: tuple[str, ...] = ("findings", "impression", "recommendations", "urgency", "key_images")
    elif isinstance(document, Outcome):
        names = ("decision", "decision_note", "diagnosis", "plan", "key_images")
    else:
        names = ("text",)
    words = {name: getattr(document, name) for name in names}
    if isinstance(document, Outcome):
        words["follow_up_on"] = document.follow_up_on.isoformat() if document.follow_up_on else None
    return words


def hash_of(document: Signed) -> str:
    """The hash that the document should carry."""
    return digest(of_document(document))


def is_whole(document: Signed) -> bool:
    """Whether a signed document is, to the letter, what was signed."""
    return document.signed_at is not None and document.content_sha256 == hash_of(document)
