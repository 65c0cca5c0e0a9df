"""Tickets to the relay: short-lived, for one room, person and connection. The web process makes them, relays read them.

A ticket is `base64url(JSON) . base64url(HMAC-SHA256(secret, JSON))`: whoever holds no secret can neither make nor
change one. It lets nobody in twice: a relay remembers each `nonce` until the ticket would have expired anyway.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

LIFE: Final = timedelta(seconds=60)  # from the asking to the connection's offer; the connection itself lives on
MAX_BYTES: Final = 2048

Purpose = Literal["publish", "subscribe"]


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the holder may do. `publisher` is whose media a subscriber receives; times are unix seconds.

    `route` is the name of the call's way when the ticket was made: media stays among those who came the same way, so
    that whoever lingers on an older one hears nobody who has moved on.
    """

    room: str
    participant: str
    session: str
    purpose: Purpose
    publisher: str
    expires: int
    nonce: str
    route: str = ""


class BadTicket(Exception):
    """The ticket opens nothing; `code` says why: forged, expired, used (where a relay asks)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def secret_from(installation_key: str) -> str:
    """The relays' shared secret of an installation that was given no other."""
    return hmac.new(installation_key.encode(), b"nidaan relay secret 1", hashlib.sha256).hexdigest()


def key_of(secret: str, name: str) -> str:
    """What a relay called `name` shows the web process."""
    return hmac.new(secret.encode(), b"nidaan relay 1\n" + name.encode(), hashlib.sha256).hexdigest()


def make(
    secret: str,
    now: datetime,
    *,
    room: str,
    participant: str,
    session: str,
    purpose: Purpose,
    publisher: str = "",
    route: str = "",
) -> str:
    """A new ticket, good for `LIFE`."""
    ticket = Ticket(
        room=room,
        participant=participant,
        session=session,
        purpose=purpose,
        publisher=publisher,
        expires=int((now + LIFE).timestamp()),
        nonce=secrets.token_hex(12),
        route=route,
    )
    body = json.dumps(asdict(ticket), separators=(",", ":")).encode()
    return f"{_text(body)}.{_text(_sign(secret, body))}"


def read(secret: str, text: str, now: datetime) -> Ticket:
    """The ticket that `text` is. Raises BadTicket: forged for whatever we did not write, expired."""
    if len(text) > MAX_BYTES or not secret:
        raise BadTicket("forged")
    head, dot, tail = text.partition(".")
    try:
        body, signature = _bytes(head), _bytes(tail)
    except ValueError as error:
        raise BadTicket("forged") from error
    if not dot or not hmac.compare_digest(_sign(secret, body), signature):
        raise BadTicket("forged")
    ticket = Ticket(**json.loads(body))
    if ticket.expires <= now.timestamp():
        raise BadTicket("expired")
    return ticket


def _sign(secret: str, body: bytes) -> bytes:
    return hmac.new(secret.encode(), b"nidaan relay ticket 1\n" + body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
