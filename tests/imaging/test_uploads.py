"""What an upload promises: the same bytes or none, room that is counted, and an end that is told beforehand."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock, config, db
from app.actor import Actor
from app.audit import AuditRow
from app.auth.models import User
from imaging import ingest, jobs, senders, store, uploads
from imaging.models import Instance, Upload
from tests.cast import Cast
from tests.imaging.conftest import upload_row

ClientAs = Callable[[User | None], FlaskClient]
pytestmark = pytest.mark.usefixtures("no_children")

TUS = {"Tus-Resumable": "1.0.0"}
MEGABYTE = 1_048_576


@pytest.fixture(autouse=True)
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uploads that were handed to the worker."""
    found: list[str] = []
    monkeypatch.setattr(jobs, "ingest_upload", found.append)
    return found


@pytest.fixture
def client(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The treating doctor's browser."""
    return client_as(cast.doctor)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def announce(client: FlaskClient, cast: Cast, size: int, **told: str) -> TestResponse:
    values = {"filename": "chest.dcm", "case_id": cast.case.id, **told}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
    headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata}
    return client.post("/imaging/uploads", headers=headers)


def patch(client: FlaskClient, address: str, piece: bytes, **headers: str) -> TestResponse:
    asked = {**TUS, "Upload-Offset": "0", **headers}
    return client.patch(address, headers=asked, data=piece, content_type="application/offset+octet-stream")


def id_in(answer: TestResponse) -> str:
    return str(answer.headers["Location"]).rsplit("/", 1)[1]


def code_of(answer: TestResponse) -> str:
    return str(answer.get_json()["error"]["code"])


def sent(client: FlaskClient, cast: Cast, content: bytes, **told: str) -> str:
    """A whole file, up to where the worker takes over; its upload's id."""
    opening = announce(client, cast, len(content), **told)
    assert patch(client, opening.headers["Location"], content).status_code == 204
    return id_in(opening)


# --- the same bytes -------------------------------------------------------------------------------------------------


def test_a_file_that_is_what_its_sender_has_is_kept(client: FlaskClient, cast: Cast, chest: bytes) -> None:
    assert ingest.ingest(sent(client, cast, chest, sha256=sha256_of(chest))) is not None


def test_a_file_that_changed_on_the_way_is_refused_and_not_kept(client: FlaskClient, cast: Cast, chest: bytes) -> None:
    changed = chest[:-1] + bytes([chest[-1] ^ 1])
    upload_id = sent(client, cast, changed, sha256=sha256_of(chest))
    assert ingest.ingest(upload_id) is None
    found = client.get(f"/imaging/uploads/{upload_id}").get_json()
    assert (found["state"], found["reason_code"]) == ("refused", "changed_on_the_way")
    assert found["reason"].endswith("Send it again from the start.")
    assert not store.upload_path(upload_id).exists()
    assert not store.path_of("originals", sha256_of(changed)).exists()


def test_the_checksum_may_come_with_the_last_piece(client: FlaskClient, cast: Cast, chest: bytes) -> None:
    opening = announce(client, cast, len(chest))
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    patch(client, opening.headers["Location"], chest, **{"Repr-Digest": f"sha-256=:{wrong}:"})
    assert upload_row(id_in(opening)).sha256 == sha256_of(b"other")
    assert ingest.ingest(id_in(opening)) is None


def test_a_checksum_that_was_told_first_is_not_replaced(client: FlaskClient, cast: Cast, chest: bytes) -> None:
    opening = announce(client, cast, len(chest), sha256=sha256_of(chest))
    other = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    patch(client, opening.headers["Location"], chest, **{"Repr-Digest": f"sha-256=:{other}:"})
    assert upload_row(id_in(opening)).sha256 == sha256_of(chest)


def test_a_checksum_that_cannot_be_one_is_refused(client: FlaskClient, cast: Cast) -> None:
    for wrong in ("short", "z" * 64, "a" * 65):
        answer = announce(client, cast, 10, sha256=wrong)
        assert (answer.status_code, code_of(answer)) == (422, "invalid")


def test_a_file_that_the_case_has_already_need_not_be_sent(
    client: FlaskClient, cast: Cast, chest: bytes, queued: list[str]
) -> None:
    instance_id = ingest.ingest(sent(client, cast, chest))
    queued.clear()
    again = announce(client, cast, len(chest), sha256=sha256_of(chest))
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(len(chest)))
    told = again.get_json()
    assert (told["state"], told["already_here"], told["instances"]) == ("stored", True, [instance_id])
    assert queued == []
    assert not store.upload_path(id_in(again)).exists()


def test_a_checksum_told_with_the_first_piece_may_spare_all_others(
    client: FlaskClient, cast: Cast, chest: bytes, queued: list[str]
) -> None:
    instance_id = ingest.ingest(sent(client, cast, chest))
    queued.clear()
    opening = announce(client, cast, len(chest))
    digest = base64.b64encode(hashlib.sha256(chest).digest()).decode()
    piece = patch(client, opening.headers["Location"], chest[:100], **{"Repr-Digest": f"sha-256=:{digest}:"})
    assert (piece.status_code, piece.headers["Upload-Offset"]) == (204, str(len(chest)))
    upload = upload_row(id_in(opening))
    assert (upload.state, upload.note, upload.instance_id) == ("stored", "again", instance_id)
    assert queued == []
    assert not store.upload_path(upload.id).exists()


def test_a_file_that_only_another_case_has_is_not_said_to_be_here(
    client: FlaskClient, client_as: ClientAs, cast: Cast, chest: bytes
) -> None:
    ingest.ingest(sent(client, cast, chest))
    with db.write_transaction() as session:
        session.execute(Instance.__table__.update().values(case_id=None))  # type: ignore[attr-defined]
    assert announce(client, cast, len(chest), sha256=sha256_of(chest)).get_json()["state"] == "receiving"


# --- room -----------------------------------------------------------------------------------------------------------


def test_a_case_that_is_full_says_so_before_anything_is_sent(client: FlaskClient, cast: Cast) -> None:
    config.use(replace(config.current(), max_case_bytes=10 * MEGABYTE))
    assert announce(client, cast, 6 * MEGABYTE).status_code == 201
    answer = announce(client, cast, 5 * MEGABYTE)
    assert (answer.status_code, code_of(answer)) == (413, "case_full")
    assert "room for 10 MB of pictures and 6 MB are taken" in answer.get_json()["error"]["message"]
    assert answer.get_json()["upload"]["state"] == "refused"


def test_what_was_given_up_takes_no_room(client: FlaskClient, cast: Cast) -> None:
    config.use(replace(config.current(), max_case_bytes=10 * MEGABYTE))
    first = announce(client, cast, 6 * MEGABYTE)
    client.delete(first.headers["Location"], headers=TUS)
    assert announce(client, cast, 9 * MEGABYTE).status_code == 201


def test_stored_pictures_count(client: FlaskClient, cast: Cast, chest: bytes) -> None:
    ingest.ingest(sent(client, cast, chest))
    config.use(replace(config.current(), max_case_bytes=len(chest) + 10))
    assert announce(client, cast, 11).status_code == 413
    assert announce(client, cast, 10).status_code == 201


def test_a_facility_that_is_full_names_the_administrator(client: FlaskClient, cast: Cast) -> None:
    config.use(replace(config.current(), max_facility_bytes=MEGABYTE))
    answer = announce(client, cast, 2 * MEGABYTE)
    assert (answer.status_code, code_of(answer)) == (413, "facility_full")
    assert "administrator" in answer.get_json()["error"]["message"]


def test_no_limit_means_none(client: FlaskClient, cast: Cast) -> None:
    config.use(replace(config.current(), max_case_bytes=0, max_facility_bytes=0))
    assert announce(client, cast, 400 * MEGABYTE).status_code == 201


def test_a_full_disk_leaves_no_refused_row_behind_each_try(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "has_room_for", lambda _size: False)
    for _ in range(2):
        assert announce(client, cast, 10).status_code == 507
    with db.read_session() as session:
        assert session.scalar(select(Upload.id)) is None


# --- an end that is told --------------------------------------------------------------------------------------------


def test_an_unfinished_upload_says_until_when_it_is_kept(client: FlaskClient, cast: Cast) -> None:
    opening = announce(client, cast, 10)
    for answer in (
        opening,
        patch(client, opening.headers["Location"], b"12345"),
        client.head(opening.headers["Location"], headers=TUS),
    ):
        told = parsedate_to_datetime(answer.headers["Upload-Expires"]).astimezone(UTC)
        assert abs(told - clock.now() - timedelta(days=7)) < timedelta(minutes=1)
    done = patch(client, opening.headers["Location"], b"67890", **{"Upload-Offset": "5"})
    assert "Upload-Expires" not in done.headers


def test_forgetting_an_upload_is_written_down_and_told_to_whoever_comes_back(client: FlaskClient, cast: Cast) -> None:
    address = announce(client, cast, 10).headers["Location"]
    later = clock.now() + timedelta(days=8)
    clock.set_source(lambda: later)
    assert uploads.forget_abandoned() == 1
    assert client.head(address, headers=TUS).status_code == 410
    with db.read_session() as session:
        row = session.scalar(select(AuditRow).where(AuditRow.action == "expire_upload"))
    assert row is not None
    assert row.actor_id == cast.doctor.id


# --- a sender who comes back ----------------------------------------------------------------------------------------


def test_the_same_persons_next_request_hangs_up_on_a_dead_line(cast: Cast, doctor: Actor) -> None:
    upload = uploads.create(doctor, cast.case.id, "chest.dcm", 100)
    hung_up: list[bool] = []
    pieces = [b"x" * 30, b""]

    def read(_most: int) -> bytes:
        if len(pieces) == 1 and not hung_up:  # the line is silent: the tablet comes back over another network
            senders._lines[upload.id]()
            assert hung_up == [True]
        return pieces.pop(0)

    uploads.receive(doctor, upload.id, 0, 100, read, hang_up=lambda: hung_up.append(True))
    assert uploads.status_for_sender(doctor, upload.id)[1] == 30
    assert senders._lines == {}


def test_a_file_announced_again_goes_on_where_it_stopped(client: FlaskClient, cast: Cast, chest: bytes) -> None:
    told = {"sha256": sha256_of(chest)}
    first = announce(client, cast, len(chest), **told)
    patch(client, first.headers["Location"], chest[:100])
    again = announce(client, cast, len(chest), **told)
    assert (again.headers["Location"], again.headers["Upload-Offset"]) == (first.headers["Location"], "100")


def test_nobody_goes_on_with_a_file_that_somebody_else_sends(
    client: FlaskClient, client_as: ClientAs, cast: Cast, chest: bytes
) -> None:
    told = {"sha256": sha256_of(chest)}
    first = announce(client, cast, len(chest), **told)
    other = announce(client_as(cast.colleague), cast, len(chest), **told)
    assert other.status_code == 201
    assert other.headers["Location"] != first.headers["Location"]


def test_bytes_that_belong_to_no_upload_go_after_a_day_and_all_others_stay(
    doctor: Actor, cast: Cast, send: Callable[..., str]
) -> None:
    begun, whole = uploads.create(doctor, cast.case.id, "a", 5).id, send(b"whole")
    refused, kept = send(b"refused"), send(b"kept")
    with db.write_transaction() as session:
        session.get_one(Upload, refused).state = "refused"
        found = session.get_one(Upload, kept)
        found.state, found.acknowledged = "refused", True
    store.upload_path("nobody").write_bytes(b"a door was killed")
    assert uploads.sweep() == 0
    clock.set_source(lambda: datetime.now(UTC) + timedelta(days=2))
    assert uploads.sweep() == 2
    assert {path.stem for path in store.folder("uploads").iterdir()} == {begun, whole, kept}
