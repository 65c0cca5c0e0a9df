"""Orders to record: made and signed by the web process, read by relays. Without one nothing is ever recorded.

An order names one call, one recording, who agreed to it (nobody else's packet is kept) and what may be kept of each.
It lasts for `LEASE` and is given again while people agree, so that a relay whose line is cut stops by itself. The
recording's key travels in it wrapped with the shared secret, and is nowhere on a relay's disk.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from video import sealed

LEASE: Final = timedelta(seconds=8)
RENEW_SECONDS: Final = 2
MAX_BYTES: Final = 8192
TRACKS: Final = ("voice", "picture")
_PURPOSE: Final = "record order"


@dataclass(frozen=True, slots=True)
class Order:
    """Record these people of a room. `take` is new after every pause; `people`: participant -> tracks; unix times."""

    room: str
    recording: str
    take: str
    people: dict[str, list[str]]
    key: str
    expires: float
    nonce: str


class BadOrder(Exception):
    """The order means nothing here; `code`: forged, expired, used."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def make(
    secret: str,
    now: datetime,
    *,
    room: str,
    recording: str,
    take: str,
    people: Mapping[str, Sequence[str]],
    key: bytes,
) -> str:
    """A signed order, good for `LEASE`."""
    order = Order(
        room=room,
        recording=recording,
        take=take,
        people={who: list(tracks) for who, tracks in people.items()},
        key=base64.b64encode(sealed.wrap(secret, _PURPOSE, recording, key)).decode(),
        expires=(now + LEASE).timestamp(),
        nonce=secrets.token_hex(12),
    )
    body = json.dumps(asdict(order), separators=(",", ":")).encode()
    return f"{base64.urlsafe_b64encode(body).decode()}.{_sign(secret, body)}"


def read(secret: str, text: str, now: datetime) -> tuple[Order, bytes]:
    """The order that `text` is, and the recording's key. Raises BadOrder: forged, expired."""
    if len(text) > MAX_BYTES or not secret:
        raise BadOrder("forged")
    head, _, signature = text.partition(".")
    try:
        body = base64.b64decode(head, altchars=b"-_", validate=True)
    except ValueError as error:
        raise BadOrder("forged") from error
    if not hmac.compare_digest(_sign(secret, body).encode(), signature.encode()):
        raise BadOrder("forged")
    order = Order(**json.loads(body))
    if order.expires <= now.timestamp():
        raise BadOrder("expired")
    return order, sealed.unwrap(secret, _PURPOSE, order.recording, base64.b64decode(order.key))


def _sign(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), b"nidaan record order 1\n" + body, hashlib.sha256).hexdigest()
