"""The doors: uploads that survive cuts, renditions with ranges and lasting caches, and nobody inside who may not be."""

from __future__ import annotations

import base64
import errno
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import config, db
from app.actor import Actor
from app.audit import AuditRow
from app.auth.models import User
from imaging import ingest, jobs, rendering, store, uploads
from imaging.models import Upload
from tests.cast import Cast, consult_in, guest_of
from tests.imaging.conftest import instance_row, upload_row

ClientAs = Callable[[User | None], FlaskClient]
pytestmark = pytest.mark.usefixtures("no_children")

Send = Callable[..., str]
TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uploads that were handed to the worker."""
    found: list[str] = []
    monkeypatch.setattr(jobs, "ingest_upload", found.append)
    return found


@pytest.fixture
def client(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The treating doctor's browser."""
    return client_as(cast.doctor)


def opening(case_id: str, size: int, name: str = "chest.dcm") -> dict[str, str]:
    values = {"filename": name, "case_id": case_id}
    told = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    return {**TUS, "Upload-Length": str(size), "Upload-Metadata": told}


def opened(client: FlaskClient, cast: Cast, size: int, name: str = "chest.dcm") -> str:
    answer = client.post("/imaging/uploads", headers=opening(cast.case.id, size, name))
    assert answer.status_code == 201, answer.text
    return str(answer.headers["Location"])


def patch(client: FlaskClient, address: str, offset: int, piece: bytes) -> TestResponse:
    headers = {**TUS, "Upload-Offset": str(offset)}
    return client.patch(address, headers=headers, data=piece, content_type="application/offset+octet-stream")


def code_of(answer: TestResponse) -> str:
    return str(answer.get_json()["error"]["code"])


def test_a_file_arrives_in_pieces(client: FlaskClient, cast: Cast, chest: bytes, queued: list[str]) -> None:
    address = opened(client, cast, len(chest))
    half = len(chest) // 2
    assert patch(client, address, 0, chest[:half]).headers["Upload-Offset"] == str(half)
    measured = client.head(address, headers=TUS)
    assert (measured.headers["Upload-Offset"], measured.headers["Upload-Length"]) == (str(half), str(len(chest)))
    assert measured.headers["Cache-Control"] == "no-store"
    assert queued == []
    last = patch(client, address, half, chest[half:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(chest)))
    upload_id = address.rsplit("/", 1)[1]
    assert queued == [upload_id]
    assert store.upload_path(upload_id).read_bytes() == chest
    assert client.get(address).get_json()["state"] == "checking"


def test_what_arrived_before_a_cut_is_kept(client: FlaskClient, cast: Cast, doctor: Actor) -> None:
    address = opened(client, cast, 1000)
    pieces = [b"x" * 100, b"y" * 200]

    def read_until_cut(_most: int) -> bytes:
        if not pieces:
            raise ConnectionResetError
        return pieces.pop(0)

    with pytest.raises(ConnectionResetError):
        uploads.receive(doctor, address.rsplit("/", 1)[1], 0, 1000, read_until_cut)
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "300"
    assert client.get(address).get_json()["received"] == 300


def test_a_piece_at_the_wrong_place_is_told_the_right_one(client: FlaskClient, cast: Cast) -> None:
    address = opened(client, cast, 100)
    patch(client, address, 0, b"x" * 40)
    answer = patch(client, address, 0, b"x" * 40)
    assert (answer.status_code, answer.headers["Upload-Offset"], code_of(answer)) == (409, "40", "wrong_offset")


def test_two_senders_of_one_upload_do_not_mix(client: FlaskClient, cast: Cast) -> None:
    address = opened(client, cast, 100)
    with store.only_one(f"receive-{address.rsplit('/', 1)[1]}"):
        assert patch(client, address, 0, b"x").status_code == 423


def test_more_bytes_than_announced_are_refused(client: FlaskClient, cast: Cast) -> None:
    address = opened(client, cast, 10)
    assert patch(client, address, 0, b"x" * 11).status_code == 422
    assert client.head(address, headers=TUS).headers["Upload-Offset"] == "0"


def test_a_file_that_is_too_big_is_refused_at_once_and_stays_listed(
    client: FlaskClient, cast: Cast, queued: list[str]
) -> None:
    answer = client.post("/imaging/uploads", headers=opening(cast.case.id, 600 * 1_048_576, "big.dcm"))
    assert (answer.status_code, code_of(answer)) == (413, "too_big")
    assert answer.get_json()["error"]["message"] == "The file has 600 MB; at most 500 MB can be sent."
    [listed] = client.get(f"/imaging/cases/{cast.case.id}").get_json()["uploads"]
    assert (listed["file_name"], listed["state"], listed["reason_code"]) == ("big.dcm", "refused", "too_big")


def test_an_empty_file_is_refused_at_once(client: FlaskClient, cast: Cast) -> None:
    answer = client.post("/imaging/uploads", headers=opening(cast.case.id, 0))
    assert (answer.status_code, code_of(answer)) == (422, "empty_file")


def test_a_disk_without_room_is_said_before_anything_is_sent(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "has_room_for", lambda _size: False)
    answer = client.post("/imaging/uploads", headers=opening(cast.case.id, 10))
    assert (answer.status_code, code_of(answer)) == (507, "storage_full")


def test_a_disk_that_fills_in_mid_upload_leaves_it_to_be_continued(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch, queued: list[str]
) -> None:
    address = opened(client, cast, 10)

    def full(_path: Path, mode: str = "r") -> io.BytesIO:
        raise OSError(errno.ENOSPC, f"No space left on device ({mode})")

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "open_to_append", full)
        assert patch(client, address, 0, b"x" * 10).status_code == 507
    assert patch(client, address, 0, b"x" * 10).status_code == 204
    assert queued == [address.rsplit("/", 1)[1]]


def test_a_name_is_kept_as_plain_text(client: FlaskClient, cast: Cast) -> None:
    address = opened(client, cast, 10, "../../etc/pass\u202ewd\x00.dcm")
    assert client.get(address).get_json()["file_name"] == "passwd.dcm"


def test_an_upload_can_be_cancelled_and_a_refused_one_taken_off_the_list(
    client: FlaskClient, cast: Cast, send: Send
) -> None:
    address = opened(client, cast, 10)
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.head(address, headers=TUS).status_code == 410
    refused = send(b"nothing known")
    ingest.ingest(refused)
    assert client.delete(f"/imaging/uploads/{refused}", headers=TUS).status_code == 204
    assert client.get(f"/imaging/cases/{cast.case.id}").get_json()["uploads"] == []


def test_a_stored_file_cannot_be_cancelled(client: FlaskClient, send: Send, chest: bytes) -> None:
    upload_id = send(chest)
    ingest.ingest(upload_id)
    assert client.delete(f"/imaging/uploads/{upload_id}", headers=TUS).status_code == 410


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Tus-Resumable": "0.2"}, 412),
        ({"Upload-Length": "many"}, 422),
        ({"Upload-Metadata": "filename Zm9v"}, 422),
        ({"Upload-Metadata": "case_id ***"}, 422),
    ],
)
def test_an_opening_that_cannot_be_understood_is_refused(
    client: FlaskClient, cast: Cast, changed: dict[str, str], status: int
) -> None:
    answer = client.post("/imaging/uploads", headers={**opening(cast.case.id, 10), **changed})
    assert answer.status_code == status
    assert answer.headers["Tus-Resumable"] == "1.0.0"


def test_the_door_says_what_it_can(client: FlaskClient) -> None:
    answer = client.options("/imaging/uploads")
    assert answer.headers["Tus-Extension"] == "creation,termination,expiration"
    assert answer.headers["Tus-Max-Size"] == str(500 * 1_048_576)


def test_too_many_open_uploads_wait(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imaging.uploads.MAX_OPEN_UPLOADS", 2)
    for _ in range(2):
        opened(client, cast, 10)
    answer = client.post("/imaging/uploads", headers=opening(cast.case.id, 10))
    assert (answer.status_code, code_of(answer)) == (429, "too_many_uploads")


def test_an_upload_that_nobody_continues_is_forgotten_after_a_week(client: FlaskClient, cast: Cast) -> None:
    from datetime import timedelta

    from app import clock

    upload_id = opened(client, cast, 10).rsplit("/", 1)[1]
    assert uploads.forget_abandoned() == 0
    later = clock.now() + timedelta(days=8)
    clock.set_source(lambda: later)
    assert uploads.forget_abandoned() == 1
    assert upload_row(upload_id).state == "cancelled"
    assert not store.upload_path(upload_id).exists()


@pytest.fixture
def ready(send: Send, chest: bytes) -> str:
    """An instance with all its renditions."""
    instance_id = ingest.ingest(send(chest, "chest.dcm"))
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    return instance_id


def addresses(client: FlaskClient, instance_id: str) -> dict[str, str]:
    renditions = client.get(f"/imaging/instances/{instance_id}").get_json()["renditions"]
    return {name: rendition["url"] for name, rendition in renditions.items()}


def test_renditions_are_kept_by_the_browser_alone_and_for_long(client: FlaskClient, ready: str) -> None:
    answer = client.get(addresses(client, ready)["preview"])
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(addresses(client, ready)["preview"], headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_part_of_a_file_can_be_asked_for(client: FlaskClient, ready: str, chest: bytes) -> None:
    answer = client.get(f"/imaging/instances/{ready}/original", headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.data) == (206, chest[10:20])
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.mimetype == "application/octet-stream"


def test_each_tile_has_its_own_address(client: FlaskClient, ready: str) -> None:
    tiles = next(one for one in instance_row(ready).renditions if one.name == "tiles")
    address = addresses(client, ready)["tiles"]
    answer = client.get(f"{address}/0")
    offset, length = tiles.detail["index"]["tiles"][0]
    assert answer.data == store.path_of("renditions", tiles.sha256).read_bytes()[offset : offset + length]
    for wrong in ("1", "-1", "99999999", "values", "x"):
        assert client.get(f"{address}/{wrong}").status_code == 404
    assert client.get(address).status_code == 404


def test_a_rendition_answers_to_its_own_name_only(client: FlaskClient, ready: str) -> None:
    address = addresses(client, ready)["preview"].rsplit("/", 1)[0]
    for wrong in ("full.webp", "index.json", "..%2f..%2fsecret.key", "preview.html"):
        assert client.get(f"{address}/{wrong}").status_code == 404


def test_many_looks_at_one_picture_are_one_row(client: FlaskClient, ready: str) -> None:
    address = addresses(client, ready)["tiles"]
    for _ in range(3):
        client.get(f"{address}/0")
    with db.read_session() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "view_instance"))
        looks = sorted(json.loads(row.detail)["what"] for row in rows)
    assert looks == ["manifest", "tiles"]


def test_downloading_an_original_is_a_row_each_time(client: FlaskClient, ready: str) -> None:
    for _ in range(2):
        client.get(f"/imaging/instances/{ready}/original")
    with db.read_session() as session:
        rows = list(session.scalars(select(AuditRow).where(AuditRow.action == "download_original")))
    assert len(rows) == 2


@pytest.mark.parametrize("who", ["nobody", "outsider", "outside_doctor", "far_doctor", "manager", "administrator"])
def test_to_an_outsider_nothing_exists(
    who: str, client_as: ClientAs, client: FlaskClient, cast: Cast, ready: str, send: Send
) -> None:
    upload = f"/imaging/uploads/{send(b'more')}"
    found = addresses(client, ready)
    browser = client_as(None if who == "nobody" else getattr(cast, who))
    for address in (
        f"/imaging/cases/{cast.case.id}",
        f"/imaging/instances/{ready}",
        f"/imaging/instances/{ready}/original",
        found["preview"],
        found["full"],
        f"{found['tiles']}/0",
        upload,
    ):
        answer = browser.get(address)
        assert (answer.status_code, code_of(answer)) == (404, "not_found"), address
    for answer in (
        browser.post("/imaging/uploads", headers=opening(cast.case.id, 10)),
        browser.head(upload, headers=TUS),
        patch(browser, upload, 0, b"x"),
        browser.delete(upload, headers=TUS),
    ):
        assert answer.status_code == 404


def test_what_does_not_exist_looks_the_same_as_what_is_not_yours(client_as: ClientAs, cast: Cast, ready: str) -> None:
    browser = client_as(cast.outsider)
    assert browser.get(f"/imaging/instances/{ready}").data == browser.get(f"/imaging/instances/{'0' * 32}").data


def test_a_reader_may_look_but_not_add(client_as: ClientAs, cast: Cast, ready: str, send: Send) -> None:
    with db.write_transaction() as session:
        consult_in(session, cast, "requested")
    browser = client_as(cast.specialist)
    upload = f"/imaging/uploads/{send(b'more')}"
    assert browser.get(f"/imaging/instances/{ready}").status_code == 200
    assert browser.get(upload).status_code == 200
    for answer in (
        browser.post("/imaging/uploads", headers=opening(cast.case.id, 10)),
        patch(browser, upload, 0, b"x"),
        browser.delete(upload, headers=TUS),
    ):
        assert (answer.status_code, code_of(answer)) == (403, "not_allowed")


def test_a_patient_of_this_consult_may_look_and_not_send(app: Flask, cast: Cast, ready: str) -> None:
    from app.auth.sessions import SignedIn

    with db.write_transaction() as session:
        _seat, actor = guest_of(session, consult_in(session, cast, "in_progress"), cast)
    browser = app.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = SignedIn.as_guest(actor).get_id()
        cookie["_fresh"] = True
    assert browser.get(f"/imaging/instances/{ready}").status_code == 200
    assert browser.post("/imaging/uploads", headers=opening(cast.case.id, 10)).status_code == 403


def test_only_its_sender_continues_an_upload(client_as: ClientAs, client: FlaskClient, cast: Cast) -> None:
    address = opened(client, cast, 10)
    answer = patch(client_as(cast.colleague), address, 0, b"x")
    assert (answer.status_code, code_of(answer)) == (403, "not_allowed")


def test_the_limit_of_size_is_the_installations_own(client: FlaskClient, cast: Cast) -> None:
    config.use(replace(config.current(), max_upload_bytes=5 * 1_048_576))
    answer = client.post("/imaging/uploads", headers=opening(cast.case.id, 6 * 1_048_576))
    assert answer.status_code == 413
    with db.read_session() as session:
        assert session.scalar(select(Upload.state)) == "refused"
