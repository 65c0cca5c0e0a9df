"""Storing: what is answered as stored is there for good, each part has its own answer, and nothing is taken twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app import config, db
from imaging import store
from imaging.dicomweb import multipart, storing
from imaging.models import Instance, Study, Upload
from tests.cast import Cast
from tests.imaging.dicomweb.conftest import BOUNDARY, STORES, Headers, made, multipart_of

MANY_HEADERS = "X: y\r\n" * 1000
StoreWith = Callable[..., TestResponse]
pytestmark = pytest.mark.usefixtures("no_children", "jobs_run_at_once")


def reasons(answer: TestResponse) -> list[int]:
    """The failure reasons, named and nameless."""
    body = json.loads(answer.data)
    items = body.get("00081198", {}).get("Value", []) + body.get("0008119A", {}).get("Value", [])
    return [item["00081197"]["Value"][0] for item in items]


def stored(answer: TestResponse) -> list[str]:
    items = json.loads(answer.data).get("00081199", {}).get("Value", [])
    return [item["00081155"]["Value"][0] for item in items]


def instances() -> list[Instance]:
    with db.read_session() as session:
        return list(session.scalars(select(Instance)))


def test_a_study_is_stored_and_each_instance_is_answered_for(
    store_with: StoreWith, doctor_headers: Headers, cast: Cast
) -> None:
    answer = store_with(doctor_headers, [made(1), made(2)])
    assert answer.status_code == 200
    assert answer.content_type == "application/dicom+json"
    assert stored(answer) == ["1.2.3.1.1", "1.2.3.1.2"]
    body = json.loads(answer.data)
    assert body["00081190"]["Value"] == ["http://localhost/dicomweb/studies/1.2.3"]
    item = body["00081199"]["Value"][0]
    assert item["00081150"]["Value"] == ["1.2.840.10008.5.1.4.1.1.1"]
    assert item["00081190"]["Value"] == ["http://localhost/dicomweb/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"]
    assert {(one.sop_instance_uid, one.case_id, one.facility_id) for one in instances()} == {
        (f"1.2.3.1.{number}", None, cast.facility.id) for number in (1, 2)
    }


@pytest.mark.parametrize(
    "path", ["studies?case={}", "studies/1.2.3?case={}", "cases/{}/studies", "cases/{}/studies/1.2.3"]
)
def test_a_doctor_stores_straight_into_a_case(
    store_with: StoreWith, doctor_headers: Headers, cast: Cast, path: str
) -> None:
    assert store_with(doctor_headers, [made(1)], f"/dicomweb/{path.format(cast.case.id)}").status_code == 200
    assert [one.case_id for one in instances()] == [cast.case.id]


def test_what_a_device_sends_joins_the_case_that_has_the_study(
    store_with: StoreWith, doctor_headers: Headers, token_of: Callable[..., Headers], cast: Cast
) -> None:
    store_with(doctor_headers, [made(1)], f"/dicomweb/studies?case={cast.case.id}")
    assert store_with(token_of(None, "store"), [made(2), made(1, "1.9", "1.9.1")]).status_code == 200
    with db.read_session() as session:
        rows = session.execute(select(Instance.sop_instance_uid, Study.case_id).join(Study)).all()
    assert {tuple(row) for row in rows} == {
        ("1.2.3.1.1", cast.case.id),
        ("1.2.3.1.2", cast.case.id),
        ("1.9.1.1", None),
    }


def test_what_was_stored_before_is_answered_for_and_not_kept_twice(
    store_with: StoreWith, doctor_headers: Headers
) -> None:
    store_with(doctor_headers, [made(1), made(2)])
    again = store_with(doctor_headers, [made(1), made(2), made(3), made(3)])
    assert again.status_code == 200
    assert sorted(stored(again)) == ["1.2.3.1.1", "1.2.3.1.2", "1.2.3.1.3", "1.2.3.1.3"]
    assert len(instances()) == 3


def test_another_picture_under_the_same_identity_is_refused_and_the_first_one_stays(
    store_with: StoreWith, doctor_headers: Headers
) -> None:
    store_with(doctor_headers, [made(1)])
    before = instances()[0].sha256
    answer = store_with(doctor_headers, [made(1, StudyDescription="another")])
    assert answer.status_code == 409
    assert reasons(answer) == [storing.DUPLICATE]
    assert [one.sha256 for one in instances()] == [before]


def test_some_stored_and_some_not_is_202_with_a_reason_for_each(store_with: StoreWith, doctor_headers: Headers) -> None:
    other = made(1, study="1.9", series="1.9.1")
    answer = store_with(doctor_headers, [made(1), b"no DICOM", other, made(2)], "/dicomweb/studies/1.2.3")
    assert answer.status_code == 202
    assert stored(answer) == ["1.2.3.1.1", "1.2.3.1.2"]
    assert sorted(reasons(answer)) == sorted([storing.NOT_UNDERSTOOD, storing.WRONG_STUDY])


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        'multipart/related; type="application/dicom+json"; boundary=a',
        'multipart/related; type="application/dicom+xml"; boundary=a',
        "multipart/form-data; boundary=a",
        "text/plain",
        "",
        '"',
    ],
)
def test_what_is_not_dicom_is_an_unsupported_media_type(door: FlaskClient, doctor_headers: Headers, kind: str) -> None:
    answer = door.post("/dicomweb/studies", headers={**doctor_headers, "Content-Type": kind}, data=b"[[[[")
    assert answer.status_code == 415
    assert answer.get_json()["error"]["code"] == "unsupported_media"


def test_one_file_may_come_without_a_multipart(door: FlaskClient, doctor_headers: Headers) -> None:
    answer = door.post("/dicomweb/studies", headers=doctor_headers, data=made(1), content_type="application/dicom")
    assert (answer.status_code, stored(answer)) == (200, ["1.2.3.1.1"])


def test_an_unusable_picture_that_was_acknowledged_is_kept_with_its_reason(
    store_with: StoreWith, doctor_headers: Headers
) -> None:
    broken = made(1)[:-200]
    assert store_with(doctor_headers, [broken]).status_code == 200
    with db.read_session() as session:
        upload = session.scalars(select(Upload)).one()
    assert (upload.state, upload.reason_code) == ("refused", "truncated")
    assert store.upload_path(upload.id).read_bytes() == broken


# --- bodies that are not what they say -------------------------------------------------------------------------------


def post(door: FlaskClient, headers: Headers, body: bytes, kind: str = STORES) -> TestResponse:
    return door.post("/dicomweb/studies", headers=headers, data=body, content_type=kind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (multipart_of([made(1)]), 'multipart/related; type="application/dicom"'),
        (multipart_of([made(1)]), 'multipart/related; type="application/dicom"; boundary=""'),
        (multipart_of([made(1)]), 'multipart/related; type="application/dicom"; boundary=other'),
        (multipart_of([made(1)]), f'multipart/related; type="application/dicom"; boundary={"b" * 300}'),
        (b"", STORES),
        (b"--", STORES),
        (f"--{BOUNDARY}".encode(), STORES),
        (f"--{BOUNDARY}garbage\r\n\r\n".encode(), STORES),
        (f"--{BOUNDARY}\r\nX: {'y' * 20_000}\r\n\r\nbody\r\n--{BOUNDARY}--".encode(), STORES),
        (f"--{BOUNDARY}\r\n{'X: y' * 5}".encode(), STORES),
        (f"--{BOUNDARY}\r\n{MANY_HEADERS}\r\nbody\r\n--{BOUNDARY}--".encode(), STORES),
        (f"--{BOUNDARY}--\r\n".encode(), STORES),
        (b"x" * 200_000, STORES),
    ],
)
def test_a_body_that_is_no_multipart_stores_nothing(
    door: FlaskClient, doctor_headers: Headers, body: bytes, kind: str
) -> None:
    assert post(door, doctor_headers, body, kind).status_code == 400
    assert instances() == []


def test_a_request_that_was_cut_off_keeps_what_came_whole(door: FlaskClient, doctor_headers: Headers) -> None:
    whole = multipart_of([made(1), made(2)])
    answer = post(door, doctor_headers, whole[: len(whole) - 1000])
    assert answer.status_code == 202
    assert stored(answer) == ["1.2.3.1.1"]
    assert reasons(answer) == [storing.NOT_UNDERSTOOD]
    assert "stops within a part" in answer.headers["Warning"]
    assert len(instances()) == 1


class Breaking(io.BytesIO):
    """A body whose connection breaks, however a server calls that."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        if not piece:
            raise RuntimeError("what a server says of bad chunks")
        return piece

    def readinto(self, buffer: Any) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_connection_that_breaks_keeps_what_came_whole(door: FlaskClient, doctor_headers: Headers) -> None:
    whole = multipart_of([made(1), made(2)])
    answer = door.post(
        "/dicomweb/studies",
        headers=doctor_headers,
        content_type=STORES,
        input_stream=Breaking(whole[:-1000]),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, stored(answer)) == (202, ["1.2.3.1.1"])


def test_a_multipart_within_a_part_is_no_dicom_file(door: FlaskClient, doctor_headers: Headers) -> None:
    inner = multipart_of([made(2)], boundary="inner")
    answer = post(door, doctor_headers, multipart_of([made(1), inner]))
    assert (answer.status_code, stored(answer)) == (202, ["1.2.3.1.1"])


def test_parts_of_another_type_are_answered_as_not_understood(door: FlaskClient, doctor_headers: Headers) -> None:
    answer = post(door, doctor_headers, multipart_of([made(1)], kind="application/octet-stream"))
    assert (answer.status_code, reasons(answer)) == (409, [storing.NOT_UNDERSTOOD])


def test_more_parts_than_a_request_may_have_end_it(
    door: FlaskClient, doctor_headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "MAX_PARTS", 20)
    answer = post(door, doctor_headers, multipart_of([made(1), *[b"x"] * 40]))
    assert answer.status_code == 413
    assert stored(answer) == ["1.2.3.1.1"]
    assert len(reasons(answer)) == 19


def test_ten_thousand_empty_parts_are_read_in_bounded_memory(door: FlaskClient, doctor_headers: Headers) -> None:
    answer = post(door, doctor_headers, multipart_of([b""] * 10_000))
    assert answer.status_code == 409
    assert len(reasons(answer)) == 10_000


def test_a_file_larger_than_one_may_be_is_refused_and_the_next_is_kept(
    door: FlaskClient, doctor_headers: Headers, use_config: Callable[..., None]
) -> None:
    use_config(max_upload_bytes=len(made(1)) + 10)
    answer = post(door, doctor_headers, multipart_of([made(2, ImageComments="x" * 1000), made(1)]))
    assert (answer.status_code, stored(answer), reasons(answer)) == (202, ["1.2.3.1.1"], [storing.NO_ROOM])


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in chunks"])
def test_a_request_larger_than_one_may_be_ends(
    door: FlaskClient, doctor_headers: Headers, use_config: Callable[..., None], told: bool
) -> None:
    use_config(max_store_bytes=20_000)
    body = multipart_of([made(number) for number in range(5)])
    more: dict[str, Any] = {} if told else {"environ_overrides": {"wsgi.input_terminated": True}}
    sent = {**doctor_headers, **({} if told else {"Transfer-Encoding": "chunked"})}
    answer = door.post("/dicomweb/studies", headers=sent, data=body, content_type=STORES, **more)
    assert answer.status_code == 413


def test_a_full_disk_is_told_for_the_parts_that_it_met(
    door: FlaskClient, doctor_headers: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "has_room_for", lambda _size: False)
    answer = post(door, doctor_headers, multipart_of([made(1), made(2)]))
    assert (answer.status_code, reasons(answer)) == (507, [storing.NO_ROOM] * 2)
    with db.read_session() as session:
        assert session.scalar(select(func.count(Upload.id))) == 0


def test_a_case_without_room_is_told_as_a_full_disk_is(
    store_with: StoreWith, doctor_headers: Headers, cast: Cast, use_config: Callable[..., None]
) -> None:
    one = made(1)
    use_config(max_case_bytes=len(one))
    answer = store_with(doctor_headers, [one, made(2)], f"/dicomweb/studies?case={cast.case.id}")
    assert (answer.status_code, stored(answer), reasons(answer)) == (202, ["1.2.3.1.1"], [storing.NO_ROOM])


def test_a_facility_without_room_fails_what_does_not_fit_and_the_administrator_is_shown(
    store_with: StoreWith,
    doctor_headers: Headers,
    cast: Cast,
    use_config: Callable[..., None],
    client_as: Callable[..., FlaskClient],
) -> None:
    one, two, three = made(1), made(2), made(3)
    use_config(max_facility_bytes=len(one) + len(two) + 10)
    answer = store_with(doctor_headers, [one, two, three])
    assert (stored(answer), reasons(answer)) == (["1.2.3.1.1", "1.2.3.1.2"], [storing.NO_ROOM])
    again = store_with(doctor_headers, [three])
    assert (again.status_code, reasons(again)) == (507, [storing.NO_ROOM])
    page = client_as(cast.administrator).get("/devices").get_data(as_text=True)
    assert f"{cast.facility.name}: " in page
    assert "refused for want of room" in page
    assert f"{cast.other_facility.name}: " not in page


def test_the_original_of_a_preview_is_no_duplicate(store_with: StoreWith, doctor_headers: Headers, cast: Cast) -> None:
    into = f"/dicomweb/studies?case={cast.case.id}"
    store_with(doctor_headers, [made(1)], into)
    with db.write_transaction() as session:  # as a tablet's preview has it
        session.execute(update(Instance).values(sha256=None, state="provisional"))
    assert stored(store_with(doctor_headers, [made(1)], into)) == ["1.2.3.1.1"]
    assert [(one.state, one.sha256 is None) for one in instances()] == [("ready", False)]


def test_nothing_is_left_beside_what_was_kept(door: FlaskClient, doctor_headers: Headers) -> None:
    post(door, doctor_headers, multipart_of([made(1), b"no DICOM", made(2)])[:-700])
    assert list(store.folder("workspaces").iterdir()) == []
    assert list(store.folder("uploads").iterdir()) == []


def test_no_part_is_ever_held_whole_in_memory() -> None:
    sizes: list[int] = []
    body = multipart_of([b"\r\n--a-boundar" * 400_000])
    stream = iter([body[start : start + 100_000] for start in range(0, len(body), 100_000)])
    for part in multipart.Reader(lambda _size: next(stream, b""), BOUNDARY).parts():
        sizes.extend(len(piece) for piece in part.pieces())
    assert sum(sizes) == 13 * 400_000
    assert max(sizes) <= 200_000
    assert config.current().max_store_bytes > 0


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000])
def test_a_multipart_is_read_alike_in_any_pieces(step: int) -> None:
    parts = [b"", b"one", b"\r\n", b"--", b"\r\n--a-bound", b"x" * 500]
    body = b"preamble\r\n" + multipart_of(parts) + b"epilogue"
    pieces = iter([body[start : start + step] for start in range(0, len(body), step)])
    reader = multipart.Reader(lambda _size: next(pieces, b""), BOUNDARY)
    assert [b"".join(part.pieces()) for part in reader.parts()] == parts
