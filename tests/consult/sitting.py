"""Sockets of a sort: the test client of Flask-SocketIO, with commands that are answered and facts that are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app.auth.models import User
from app.auth.sessions import SignedIn
from app.extensions import socketio
from consult.models import Consult, Participant


class Line:
    """One open socket."""

    def __init__(self, app: Flask, browser: FlaskClient) -> None:
        self.socket = socketio.test_client(app, flask_test_client=browser)

    @property
    def sid(self) -> str:
        return str(socketio.server.manager.sid_from_eio_sid(self.socket.eio_sid, "/"))

    def ask(self, command: str, message: Any = None) -> dict[str, Any]:
        """Send a command; the server's answer."""
        answer: dict[str, Any] = self.socket.emit(command, message if message is not None else {}, callback=True)
        return answer

    def join(self, consult_id: str, session_id: str = "page-0001") -> dict[str, Any]:
        return self.ask("join_consult", {"consult_id": consult_id, "session_id": session_id})

    def heard(self) -> list[tuple[str, Any]]:
        """The facts since last asked, in order: (name, content)."""
        return [(one["name"], one["args"][0] if one["args"] else None) for one in self.socket.get_received()]

    def names(self) -> list[str]:
        return [name for name, _ in self.heard()]

    def hang_up(self) -> None:
        self.socket.disconnect()


LineAs = Callable[[User | Participant | None], Line]


def lines(app: Flask) -> Iterator[LineAs]:
    """Opens sockets as a user, as a guest (their seat) or as nobody; closes them all at the end."""
    opened: list[Line] = []

    def open_line(who: User | Participant | None) -> Line:
        browser = app.test_client()
        if who is not None:
            key = SignedIn.as_user(who).get_id() if isinstance(who, User) else f"guest:{who.id}"
            with browser.session_transaction() as cookie:
                cookie["_user_id"] = key
                cookie["_fresh"] = True
        opened.append(Line(app, browser))
        return opened[-1]

    yield open_line
    for line in opened:
        if line.socket.is_connected():
            line.hang_up()


def participant_id_of(consult: Consult, joined: dict[str, Any], role: str) -> str:
    """Whose seat has this role, from the reply to join_consult."""
    return next(str(one["participant_id"]) for one in joined["participants"] if one["role"] == role)
