"""Passwords: argon2id with OWASP's parameters (19 MiB, two passes, one lane: 25 ms, since a web process is shared)."""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import gettext as _

from app.errors import Invalid

LEAST_LENGTH = 10
MOST_LENGTH = 200
_TEMPORARY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is mistaken when read out on the telephone

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def hashed(password: str) -> str:
    """The password as it is stored."""
    return _hasher.hash(password)


def matches(password: str, stored: str | None) -> bool:
    """Whether the password is the stored one; costs the same when there is none to compare with."""
    try:
        return _hasher.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _hasher.hash(secrets.token_hex(16))


def check(field: str, password: str, *, not_in: tuple[str, ...] = ()) -> None:
    """Raises Invalid, naming `field`, for a password too short, too long, or that says the person's own name."""
    if len(password) < LEAST_LENGTH:
        raise Invalid(field, _("Use at least %(count)s characters.", count=LEAST_LENGTH))
    if len(password) > MOST_LENGTH:
        raise Invalid(field, _("Use at most %(count)s characters.", count=MOST_LENGTH))
    if len(set(password)) < 4 or password.casefold() in {words.casefold() for words in not_in}:
        raise Invalid(field, _("This is too easy to guess. Put three or four words together."))


def temporary() -> str:
    """A password to be told once and changed: three groups of four, about 59 bits."""
    groups = ("".join(secrets.choice(_TEMPORARY_ALPHABET) for _index in range(4)) for _group in range(3))
    return "-".join(groups)
