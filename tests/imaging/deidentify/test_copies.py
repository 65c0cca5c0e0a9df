"""Copies from the order to the archive: who may, what must be decided first, what is left behind."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit, config, db
from app.audit import AuditRow
from app.auth.models import User
from app.jobs import huey
from imaging import sandbox
from imaging.deidentify import files as copy_files
from imaging.deidentify import jobs, proposing
from imaging.deidentify.boxes import Box
from imaging.deidentify.models import CopyItem, DeidentifiedCopy, TeachingCopy
from imaging.deidentify.proposing import Proposal
from imaging.models import Instance
from imaging.refusals import Refusal
from tests.cast import Cast, consult_in
from tests.imaging import files

ClientAs = Callable[[User | None], FlaskClient]
Send = Callable[..., str]
NAME = "One^Patient"
FOUND = [
    Proposal(Box(0, 0, 80, 12), "outside", True),
    Proposal(Box(4, 2, 30, 8), "text", True),
    Proposal(Box(50, 70, 20, 8), "text", False),
]


@pytest.fixture(autouse=True)
def jobs_run_at_once(monkeypatch: pytest.MonkeyPatch, no_children: None) -> None:
    """What is queued is done before the request is answered, in this process, with a reader that finds FOUND."""
    monkeypatch.setattr(huey, "_immediate", True)
    monkeypatch.setattr(proposing, "propose", lambda *_: FOUND)


@pytest.fixture
def picture(cast: Cast, send: Send, tmp_path: Path) -> str:
    """A radiograph of the case; its instance's id."""
    return add_picture(send, tmp_path, "1.2.3.4.5")


def add_picture(send: Send, folder: Path, uid: str) -> str:
    pixels = np.random.default_rng(int(uid[-1])).integers(1, 4096, (90, 80), dtype=np.uint16)
    made = files.dicom(pixels, BitsStored=12, HighBit=11, SOPInstanceUID=uid, PatientName=NAME, PatientSex="F")
    made.PatientID, made.StudyDate, made.PatientBirthDate = "MRN-4471", "20240229", "19720304"
    upload_id = send(files.save(made, folder / "chest.dcm").read_bytes(), "chest.dcm")
    from imaging.jobs import ingest_upload

    ingest_upload(upload_id)
    with db.read_session() as session:
        found = session.scalar(select(Instance).where(Instance.sop_instance_uid == uid))
        assert found is not None
        assert found.state == "ready", found.reason_code
        return found.id


@pytest.fixture
def browser(cast: Cast, client_as: ClientAs) -> FlaskClient:
    """The treating doctor's browser."""
    return client_as(cast.doctor)


def ordered(browser: FlaskClient, cast: Cast, *instances: str, **form: str) -> str:
    """Order a copy; its id."""
    data = {"purpose": "teaching", "preset": "teaching", "pictures": list(instances), **form}
    answer = browser.post(f"/cases/{cast.case.id}/copies", data=data)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["Location"]).rsplit("/", 1)[-1]


def state_of(browser: FlaskClient, copy_id: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(f"/api/copies/{copy_id}").get_json()
    return found


def decided(browser: FlaskClient, copy_id: str) -> None:
    for item in state_of(browser, copy_id)["items"]:
        browser.post(f"/api/copy-items/{item['id']}/decisions", json={"decision": "accepted"})


def made(browser: FlaskClient, cast: Cast, *instances: str, **form: str) -> str:
    """A finished copy's id."""
    copy_id = ordered(browser, cast, *instances, **form)
    decided(browser, copy_id)
    answer = browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True})
    assert answer.get_json()["state"] == "ready", answer.text
    return copy_id


def archive_of(browser: FlaskClient, address: str) -> zipfile.ZipFile:
    answer = browser.get(address)
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.data))


def test_from_the_order_to_an_archive_that_names_nobody(
    browser: FlaskClient, cast: Cast, picture: str, tmp_path: Path
) -> None:
    copy_id = ordered(browser, cast, picture)
    state = state_of(browser, copy_id)
    assert (state["state"], state["undecided"], len(state["items"][0]["masks"])) == ("confirming", 3, 3)
    assert browser.get(state["items"][0]["pictures"][0]["url"]).mimetype == "image/webp"
    copy_id = made(browser, cast, picture)
    with archive_of(browser, f"/copies/{copy_id}/copy.zip") as archive:
        assert archive.namelist() == ["README.txt", "picture-01.dcm"]
        content = archive.read("picture-01.dcm")
    assert not any(word in content for word in (b"One", b"Patient^", b"MRN-4471", b"20240229", b"1.2.3.4.5"))
    data = pydicom.dcmread(io.BytesIO(content))
    assert (data.PatientIdentityRemoved, data.BurnedInAnnotation, data.PatientSex) == ("YES", "NO", "F")
    pixels = data.pixel_array
    assert (pixels[:12] == pixels[0, 0]).all()
    assert (pixels[70:78, 50:70] == pixels[0, 0]).all()


def test_nothing_is_made_before_every_place_is_decided_and_the_word_given(
    browser: FlaskClient, cast: Cast, picture: str
) -> None:
    copy_id = ordered(browser, cast, picture)
    address = f"/api/copies/{copy_id}/confirm"
    assert browser.post(address, json={"nothing_left": True}).get_json()["error"]["field"] == "masks"
    decided(browser, copy_id)
    assert browser.post(address, json={"nothing_left": False}).get_json()["error"]["field"] == "nothing_left"
    assert browser.get(f"/copies/{copy_id}/copy.zip").status_code == 404
    assert state_of(browser, copy_id)["state"] == "confirming"


def test_a_line_under_a_covered_band_is_decided_with_it_and_open_again_without(
    browser: FlaskClient, cast: Cast, picture: str
) -> None:
    copy_id = ordered(browser, cast, picture)
    band, line, _other = state_of(browser, copy_id)["items"][0]["masks"]
    after = browser.patch(f"/api/copy-masks/{band['id']}", json={"decision": "accepted"}).get_json()
    assert [mask["open"] for mask in after["masks"]] == [False, False, True]
    after = browser.patch(f"/api/copy-masks/{band['id']}", json={"decision": "rejected"}).get_json()
    assert [mask["open"] for mask in after["masks"]] == [False, True, True]
    assert after["masks"][1]["id"] == line["id"]


def test_a_person_draws_resizes_and_takes_back_places_of_their_own(
    browser: FlaskClient, cast: Cast, picture: str
) -> None:
    copy_id = ordered(browser, cast, picture)
    item = state_of(browser, copy_id)["items"][0]
    address = f"/api/copy-items/{item['id']}/masks"
    after = browser.post(address, json={"x": 70, "y": 40, "width": 50, "height": 9}).get_json()
    [drawn] = [mask for mask in after["masks"] if mask["origin"] == "person"]
    assert (drawn["width"], drawn["decision"]) == (10, "accepted")
    assert browser.post(address, json={"x": 200, "y": 4, "width": 5, "height": 9}).status_code == 422
    box = {"x": 60, "y": 40, "width": 20, "height": 9}
    after = browser.patch(f"/api/copy-masks/{drawn['id']}", json=box).get_json()
    assert [mask["x"] for mask in after["masks"] if mask["id"] == drawn["id"]] == [60]
    after = browser.delete(f"/api/copy-masks/{drawn['id']}").get_json()
    assert len(after["masks"]) == 3
    assert browser.delete(f"/api/copy-masks/{after['masks'][0]['id']}").status_code == 409


def test_a_picture_left_out_needs_no_decision_and_is_not_in_the_archive(
    browser: FlaskClient, cast: Cast, send: Send, picture: str, tmp_path: Path
) -> None:
    copy_id = ordered(browser, cast, picture, add_picture(send, tmp_path, "1.2.3.4.6"))
    first, second = state_of(browser, copy_id)["items"]
    assert browser.patch(f"/api/copy-items/{first['id']}", json={"left_out": True}).get_json()["undecided"] == 0
    browser.post(f"/api/copy-items/{second['id']}/decisions", json={"decision": "rejected"})
    browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True})
    with archive_of(browser, f"/copies/{copy_id}/copy.zip") as archive:
        assert archive.namelist() == ["README.txt", "picture-01.dcm"]


def test_uids_of_one_copy_belong_together_and_the_salt_is_forgotten(
    browser: FlaskClient, cast: Cast, send: Send, picture: str, tmp_path: Path
) -> None:
    copy_id = made(browser, cast, picture, add_picture(send, tmp_path, "1.2.3.4.6"))
    with archive_of(browser, f"/copies/{copy_id}/copy.zip") as archive:
        one, two = (pydicom.dcmread(io.BytesIO(archive.read(f"picture-0{number}.dcm"))) for number in (1, 2))
    assert one.StudyInstanceUID == two.StudyInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.PatientID == two.PatientID
    with db.read_session() as session:
        assert session.get_one(DeidentifiedCopy, copy_id).salt == ""
    assert [path.name for path in copy_files.folder_of(copy_id).glob("*-seen-*")] == []


def test_a_teaching_copy_leads_nowhere_but_the_makers_audit(
    browser: FlaskClient, cast: Cast, client_as: ClientAs, picture: str
) -> None:
    copy_id = made(browser, cast, picture)
    answer = browser.post(f"/copies/{copy_id}/keep", data={"title": "As Patient One shows"})
    assert answer.status_code == 422
    assert "Leave the patient" in answer.text
    answer = browser.post(f"/copies/{copy_id}/keep", data={"title": "Effusion on the left"})
    teaching_id = str(answer.headers["Location"]).rsplit("/", 1)[-1]
    reader = client_as(cast.far_doctor)
    for address in ("/teaching", f"/teaching/{teaching_id}"):
        page = reader.get(address)
        assert "Effusion on the left" in page.text
        assert not any(known in page.text for known in (copy_id, cast.case.id, picture, "Doctor Alpha"))
    assert reader.get(f"/teaching/{teaching_id}/pictures/0").mimetype == "image/webp"
    with archive_of(reader, f"/teaching/{teaching_id}/copy.zip") as archive:
        assert archive.namelist() == ["README.txt", "picture-01.dcm"]
    with db.read_session() as session:
        row = session.scalar(select(AuditRow).where(AuditRow.action == "keep_teaching_copy"))
        assert row is not None
        assert json.loads(row.detail) == {"case_id": cast.case.id, "copy_id": copy_id}
        told = {column.name for column in TeachingCopy.__table__.columns}
    assert not told & {"case_id", "copy_id", "instance_id", "patient_id"}


def test_only_people_of_the_program_see_teaching_copies_and_only_their_maker_deletes_them(
    browser: FlaskClient, cast: Cast, client_as: ClientAs, picture: str
) -> None:
    copy_id = made(browser, cast, picture)
    where = browser.post(f"/copies/{copy_id}/keep", data={"title": "Effusion"}).headers["Location"]
    for stranger in (client_as(cast.outsider), client_as(cast.outside_manager)):
        for address in (where, f"{where}/copy.zip", f"{where}/pictures/0"):
            assert stranger.get(address).status_code == 404
        assert stranger.post(f"{where}/delete").status_code == 404
    assert client_as(None).get(where).status_code in (302, 404)
    assert client_as(cast.colleague).post(f"{where}/delete").status_code == 403
    assert browser.post(f"{where}/delete").status_code == 302
    assert browser.get(where).status_code == 404
    assert not list((config.current().data_dir / "teaching").iterdir())


def test_a_deleted_copy_leaves_nothing_on_the_disk_and_the_original_untouched(
    browser: FlaskClient, cast: Cast, picture: str
) -> None:
    with db.read_session() as session:
        before = session.get_one(Instance, picture).sha256
    original = browser.get(f"/imaging/instances/{picture}/original").data
    copy_id = made(browser, cast, picture)
    assert browser.post(f"/copies/{copy_id}/delete").status_code == 302
    assert browser.get(f"/copies/{copy_id}").status_code == 404
    assert not list((config.current().data_dir / "copies").iterdir())
    assert browser.get(f"/imaging/instances/{picture}/original").data == original
    with db.read_session() as session:
        assert session.get_one(Instance, picture).sha256 == before


def test_who_may_only_look_makes_no_copy(cast: Cast, client_as: ClientAs, browser: FlaskClient, picture: str) -> None:
    with db.write_transaction() as session:
        consult_in(session, cast, "in_progress")
    copy_id = ordered(browser, cast, picture)
    for user, status in ((cast.specialist, 403), (cast.administrator, 404), (cast.manager, 404), (cast.outsider, 404)):
        client = client_as(user)
        assert client.get(f"/cases/{cast.case.id}/copies").status_code == status
        assert client.get(f"/copies/{copy_id}").status_code == status
        assert client.post(f"/copies/{copy_id}/delete").status_code == status
    assert client_as(cast.colleague).get(f"/copies/{copy_id}").status_code == 200


def test_every_step_is_written_down(browser: FlaskClient, cast: Cast, picture: str) -> None:
    copy_id = made(browser, cast, picture)
    browser.get(f"/copies/{copy_id}/copy.zip")
    browser.post(f"/copies/{copy_id}/delete")
    with db.read_session() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.object_id == copy_id).order_by(AuditRow.id))
        assert [row.action for row in rows] == ["start_copy", "confirm_copy", "download_copy", "delete_copy"]
        assert audit.first_broken(session.scalars(select(AuditRow).order_by(AuditRow.id))) is None


def test_a_held_picture_cannot_be_chosen_and_one_held_meanwhile_is_left_out(
    browser: FlaskClient, cast: Cast, picture: str
) -> None:
    copy_id = ordered(browser, cast, picture)
    decided(browser, copy_id)
    with db.write_transaction() as session:
        session.get_one(Instance, picture).hold = {"state": "open", "fields": ["name"]}
    data = {"purpose": "export", "preset": "bare", "pictures": [picture]}
    assert browser.post(f"/cases/{cast.case.id}/copies", data=data).status_code == 422
    browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True})
    state = state_of(browser, copy_id)
    assert (state["state"], state["items"][0]["state"]) == ("failed", "failed")
    assert "another patient" in state["items"][0]["reason"]


def test_an_order_for_nothing_names_what_is_wrong(browser: FlaskClient, cast: Cast, picture: str) -> None:
    for wrong, words in (
        ({"pictures": []}, "Choose at least one picture"),
        ({"pictures": ["f" * 32]}, "Choose at least one picture"),
        ({"preset": "everything"}, "Choose what may stay"),
        ({"purpose": ""}, "Say what the copy is for"),
    ):
        data = {"purpose": "export", "preset": "bare", "pictures": [picture], **wrong}
        answer = browser.post(f"/cases/{cast.case.id}/copies", data=data)
        assert answer.status_code == 422
        assert words in answer.text


WRONG_BODIES: list[tuple[str, str, Any]] = [
    ("POST", "/api/copies/{copy}/confirm", {"nothing_left": "yes"}),
    ("POST", "/api/copies/{copy}/confirm", []),
    ("PATCH", "/api/copy-items/{item}", {"left_out": 1}),
    ("POST", "/api/copy-items/{item}/decisions", {"decision": "maybe"}),
    ("POST", "/api/copy-items/{item}/masks", {"x": 1.5, "y": 0, "width": 9, "height": 9}),
    ("POST", "/api/copy-items/{item}/masks", {"x": True, "y": 0, "width": 9, "height": 9}),
    ("POST", "/api/copy-items/{item}/masks", {"x": 0, "y": 0, "width": 0, "height": 9}),
    ("POST", "/api/copy-items/{item}/masks", {"x": 10**12, "y": 0, "width": 9, "height": 9}),
    ("PATCH", "/api/copy-masks/{mask}", {"decision": None}),
    ("PATCH", "/api/copy-masks/{mask}", {}),
]


def test_what_means_nothing_is_refused_with_one_sentence_and_changes_nothing(
    browser: FlaskClient, cast: Cast, picture: str
) -> None:
    copy_id = ordered(browser, cast, picture)
    before = state_of(browser, copy_id)
    item = before["items"][0]
    for method, address, body in WRONG_BODIES:
        path = address.format(copy=copy_id, item=item["id"], mask=item["masks"][0]["id"])
        answer = browser.open(path, method=method, json=body)
        assert answer.status_code == 422, (path, body)
        assert answer.get_json()["error"]["message"].endswith(".")
    assert state_of(browser, copy_id) == before


def test_after_the_copy_is_made_its_places_cannot_be_changed(browser: FlaskClient, cast: Cast, picture: str) -> None:
    copy_id = made(browser, cast, picture)
    item = state_of(browser, copy_id)["items"][0]
    assert browser.patch(f"/api/copy-masks/{item['masks'][0]['id']}", json={"decision": "open"}).status_code == 409
    assert browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True}).status_code == 409


def test_a_worker_that_was_killed_takes_the_copy_up_again(
    browser: FlaskClient, cast: Cast, picture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object) -> Iterator[dict[str, Any]]:
        raise KeyboardInterrupt

    real = sandbox.run
    copy_id = ordered(browser, cast, picture)
    decided(browser, copy_id)
    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "run", killed)
        browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True})
    assert sandbox.run is real
    assert state_of(browser, copy_id)["state"] == "making"
    jobs.take_up()
    assert state_of(browser, copy_id)["state"] == "ready"


def test_a_full_disk_ends_the_copy_with_its_reason(
    browser: FlaskClient, cast: Cast, picture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> int:
        raise Refusal("storage_full")

    monkeypatch.setattr(copy_files, "pack", full)
    copy_id = ordered(browser, cast, picture)
    decided(browser, copy_id)
    browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True})
    state = state_of(browser, copy_id)
    assert (state["state"], "no room" in state["reason"]) == ("failed", True)
    assert "no room" in browser.get(f"/copies/{copy_id}").text


def test_a_file_that_cannot_be_read_is_left_out_and_the_rest_goes_on(
    browser: FlaskClient, cast: Cast, send: Send, picture: str, tmp_path: Path
) -> None:
    second = add_picture(send, tmp_path, "1.2.3.4.6")
    with db.read_session() as session:
        from imaging import queries

        queries.original_path(session.get_one(Instance, second)).unlink()
    copy_id = ordered(browser, cast, picture, second)
    state = state_of(browser, copy_id)
    assert [item["state"] for item in state["items"]] == ["proposed", "failed"]
    decided(browser, copy_id)
    browser.post(f"/api/copies/{copy_id}/confirm", json={"nothing_left": True})
    page = browser.get(f"/copies/{copy_id}").text
    assert "is not in the copy" in page
    with db.read_session() as session:
        assert session.scalar(select(CopyItem.state).where(CopyItem.instance_id == picture)) == "made"


@pytest.mark.usefixtures("app")
def test_a_copy_that_is_kept_is_handed_over_without_being_copied() -> None:
    archive = copy_files.folder_of("copy") / copy_files.ARCHIVE
    archive.write_bytes(b"pictures")
    place = archive.stat().st_ino
    copy_files.hand_over("copy", "teaching")
    copy_files.drop(archive.parent)
    kept = copy_files.teaching_folder("teaching") / copy_files.ARCHIVE
    assert (kept.read_bytes(), kept.stat().st_ino) == (b"pictures", place)
