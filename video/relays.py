"""The relays that are connected to this web process, and where a call is placed: on the least busy of them.

A relay is a Socket.IO client of ours in the namespace `/relay`. It shows a key made from the shared secret when it
connects; after that it is told which tickets to expect nothing of: a ticket speaks for itself (`video/tickets.py`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

NAMESPACE: Final = "/relay"
MOST_STREAMS: Final = 120  # forwarded streams that one relay is given, whatever it says of itself

log = logging.getLogger(__name__)

Event = dict[str, Any]


@dataclass(slots=True)
class Relay:
    """A connected relay and how busy it says it is: forwarded streams, and the share of its core that is used."""

    sid: str
    name: str
    engine: str = "relay"
    streams: int = 0
    busy: float = 0.0
    draining: bool = False
    calls: set[str] = field(default_factory=set)

    @property
    def records(self) -> bool:
        """Whether it can keep what it was ordered to keep of a call; only our own engine can."""
        return self.engine == "relay"


class Relays:
    """Every relay of this process.

    `came` hears that there is one more, `lost` of calls whose relay is gone, `happened` of what a relay says."""

    def __init__(self, emit: Callable[..., Any]) -> None:
        self._emit = emit
        self._relays: dict[str, Relay] = {}
        self.lost: Callable[[list[str]], None] = lambda consult_ids: None
        self.happened: Callable[[Event], None] = lambda event: None
        self.came: Callable[[], None] = lambda: None
        self.recorded: Callable[[Event], None] = lambda event: None

    def __len__(self) -> int:
        return len(self._relays)

    def add(self, sid: str, name: str, engine: str = "relay") -> None:
        """A relay connected; `engine` carries its media: `relay`, or `janus`, which makes offers to receivers."""
        self._relays[sid] = Relay(sid, name, engine)
        log.info("relay %s is here", name)
        self.came()

    def drop(self, sid: str) -> None:
        """A relay is gone: its calls have to move."""
        relay = self._relays.pop(sid, None)
        if relay is not None:
            log.warning("relay %s is gone with %d calls", relay.name, len(relay.calls))
            self.lost(sorted(relay.calls))

    def heard(self, sid: str, load: Event) -> None:
        """A relay said how busy it is; one that is being stopped gives up its calls while it still carries them."""
        relay = self._relays.get(sid)
        if relay is None:
            return
        relay.streams, relay.busy = int(load.get("streams", 0)), float(load.get("busy", 0.0))
        if load.get("draining") and not relay.draining:
            relay.draining = True
            self.lost(sorted(relay.calls))

    def records(self, sid: str | None = None) -> bool:
        """Whether this relay can record; without one, whether any can."""
        return any(one.records and not one.draining for one in self._relays.values() if sid in (None, one.sid))

    def place(self, consult_id: str, recorded: bool = False) -> str | None:
        """Put a call on the least busy relay (one that can record, for a `recorded` call); its sid, or None where there
        is none with room.
        """
        self.release(consult_id)
        able = [one for one in self._relays.values() if not one.draining and one.streams < MOST_STREAMS]
        able = [one for one in able if one.records or not recorded]
        if not able:
            return None
        chosen = min(able, key=lambda one: (one.streams + 6 * len(one.calls), one.busy, one.name))
        chosen.calls.add(consult_id)
        return chosen.sid

    def engine(self, sid: str | None) -> str:
        """What carries the media of a relay."""
        relay = self._relays.get(sid or "")
        return relay.engine if relay is not None else "relay"

    def release(self, consult_id: str) -> None:
        """The call needs no relay any more."""
        for relay in self._relays.values():
            relay.calls.discard(consult_id)

    def tell(self, sid: str, event: str, message: Event) -> None:
        """Send a relay a command; lost with the relay."""
        self._emit(event, message, to=sid, namespace=NAMESPACE)
