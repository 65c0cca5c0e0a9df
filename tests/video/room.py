"""A room without sockets: the call's handlers, and what they would have emitted to whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.actor import Actor
from app.membership import Membership
from video.protocol import COMMANDS
from video.roster import Standing
from video.signalling import CallSignalling

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
OFFER = {"type": "offer", "sdp": "v=0\r\n"}
CANDIDATE = {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}


@dataclass
class Emitted:
    """One emission: the fact, and the room or socket it went to."""

    event: str
    payload: dict[str, Any]
    to: str
    skipped: list[str] = field(default_factory=list)


class Room:
    """Several consults' worth of participants, a clock moved by hand, and everything that was emitted."""

    def __init__(self) -> None:
        self.emitted: list[Emitted] = []
        self.now = START
        self.whereabouts: dict[str, Standing] = {}
        self.background: list[Callable[..., Any]] = []
        self.calls = CallSignalling(self, now=lambda: self.now, standing=self._standing)

    def emit(self, event: str, *args: Any, **kwargs: Any) -> None:
        skip = kwargs.get("skip_sid", [])
        skipped = [skip] if isinstance(skip, str) else list(skip)
        self.emitted.append(Emitted(event, args[0], kwargs["to"], skipped))

    def sleep(self, seconds: int = 0) -> None:
        raise AssertionError("a test never sleeps")

    def start_background_task(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.background.append(target)

    def send(self, member: Membership, name: str, message: dict[str, Any] | None = None) -> dict[str, Any]:
        """The reply to a command, parsed as delivery parses it."""
        model = COMMANDS[name][0]
        return self.calls.handlers()[name](member, model.model_validate(message or {}))

    def join(self, member: Membership, session: str | None = None) -> dict[str, Any]:
        message = {"session_id": session or f"session-{member.participant_id}", "audio": True, "video": True}
        return self.send(member, "join_call", message)

    def pass_time(self, seconds: float) -> None:
        """Sweep once a second, as the background task does."""
        for _ in range(int(seconds)):
            self.now += timedelta(seconds=1)
            self.calls.sweep()

    def facts(self, event: str) -> list[Emitted]:
        """What was emitted under this name since the last time it was asked for."""
        found = [one for one in self.emitted if one.event == event]
        self.emitted = [one for one in self.emitted if one.event != event]
        return found

    def _standing(self, seat: Membership) -> Standing:
        return self.whereabouts.get(seat.sid, "there")


def member(name: str, consult_id: str = "consult-one", **changes: Any) -> Membership:
    """A participant's seat."""
    actor = Actor(kind="user", id=f"user-{name}", name=name, role="treating_doctor", program_id="program")
    seat = Membership(
        sid=f"sid-{name}",
        consult_id=consult_id,
        participant_id=name,
        role="treating_doctor",
        name=name,
        session_id=f"page-{name}",
        actor=actor,
    )
    return replace(seat, **changes)


def addressed(to: str, **content: Any) -> dict[str, Any]:
    """A description or candidate for `to` in the session that `Room.join` gives them."""
    return {"to": to, "session_id": f"session-{to}", **content}


def every_passing_on(to: str) -> list[tuple[str, dict[str, Any]]]:
    """Each command that reaches another member."""
    return [
        ("send_description", addressed(to, description=OFFER)),
        ("send_candidate", addressed(to, candidate=CANDIDATE)),
    ]
