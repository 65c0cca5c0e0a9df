"""The inbox walked by everybody who must never learn that it exists: every address, every picture in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock, db
from app.auth.models import User
from imaging.models import Rendition
from tests.cast import Cast
from tests.imaging.inbox.conftest import Send, instances, studies

ClientAs = Callable[[User | None], FlaskClient]
STRANGERS = ("far_doctor", "specialist", "second_specialist", "manager", "administrator", "outsider", "outside_doctor")


@pytest.fixture
def addresses(app: Flask, cast: Cast, send: Send) -> list[tuple[str, str]]:
    """Every address of the inbox, and of the pictures that wait in it, as (method, path)."""
    send(1)
    kept = send(2, content=b"not a picture at all")
    [study], [instance] = studies(), instances()
    with db.write_transaction() as session:
        rendition = Rendition(
            instance_id=instance.id,
            name="thumbnail",
            sha256="0" * 64,
            bytes=1,
            width=1,
            height=1,
            created_at=clock.now(),
        )
        session.add(rendition)
        session.flush()
        rendition_id = rendition.id
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if rule.endpoint.startswith("inbox."):
                values = {"waiting_id": study.id, "kept_id": kept.id}
                path = app.url_map.bind("localhost").build(rule.endpoint, {k: values[k] for k in rule.arguments})
                found += [(method, path) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    found += [("GET", f"/imaging/instances/{instance.id}"), ("GET", f"/imaging/instances/{instance.id}/original")]
    return [*found, ("GET", f"/imaging/renditions/{rendition_id}/thumbnail.webp")]


def test_strangers_find_nothing(addresses: list[tuple[str, str]], client_as: ClientAs, cast: Cast) -> None:
    assert len(addresses) > 18
    for who in (*STRANGERS, None):
        client = client_as(getattr(cast, who) if who else None)
        found = {f"{method} {path}": client.open(path, method=method).status_code for method, path in addresses}
        # somebody who has not signed in, or an inbox of their own, is told nothing of this one
        own = {"/inbox", "/inbox/rows", "/inbox/count", "/inbox/discarded"} if who and "doctor" in who else set()
        wrong = {one: status for one, status in found.items() if status != 404 and one.split()[1] not in own}
        assert not wrong, (who, wrong)


def test_another_facilitys_inbox_is_another(client_as: ClientAs, cast: Cast, send: Send) -> None:
    send(1)
    far = client_as(cast.far_doctor)
    assert "One Patient" not in far.get("/inbox").text
    assert far.get("/inbox/count").json == {"count": 0}


def test_its_own_doctors_find_everything_that_can_be_read(
    addresses: list[tuple[str, str]], client_as: ClientAs, cast: Cast
) -> None:
    for doctor in (cast.doctor, cast.colleague):
        client = client_as(doctor)
        answers = {path: client.get(path).status_code for method, path in addresses if method == "GET"}
        answers = {path: status for path, status in answers.items() if not path.endswith(("compare", ".webp"))}
        assert set(answers.values()) == {200}, answers
