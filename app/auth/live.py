"""Ends the live connections of somebody who signed out or was kept out."""

from __future__ import annotations

from app.extensions import socketio

NAMESPACE = "/"


def end_connections(actor_id: str) -> int:
    """Disconnect every socket of this process that somebody opened; returns how many.

    A browser of theirs that may still come in (another device, not signed out) connects again by itself.
    """
    server = socketio.server
    if server is None:
        return 0
    connected = [sid for sid, _ in server.manager.get_participants(NAMESPACE, None)]
    theirs = [sid for sid in connected if _owner(sid) == actor_id]
    for sid in theirs:
        server.disconnect(sid, namespace=NAMESPACE)
    return len(theirs)


def _owner(sid: str) -> str:
    """The actor's id out of the session that the socket came with; empty for a visitor."""
    environ = socketio.server.get_environ(sid, namespace=NAMESPACE) or {}
    session_key = str(environ.get("saved_session", {}).get("_user_id", ""))
    return session_key.split(":")[1] if ":" in session_key else ""
