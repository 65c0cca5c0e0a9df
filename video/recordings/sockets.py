"""The socket commands about recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_socketio import SocketIO

from app import clock
from app.membership import Membership
from app.socket_errors import seated
from video.recordings.live import LiveRecordings
from video.recordings.protocol import COMMANDS, PER_SECOND
from video.signalling import CallSignalling


def register(socketio: SocketIO, calls: CallSignalling) -> LiveRecordings:
    """Register the commands, and follow who is in the calls."""
    live = LiveRecordings(calls.roster, calls.relaying, clock.now)
    calls.changed = live.settle
    calls.each_second = live.sweep
    calls.relaying.way_changed = live.way_changed
    calls.relaying.hear_recordings(live.heard)
    handlers: dict[str, Callable[[Membership, Any], Any]] = {
        "watch_recording": lambda member, message: live.watch(member),
        "ask_to_record": live.ask,
        "answer_recording": live.answer,
        "withdraw_recording": live.withdraw,
        "stop_recording": live.stop,
    }
    for name, handler in handlers.items():
        seated(socketio, name, COMMANDS[name][0], per_second=PER_SECOND[name])(handler)
    return live
