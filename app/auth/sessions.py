"""Who is signed in: Flask-Login's identity, for users with an account and for guests who came by link.

The subject that invites guests installs how they are found again, so that this folder knows nothing of consults.
"""

from __future__ import annotations

from collections.abc import Callable

from flask_login import UserMixin
from sqlalchemy.orm import Session

from app import db
from app.actor import Actor
from app.auth.models import User
from app.extensions import login_manager

GuestLoader = Callable[[Session, str], Actor | None]
_load_guest: GuestLoader | None = None


class SignedIn(UserMixin):
    """The identity in the session cookie: `user:<id>:<session stamp>` or `guest:<participant id>`."""

    def __init__(self, actor: Actor, session_key: str, language: str | None = None) -> None:
        self.actor = actor
        self.session_key = session_key
        self.language = language

    def get_id(self) -> str:
        return self.session_key

    @classmethod
    def as_user(cls, user: User) -> SignedIn:
        return cls(user.actor(), f"user:{user.id}:{user.session_stamp}", user.language)

    @classmethod
    def as_guest(cls, actor: Actor) -> SignedIn:
        return cls(actor, f"guest:{actor.id}")


def install_guest_loader(loader: GuestLoader) -> None:
    """Tell how a guest's seat becomes an actor again; None from it ends their session."""
    global _load_guest
    _load_guest = loader


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(session_key: str) -> SignedIn | None:
    """The identity behind a session cookie, or None when it has ended."""
    kind, _, rest = session_key.partition(":")
    with db.read_session() as session:
        if kind == "guest" and _load_guest is not None:
            actor = _load_guest(session, rest)
            return SignedIn.as_guest(actor) if actor else None
        user_id, _, stamp = rest.partition(":")
        user = session.get(User, user_id) if kind == "user" else None
        if user is None or not user.active or user.session_stamp != stamp:
            return None
        return SignedIn.as_user(user)
