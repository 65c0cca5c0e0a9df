"""What every page is given: who is here, where they may go, and the words for roles. And the way home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flask import Flask, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app import db
from app.actor import Actor


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation."""

    url: str
    words: str
    icon: str
    here: bool = False
    waiting: int = 0  # how much waits there, shown beside its word


TODAY = Place("/today", _l("Today"), "house")
WORKLIST = Place("/worklist", _l("Worklist"), "clipboard-list")
INBOX = Place("/inbox", _l("Inbox"), "inbox")
PATIENTS = Place("/patients", _l("Patients"), "users")
CONSULT_LOG = Place("/log", _l("Consult log"), "history")
PEOPLE = Place("/people", _l("People"), "users")
SITES = Place("/sites", _l("Sites"), "building-2")
TOKENS = Place("/tokens", _l("Access tokens"), "key-round")
DEVICES = Place("/devices", _l("Devices"), "scan-line")
TEACHING = Place("/teaching", _l("Teaching"), "presentation")
RECORDINGS = Place("/kept-recordings", _l("Recordings"), "mic")
AUDIT = Place("/audit", _l("Audit"), "scroll-text")

Count = Callable[[Session, Actor], int]
_counts: dict[str, Count] = {}  # by the place's address


def count_by(url: str, count: Count) -> None:
    """Have the navigation show how much waits at a place (installed with the policies)."""
    _counts[url] = count


# The first place of a role is its home.
PLACES: dict[str, tuple[Place, ...]] = {
    "treating_doctor": (TODAY, PATIENTS, INBOX, TEACHING),
    "specialist": (WORKLIST, TEACHING),
    "program_manager": (CONSULT_LOG, TEACHING),
    "administrator": (PEOPLE, SITES, DEVICES, TOKENS, RECORDINGS, AUDIT),
}

ROLE_WORDS = {
    "treating_doctor": _l("Treating doctor"),
    "specialist": _l("Specialist"),
    "program_manager": _l("Program manager"),
    "administrator": _l("Administrator"),
    "patient": _l("Patient"),
    "attendant": _l("Attendant"),
    "device": _l("Device"),
}


def install(app: Flask) -> None:
    """Give templates their surroundings, and `/` its redirect."""
    app.context_processor(surroundings)
    app.jinja_env.globals["role_words"] = role_words
    app.add_url_rule("/", "home", go_home)


def go_home() -> Response:
    """`/`: the first page of whoever is signed in."""
    actor = present_actor()
    return redirect(url_for("auth.sign_in") if actor is None else home_of(actor))


def surroundings() -> dict[str, object]:
    """The variables of templates/base.html that depend on who is here."""
    actor = present_actor()
    return {
        "page_actor": actor,
        "home_url": url_for("home") if actor is None else home_of(actor),
        "navigation": navigation(actor, request.path),
    }


def present_actor() -> Actor | None:
    """Who is signed in, if anybody."""
    if not current_user or not current_user.is_authenticated:
        return None
    actor: Actor = current_user.actor
    return actor


def home_of(actor: Actor) -> str:
    """Where an actor starts: a guest has one place, the room they were asked to."""
    if actor.kind == "guest":
        return f"/consults/{actor.consult_id}/room"
    return PLACES[actor.role][0].url


def navigation(actor: Actor | None, path: str) -> list[Place]:
    """The places of an actor's role, the present one marked."""
    places = PLACES.get(actor.role, ()) if actor else ()
    found = [
        Place(place.url, place.words, place.icon, path == place.url or path.startswith(place.url + "/"))
        for place in places
    ]
    return [replace(place, waiting=_waiting(place, actor)) for place in found]


def _waiting(place: Place, actor: Actor | None) -> int:
    count = _counts.get(place.url)
    if count is None or actor is None:
        return 0
    with db.read_session() as session:
        return count(session, actor)


def role_words(role: str) -> str:
    """A role as people say it."""
    words = ROLE_WORDS.get(role)
    return str(words) if words is not None else _("Nidaan")
