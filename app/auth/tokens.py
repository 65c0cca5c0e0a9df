"""Bearer tokens (RFC 6750): made, shown once, revoked; and who asks, when one comes with a request.

A token is 256 random bits behind a prefix that may be shown, so a plain SHA-256 keeps it: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock
from app.actor import Actor
from app.auth import queries
from app.auth.models import TOKEN_SCOPES, AccessToken, User
from app.db import new_id
from app.errors import Conflict, Invalid, NotFound

OWNERS = frozenset({"treating_doctor", "specialist"})  # whoever may see pictures at all
MOST_LIVE = 20  # of one person
MOST_NAME = 120
PERSON_DAYS = (1, 30, 90, 365)
DEVICE_DAYS = (30, 365, 1825)
_BEGINNING = "nidaan_"
_USED_EVERY = timedelta(minutes=1)  # last use is written down to the minute, not for every frame of a clip


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds a token that is good now, and what it is for."""

    actor: Actor
    scopes: frozenset[str]
    token_id: str
    stale: bool  # `note_use` should be called


def make_own(session: Session, actor: Actor, name: str, scopes: Iterable[str], days: int) -> tuple[AccessToken, str]:
    """A token for a program that asks in the actor's own name, and its secret, which is told once."""
    if actor.kind != "user" or actor.role not in OWNERS:
        raise NotFound()
    if sum(is_live(token) for token in tokens_of(session, actor)) >= MOST_LIVE:
        raise Conflict(_("You have %(count)s tokens. Revoke one that is no longer used.", count=MOST_LIVE))
    return _make(session, actor, name, scopes, _of(days, PERSON_DAYS), actor.facility_id or "", user_id=actor.id)


def make_for_device(
    session: Session, actor: Actor, facility_id: str, name: str, scopes: Iterable[str], days: int
) -> tuple[AccessToken, str]:
    """A token for a machine of one facility, and its secret, which is told once."""
    _administrator(actor)
    queries.site(session, actor, facility_id)
    return _make(session, actor, name, scopes, _of(days, DEVICE_DAYS), facility_id, user_id=None)


def revoke(session: Session, actor: Actor, token_id: str) -> AccessToken:
    """End a token at once: one's own or, for an administrator, any of the program. Raises NotFound for others."""
    found = session.get(AccessToken, token_id)
    own = found is not None and actor.kind == "user" and found.user_id == actor.id
    ruled = found is not None and actor.role == "administrator" and found.program_id == actor.program_id
    if found is None or not (own or ruled):
        raise NotFound()
    if found.revoked_at is None:
        found.revoked_at = clock.now()
        audit.record(session, actor, "token_revoked", "token", found.id)
    return found


def tokens_of(session: Session, actor: Actor) -> list[AccessToken]:
    """The actor's own tokens, newest first."""
    rows = select(AccessToken).where(AccessToken.user_id == actor.id).order_by(AccessToken.created_at.desc())
    return list(session.scalars(rows))


def tokens_of_program(session: Session, actor: Actor) -> list[AccessToken]:
    """Every token of the administrator's program, newest first."""
    _administrator(actor)
    mine = AccessToken.program_id == actor.program_id
    return list(session.scalars(select(AccessToken).where(mine).order_by(AccessToken.created_at.desc())))


def bearer(session: Session, secret: str) -> Bearer | None:
    """Whose token this is; None where it is no token, has ended, or its owner may no longer sign in."""
    prefix = secret.rpartition(".")[0]
    found = session.scalar(select(AccessToken).where(AccessToken.prefix == prefix[:16])) if prefix else None
    # The same work whether or not there is such a prefix.
    right = hmac.compare_digest(_hashed(secret), found.sha256 if found is not None else "0" * 64)
    if found is None or not right or not is_live(found):
        return None
    actor = _actor_of(found)
    if actor is None:
        return None
    stale = found.last_used_at is None or clock.now() - found.last_used_at > _USED_EVERY
    return Bearer(actor, frozenset(found.scopes.split()), found.id, stale)


def note_use(session: Session, token_id: str) -> None:
    """Write down that a token was used just now."""
    session.get_one(AccessToken, token_id).last_used_at = clock.now()


def is_live(token: AccessToken) -> bool:
    """Whether it is neither revoked nor past its end."""
    return token.revoked_at is None and token.expires_at > clock.now()


def _actor_of(token: AccessToken) -> Actor | None:
    if token.user is not None:
        return token.user.actor() if token.user.active and token.user.role in OWNERS else None
    return Actor(
        kind="device",
        id=token.id,
        name=token.name,
        role="device",
        program_id=token.program_id,
        facility_id=token.facility_id,
    )


def _make(
    session: Session,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    lasting: timedelta,
    facility_id: str,
    *,
    user_id: str | None,
) -> tuple[AccessToken, str]:
    wanted = set(scopes)
    if not name.strip() or len(name.strip()) > MOST_NAME:
        raise Invalid("name", _("Say what will use it, in at most %(count)s characters.", count=MOST_NAME))
    if not wanted or not wanted <= set(TOKEN_SCOPES):
        raise Invalid("scopes", _("Choose what it may do."))
    prefix = _BEGINNING + secrets.token_hex(4)
    secret = f"{prefix}.{secrets.token_urlsafe(32)}"
    token = AccessToken(
        id=new_id(),
        program_id=actor.program_id,
        facility_id=facility_id,
        user_id=user_id,
        name=name.strip(),
        prefix=prefix,
        sha256=_hashed(secret),
        scopes=" ".join(scope for scope in TOKEN_SCOPES if scope in wanted),
        created_by=actor.id,
        created_at=clock.now(),
        expires_at=clock.now() + lasting,
    )
    session.add(token)
    session.flush()
    session.refresh(token)
    audit.record(
        session, actor, "token_made", "token", token.id, scopes=token.scopes, of="user" if user_id else "device"
    )
    return token, secret


def owner_by_email(session: Session, email: str) -> User:
    """The active person with this address who may have tokens. Raises NotFound."""
    found = queries.user_by_email(session, email)
    if found is None or not found.active or found.role not in OWNERS:
        raise NotFound()
    return found


def _of(days: int, offered: tuple[int, ...]) -> timedelta:
    if days not in offered:
        raise Invalid("days", _("Choose how long it is good."))
    return timedelta(days=days)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _administrator(actor: Actor) -> None:
    if actor.kind != "user" or actor.role != "administrator":
        raise NotFound()
