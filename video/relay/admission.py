"""Who may come in: tickets of ours, each once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from video import tickets
from video.tickets import BadTicket, Ticket


class Full(Exception):
    """The engine takes nobody more: it is full, or it is being stopped."""


class Admission:
    """The door of an engine. `now` is the wall clock."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._now = now
        self._used: dict[str, int] = {}  # nonces of tickets that may still be replayed -> when they expire

    def admit(self, text: str) -> Ticket:
        """The ticket that `text` is, this once. Raises BadTicket: forged, expired, used."""
        now = self._now()
        ticket = tickets.read(self._secret, text, now)
        for nonce in [nonce for nonce, expires in self._used.items() if expires <= now.timestamp()]:
            del self._used[nonce]
        if ticket.nonce in self._used:
            raise BadTicket("used")
        self._used[ticket.nonce] = ticket.expires
        return ticket
