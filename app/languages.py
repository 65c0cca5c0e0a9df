"""Which language a page speaks, and its catalogue: read straight from the .po files, so nothing has to be compiled.

A user's own choice comes first, then the browser's cookie, then what the browser asks for. With PSEUDO_LOCALE every
sentence that went through the catalogue stands in brackets, so that a test finds the ones that did not.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request
from flask_babel import Domain, get_locale
from flask_login import current_user

from app import config
from app.extensions import babel

FOLDER = Path(__file__).resolve().parent / "translations"
COOKIE = "language"
COOKIE_SECONDS = 365 * 24 * 3600
OWN_NAMES = {"en": "English", "hi": "हिन्दी", "kn": "ಕನ್ನಡ"}
SOURCE = "en"
CLIENT_SOURCES = (".ts", ".tsx")


def install(app: Flask) -> None:
    """Join Flask-Babel and give templates the languages and the client's part of the catalogue."""
    babel.init_app(app, locale_selector=chosen)
    babel.domain_instance = PoDomain()
    app.jinja_env.globals["client_catalogue"] = client_catalogue
    app.context_processor(lambda: {"page_language": spoken(), "languages": offered()})


def offered() -> list[tuple[str, str]]:
    """The languages to choose from: code and own name."""
    return [(code, OWN_NAMES.get(code, code)) for code in config.current().languages]


def chosen() -> str:
    """The language of this request, always one of those offered."""
    codes = config.current().languages
    own = getattr(current_user, "language", None) if current_user else None
    for code in (own, request.cookies.get(COOKIE)):
        if code in codes:
            return str(code)
    return request.accept_languages.best_match(codes) or SOURCE


def spoken() -> str:
    """The code for `<html lang>`."""
    locale = get_locale()
    return locale.language if locale else SOURCE


def client_catalogue() -> dict[str, str]:
    """English to the page's language, for the sentences that the browser's own code says."""
    if config.current().pseudo_locale:
        return {english: bracket(english) for english in client_sentences()}
    language = spoken()
    if language == SOURCE:
        return {}
    return client_translations(language)


@cache
def client_sentences() -> tuple[str, ...]:
    """Every English sentence of the browser's code."""
    languages = sorted(path.parent.parent.name for path in FOLDER.glob("*/LC_MESSAGES/messages.po"))
    catalogue = read_catalogue(languages[0]) if languages else Catalog()
    return tuple(str(message.id) for message in catalogue if message.id and _is_client(message.locations))


@cache
def client_translations(language: str) -> dict[str, str]:
    """The translated sentences of the browser's code; those still to be translated are left out."""
    return {
        str(message.id): str(message.string)
        for message in read_catalogue(language)
        if message.id and message.string and not message.fuzzy and _is_client(message.locations)
    }


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of one language, ready for gettext; English where there is none."""
    if not (FOLDER / language).is_dir():
        return NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def read_catalogue(language: str) -> Catalog:
    """A language's .po file as it is."""
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def _is_client(locations: list[tuple[str, int]]) -> bool:
    return any(path.endswith(CLIENT_SOURCES) for path, _ in locations)


def bracket(words: str) -> str:
    """Mark a sentence as catalogued; once is enough."""
    return words if words.startswith("⟦") else f"⟦{words}⟧"


class Bracketed(NullTranslations):
    """The pseudo-language: English in brackets."""

    def gettext(self, message: str) -> str:
        return bracket(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return bracket(msgid1 if n == 1 else msgid2)

    ugettext = gettext
    ungettext = ngettext


class PoDomain(Domain):  # type: ignore[misc]  # Flask-Babel carries no types
    """Flask-Babel's domain, on .po files."""

    def get_translations(self) -> Any:
        if config.current().pseudo_locale:
            return Bracketed()
        return translations(spoken())
