"""Who may open a page at all. What they may do with one object is decided by that object's own gate."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask_login import current_user
from flask_login.utils import login_required

from app import db
from app.actor import Actor
from app.errors import NotFound

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer")


def actor() -> Actor:
    """Who is signed in. Raises NotFound for nobody."""
    if not current_user.is_authenticated:
        raise NotFound()
    found: Actor = current_user.actor
    return found


def only(*roles: str) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, Answer]]:
    """Decorator for views: signed-out people are asked to sign in; for other roles there is no such page."""

    def decorate(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            present = actor()
            if present.kind != "user" or present.role not in roles:
                raise NotFound()
            return view(*args, **kwargs)

        return login_required(guarded)

    return decorate


def behind(
    gate: Callable[..., object], *rights: str
) -> Callable[[Callable[Parameters, Answer]], Callable[Parameters, Answer]]:
    """Decorator for views of one object: `gate(session, actor, id, *rights)` is asked before the body or a header is
    looked at, so that an outsider is told not-found whatever they send. The id is the first part of the address.

    The operation asks again inside its own transaction; this one only settles who is answered at all, and reads
    nothing slow (a body may trickle in over a thin link) while a transaction is open.
    """

    def decorate(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
        @wraps(view)
        def guarded(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
            with db.read_session() as session:
                gate(session, actor(), next(iter(kwargs.values())), *rights)
            return view(*args, **kwargs)

        return guarded

    return decorate


def users_only(view: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Decorator for views that anybody with an account may open, and no guest."""
    return only("treating_doctor", "specialist", "program_manager", "administrator")(view)
