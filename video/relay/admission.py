"""Who may come in: tickets of ours, each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from video import tickets
from video.tickets import BadTicket, Ticket

REMEMBERED: Final = 50_000  # tickets; at ten a second more than an hour, whatever the wall clock does meanwhile


class Full(Exception):
    """The engine takes nobody more: it is full, or it is being stopped."""


class Admission:
    """The door of an engine. `now` is the wall clock."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._now = now
        self._used: dict[str, None] = {}  # nonces, the oldest first

    def admit(self, text: str) -> Ticket:
        """The ticket that `text` is, this once. Raises BadTicket: forged, expired, used."""
        ticket = tickets.read(self._secret, text, self._now())
        if ticket.nonce in self._used:
            raise BadTicket("used")
        self._used[ticket.nonce] = None
        if len(self._used) > REMEMBERED:
            del self._used[next(iter(self._used))]
        return ticket
