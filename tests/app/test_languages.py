"""Which language a page speaks, and that every sentence is in the catalogue."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import catalogue, config, db
from app.auth.models import User
from app.languages import FOLDER, read_catalogue, translations
from tests.cast import Cast

ClientAs = Callable[[User | None], FlaskClient]

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def language_of(page: str) -> str:
    """The code in `<html lang>`."""
    return page.split('<html lang="')[1].split('"')[0]


def client_words(page: str) -> dict[str, str]:
    """The catalogue that the page hands to the browser's code."""
    found = json.loads(page.split('id="catalogue">')[1].split("</script>")[0])
    assert isinstance(found, dict)
    return found


def test_the_browsers_language_is_spoken_to_visitors(client_as: ClientAs) -> None:
    page = client_as(None).get("/sign-in", headers={"Accept-Language": "hi-IN,hi;q=0.9,en;q=0.5"}).text
    assert language_of(page) == "hi"
    assert "साइन इन करें" in page
    assert client_words(page)["just now"] == "अभी"


def test_english_is_spoken_to_everybody_else(client_as: ClientAs) -> None:
    page = client_as(None).get("/sign-in", headers={"Accept-Language": "fr"}).text
    assert language_of(page) == "en"
    assert client_words(page) == {}


def test_a_choice_is_kept_in_the_browser(client_as: ClientAs) -> None:
    client = client_as(None)
    assert client.post("/language", data={"language": "hi", "next": "/sign-in?"}).location == "/sign-in"
    assert language_of(client.get("/sign-in", headers={"Accept-Language": "en"}).text) == "hi"


def test_a_users_choice_goes_with_their_account(client_as: ClientAs, cast: Cast) -> None:
    client_as(cast.administrator).post("/language", data={"language": "hi"})
    with db.read_session() as session:
        assert session.get_one(User, cast.administrator.id).language == "hi"
    assert language_of(client_as(cast.administrator).get("/account").text) == "hi"


def test_an_unknown_language_changes_nothing(client_as: ClientAs, cast: Cast) -> None:
    client = client_as(cast.administrator)
    client.post("/language", data={"language": "tlh", "next": "//evil.example"})
    assert language_of(client.get("/account").text) == "en"


def test_an_error_page_speaks_the_language_too(client_as: ClientAs) -> None:
    page = client_as(None).get("/no-such-page", headers={"Accept-Language": "hi"}).text
    assert "यहाँ आपके लिए कुछ नहीं है" in page


@pytest.fixture
def pseudo(app: Flask) -> None:
    """Every catalogued sentence in brackets."""
    config.use(replace(config.current(), pseudo_locale=True))


def uncatalogued(page: str, known: set[str]) -> list[str]:
    """The pieces of text between tags that did not come from the catalogue."""
    body = page.split("<body", 1)[1].split(">", 1)[1]
    body = re.sub(r"<script.*?</script>|<code>.*?</code>|<time.*?</time>", "", body, flags=re.DOTALL)
    pieces = (piece.strip() for piece in re.split(r"<[^>]*>", body))
    return [
        piece
        for piece in pieces
        if re.search(r"[A-Za-z]{2}", re.sub(r"⟦.*?⟧", "", piece, flags=re.DOTALL)) and piece not in known
    ]


@pytest.mark.usefixtures("pseudo")
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("nobody", "/sign-in"),
        ("nobody", "/left"),
        ("nobody", "/join/broken"),
        ("administrator", "/people"),
        ("administrator", "/people/new"),
        ("administrator", "/sites"),
        ("administrator", "/sites/new"),
        ("administrator", "/audit?check=1"),
        ("administrator", "/account"),
        ("administrator", "/no-such-page"),
        ("manager", "/log"),
    ],
)
def test_every_sentence_of_a_page_comes_from_the_catalogue(
    client_as: ClientAs, cast: Cast, who: str, path: str
) -> None:
    page = client_as(getattr(cast, who, None)).get(path).text
    people = [value for value in vars(cast).values() if isinstance(value, User)]
    data = {word for user in people for word in (user.full_name, user.email, user.registration_number)}
    data |= {"English", "Site A", "Site B"}
    assert uncatalogued(page, data) == []


@pytest.mark.usefixtures("pseudo")
def test_the_pseudo_language_brackets_the_clients_sentences_too(client_as: ClientAs) -> None:
    assert client_words(client_as(None).get("/sign-in").text)["just now"] == "⟦just now⟧"


@pytest.mark.parametrize("language", sorted(path.name for path in FOLDER.iterdir() if path.is_dir()))
def test_a_translation_has_the_placeholders_of_its_sentence(language: str) -> None:
    for message in read_catalogue(language):
        if isinstance(message.id, str) and message.id and message.string:
            wanted, found = PLACEHOLDER.findall(message.id), PLACEHOLDER.findall(str(message.string))
            assert sorted(wanted) == sorted(found), message.id


def test_the_catalogue_names_every_sentence_of_the_sources() -> None:
    wanted = {message.id for message in catalogue.extract() if message.id}
    kept = {message.id for message in read_catalogue("hi") if message.id}
    missing = sorted(str(sentence) for sentence in wanted - kept)
    assert missing == [], "run `python -m app.catalogue`"


def test_sentences_of_the_browsers_code_are_found() -> None:
    found = {message.id: message.locations for message in catalogue.extract()}
    assert any(path == "static/src/ui/when.ts" for path, _ in found["just now"])


def test_a_language_without_a_catalogue_speaks_english() -> None:
    assert translations("fr").gettext("Sign in") == "Sign in"
