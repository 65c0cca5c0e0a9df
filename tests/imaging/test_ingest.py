"""A file is checked, stored and indexed, or nothing is, with one reason; and its renditions appear one by one."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from app import db
from app.actor import Actor
from app.audit import AuditRow
from app.outbox import OutboxRow
from consult.patients.models import Case
from imaging import importing, ingest, jobs, queries, rendering, sandbox, store
from imaging.drawing import draw_frame
from imaging.models import Instance, Study, Upload
from imaging.refusals import Refusal
from imaging.tiles import TileIndex, read_tiles
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import instance_row, levels_of_commits, upload_row

pytestmark = pytest.mark.usefixtures("no_children")

Send = Callable[..., str]


def told(event: str) -> list[dict[str, Any]]:
    with db.read_session() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.event == event).order_by(OutboxRow.id))
        return [json.loads(row.payload) for row in rows]


def other_case(cast: Cast) -> str:
    with db.write_transaction() as session:
        case = Case(
            program_id=cast.program.id,
            facility_id=cast.facility.id,
            patient_id=cast.patient.id,
            complaint="Another time",
            opened_by=cast.doctor.id,
            opened_at=cast.case.opened_at,
            updated_at=cast.case.opened_at,
        )
        session.add(case)
        session.flush()
        return case.id


def test_the_original_is_kept_byte_for_byte(send: Send, chest: bytes) -> None:
    upload_id = send(chest, "chest.dcm")
    instance = instance_row(ingest.ingest(upload_id))
    assert queries.original_path(instance).read_bytes() == chest
    assert instance.sha256 == hashlib.sha256(chest).hexdigest()
    assert (instance.state, instance.file_name, instance.size_bytes) == ("received", "chest.dcm", len(chest))
    assert upload_row(upload_id).state == "stored"
    assert not store.upload_path(upload_id).exists()


def test_a_still_becomes_every_rendition_and_loses_nothing(send: Send, chest: bytes) -> None:
    instance_id = ingest.ingest(send(chest))
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    instance = instance_row(instance_id)
    assert (instance.state, instance.progress, instance.reason_code) == ("ready", 1.0, None)
    made = {one.name: one for one in instance.renditions}
    assert set(made) == {"thumbnail", "preview", "full", "tiles"}
    index = TileIndex(**made["tiles"].detail["index"])
    blob = queries.rendition_path(made["tiles"]).read_bytes()
    back = read_tiles(blob, index, 90, 80, tuple(made["tiles"].detail["values_at"]))
    assert np.array_equal(back, np.random.default_rng(7).integers(0, 4096, (90, 80), dtype=np.uint16))


def test_a_clip_becomes_stills_of_its_first_frame_and_three_clips(send: Send, tmp_path: Path) -> None:
    clip = files.save(files.jpeg_clip(files.numbered_frames(12)), tmp_path / "clip.dcm").read_bytes()
    instance_id = ingest.ingest(send(clip))
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    manifest = queries.manifest(instance_row(instance_id))
    assert set(manifest["renditions"]) == {"thumbnail", "preview", "clip_small", "clip", "clip_mp4"}
    assert (manifest["kind"], manifest["frames"], manifest["frame_time_ms"]) == ("clip", 12, 40.0)
    assert "index_url" in manifest["renditions"]["clip"]


def test_the_room_hears_of_each_rendition_in_the_order_of_use(send: Send, chest: bytes) -> None:
    instance_id = ingest.ingest(send(chest))
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    seen: list[str] = []
    for payload in told("instance_changed"):
        seen += [name for name in payload["instance"]["renditions"] if name not in seen]
    assert seen == ["preview", "thumbnail", "full", "tiles"]
    progress = [payload["instance"]["progress"] for payload in told("instance_changed")]
    assert progress == sorted(progress)
    assert told("instance_changed")[-1]["instance"]["state"] == "ready"


def test_a_refused_file_stays_listed_with_one_sentence_and_leaves_nothing_else(send: Send, cast: Cast) -> None:
    upload_id = send(b"<html>, but named otherwise", "chest.dcm")
    assert ingest.ingest(upload_id) is None
    with db.read_session() as session:
        listing = queries.case_listing(session, cast.case.id)
        assert list(session.scalars(select(Study))) == []
    [upload] = listing["uploads"]
    assert (upload["state"], upload["reason_code"]) == ("refused", "other_kind")
    assert upload["reason"] == "This is a HTML file, which cannot be shown. Send DICOM, a photograph or a video."
    assert not store.upload_path(upload_id).exists()
    assert list((store.folder("originals")).rglob("*")) == []


def test_the_same_file_sent_twice_is_stored_once_and_says_so(send: Send, chest: bytes) -> None:
    first, second = send(chest), send(chest)
    instance_id = ingest.ingest(first)
    assert ingest.ingest(second) == instance_id
    status = queries.upload_status(upload_row(second))
    assert (status["state"], status["instances"], status["already_here"]) == ("stored", [instance_id], True)
    with db.read_session() as session:
        assert len(list(session.scalars(select(Instance)))) == 1


def test_the_same_photograph_sent_twice_is_stored_once(send: Send) -> None:
    photograph = files.jpeg(np.full((20, 30, 3), 90, np.uint8))
    assert ingest.ingest(send(photograph, "a.jpg")) == ingest.ingest(send(photograph, "b.jpg"))


def test_another_file_of_the_same_identity_is_refused_and_the_first_is_untouched(
    send: Send, chest: bytes, cast: Cast
) -> None:
    instance_id = ingest.ingest(send(chest))
    changed = bytearray(chest)
    changed[-10] ^= 1
    for case_id in (cast.case.id, other_case(cast)):
        upload_id = send(bytes(changed), case_id=case_id)
        assert ingest.ingest(upload_id) is None
        assert upload_row(upload_id).reason_code == "conflict"
    assert queries.original_path(instance_row(instance_id)).read_bytes() == chest
    assert len([path for path in store.folder("originals").rglob("*") if path.is_file()]) == 1


def test_the_same_file_may_belong_to_two_cases(send: Send, chest: bytes, cast: Cast) -> None:
    first = ingest.ingest(send(chest))
    second = ingest.ingest(send(chest, case_id=other_case(cast)))
    assert None not in (first, second)
    assert first != second


def test_instances_of_one_study_are_listed_together(send: Send, cast: Cast, tmp_path: Path) -> None:
    for number in (1, 2):
        data = files.dicom(np.full((8, 8), number, np.uint8), SOPInstanceUID=f"1.2.3.4.{number}")
        ingest.ingest(send(files.save(data, tmp_path / "one.dcm").read_bytes()))
    ingest.ingest(send(files.png(np.zeros((8, 8), np.uint8))))
    with db.read_session() as session:
        studies = queries.case_listing(session, cast.case.id)["studies"]
    assert [len(study["instances"]) for study in studies] == [2, 1]


def test_ingesting_again_changes_nothing(send: Send, chest: bytes) -> None:
    upload_id = send(chest)
    assert ingest.ingest(upload_id) == ingest.ingest(upload_id)
    assert upload_row(upload_id).attempts == 1


def test_bytes_that_were_lost_are_a_refusal(send: Send, chest: bytes) -> None:
    upload_id = send(chest)
    store.upload_path(upload_id).write_bytes(chest[:-1])
    assert ingest.ingest(upload_id) is None
    assert upload_row(upload_id).reason_code == "lost_bytes"


def test_a_full_disk_is_a_clean_refusal(send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    upload_id = send(chest)
    monkeypatch.setattr(store, "sync", full)
    assert ingest.ingest(upload_id) is None
    assert upload_row(upload_id).reason_code == "storage_full"
    assert [path for path in store.folder("originals").rglob("*") if path.is_file()] == []


def test_a_file_that_keeps_killing_the_worker_is_given_up(
    send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> Iterator[dict[str, Any]]:
        raise KeyboardInterrupt

    upload_id = send(chest)
    monkeypatch.setattr(sandbox, "run", die)
    for _ in range(ingest.MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            ingest.ingest(upload_id)
    assert ingest.ingest(upload_id) is None
    assert upload_row(upload_id).reason_code == "crashed"


def test_rendering_that_was_killed_half_way_is_finished_by_the_next_worker(
    send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance_id = ingest.ingest(send(chest))
    assert instance_id is not None
    whole = sandbox.run

    def killed(*arguments: Any) -> Iterator[dict[str, Any]]:
        for event in whole(*arguments):
            yield event
            if event["event"] == "rendition" and event["name"] == "preview":
                raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            rendering.make_renditions(instance_id)
    half = {one.name: one.id for one in instance_row(instance_id).renditions}
    assert set(half) == {"preview"}
    rendering.make_renditions(instance_id)
    finished = instance_row(instance_id)
    assert finished.state == "ready"
    assert {one.name: one.id for one in finished.renditions}.items() >= half.items()


def test_an_instance_that_cannot_be_rendered_is_unusable_with_its_reason(
    send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_arguments: object) -> Iterator[dict[str, Any]]:
        raise Refusal("cannot_decode", frame=3)

    instance_id = ingest.ingest(send(chest))
    assert instance_id is not None
    monkeypatch.setattr(sandbox, "run", damaged)
    rendering.make_renditions(instance_id)
    manifest = queries.manifest(instance_row(instance_id))
    assert manifest["state"] == "unusable"
    assert manifest["reason"] == "Frame 3 cannot be decoded: the file is damaged."


def test_a_starting_worker_takes_up_what_is_unfinished(
    send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = files.png(np.zeros((8, 8), np.uint8))
    instance_id, waiting = ingest.ingest(send(chest)), send(photograph)
    queued: list[tuple[str, str]] = []
    monkeypatch.setattr(jobs, "ingest_upload", lambda upload_id: queued.append(("ingest", upload_id)))
    monkeypatch.setattr(jobs, "make_first_look", lambda found: queued.append(("render", found)))
    jobs.take_up()
    assert queued == [("ingest", waiting), ("render", instance_id)]


def test_a_file_on_this_machine_is_imported_under_the_same_checks(
    cast: Cast, doctor: Actor, chest: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "chest.dcm"
    instance = instance_row(importing.import_file(doctor, cast.case.id, path, "chest.dcm"))
    assert instance.sha256 == hashlib.sha256(chest).hexdigest()
    assert path.exists()
    (tmp_path / "empty").touch()
    with pytest.raises(Refusal) as refused:
        importing.import_file(doctor, cast.case.id, tmp_path / "empty", "empty")
    assert refused.value.code == "empty_file"


def test_a_frame_can_be_drawn_for_a_document(tmp_path: Path) -> None:
    clip = files.save(files.jpeg_clip(files.numbered_frames(5)), tmp_path / "clip.dcm")
    from io import BytesIO

    from PIL import Image

    with Image.open(BytesIO(draw_frame(clip, 4, longest=32))) as drawn:
        assert drawn.size == (32, 24)
        assert files.number_of(np.asarray(drawn.resize((64, 48)))) == 3


def test_who_sent_a_file_is_in_the_audit_log(send: Send, chest: bytes, doctor: Actor) -> None:
    instance_id = ingest.ingest(send(chest))
    with db.read_session() as session:
        rows = {row.action: row for row in session.scalars(select(AuditRow))}
    assert rows["start_upload"].actor_id == rows["store_instance"].actor_id == doctor.id
    assert rows["store_instance"].object_id == instance_id
    assert "chest" not in rows["store_instance"].detail


def test_states_are_held_by_the_database(cast: Cast, send: Send, chest: bytes) -> None:
    from sqlalchemy.exc import IntegrityError

    upload_id = send(chest)
    with pytest.raises(IntegrityError), db.write_transaction() as session:
        session.get_one(Upload, upload_id).state = "somewhere"


def test_what_is_said_to_be_stored_is_on_the_disk_before_the_upload_goes(
    send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = send(chest)
    levels = levels_of_commits(monkeypatch, ingest)
    assert ingest.ingest(upload_id) is not None
    assert levels == [2]


def test_bytes_that_somebody_drops_while_they_are_taken_in_are_kept_again(
    send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = send(chest)
    kept = store.keep

    def keep(area: store.Area, source: Path) -> str:
        sha256 = kept(area, source)
        monkeypatch.setattr(store, "keep", kept)
        ingest.drop_unused(sha256)  # a refused twin of it, or what was discarded a month ago
        return sha256

    monkeypatch.setattr(store, "keep", keep)
    instance = instance_row(ingest.ingest(upload_id))
    assert queries.original_path(instance).read_bytes() == chest


def test_the_same_picture_behind_another_header_leaves_no_second_original(send: Send, chest: bytes) -> None:
    first = ingest.ingest(send(chest))
    assert ingest.ingest(send(b"\1" * 128 + chest[128:])) == first
    for name in ("originals", "headers"):
        found = {path.parent.name for path in store.folder(name).rglob("*") if path.is_file()}
        assert found == {hashlib.sha256(chest).hexdigest()[:2]}
