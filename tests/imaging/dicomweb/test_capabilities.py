"""The list of what the door can do is the list of what it does, and the conformance statement names it all."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from imaging.dicomweb import capabilities, storing
from imaging.dicomweb.negotiation import kind_of

STATEMENT = Path(__file__).resolve().parents[3] / "docs" / "dicom-conformance.md"
_ALIASES = {"dicomweb.frames.frame_thumbnail", "dicomweb.store.store_in_case", "dicomweb.store.store_study_in_case"}


def shape(path: str) -> str:
    """A path with its variables made alike."""
    return re.sub(r"<[^>]+>|\{[^}]+\}", "*", path.removeprefix("/dicomweb/").strip("/"))


def test_every_address_is_in_the_list_and_nothing_else_is(app: Flask) -> None:
    listed = {(one.method, shape(one.path)) for one in capabilities.transactions()}
    served = {
        (method, shape(rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("dicomweb.") and rule.endpoint not in {"dicomweb.capabilities", *_ALIASES}
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert listed == served


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_the_list_is_given_without_a_token(door: FlaskClient, method: str) -> None:
    answer = door.open("/dicomweb/", method=method)
    assert answer.content_type == "application/json"
    assert answer.get_json()["base"] == "http://localhost/dicomweb"
    wadl = door.open("/dicomweb/", method=method, headers={"Accept": capabilities.WADL})
    assert wadl.content_type.startswith(capabilities.WADL)
    assert len(ElementTree.fromstring(wadl.data).findall(".//{*}method")) == len(list(capabilities.transactions()))


def test_the_conformance_statement_names_what_there_is() -> None:
    words = STATEMENT.read_text(encoding="utf-8")
    reasons = (storing.NO_ROOM, storing.WRONG_STUDY, storing.NOT_UNDERSTOOD, storing.DUPLICATE, storing.FAILED)
    for reason in (*reasons, storing.NOT_AUTHORIZED):
        assert f"| {reason:04X} |" in words
    for status in {*map(storing.status_of, [storing.Report()]), 200, 202, 409, 413, 415, 507}:
        assert f"| {status} |" in words
    assert f"{storing.MAX_PARTS:,} parts" in words
    for syntax in ("1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.201"):
        assert kind_of(syntax) in words
