"""Whole files from a door: kept for certain before it says so, together where they come together, and never lost."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from app import clock, config, db
from app.actor import Actor
from app.audit import AuditRow
from app.errors import NotAllowed, NotFound
from app.jobs import huey
from imaging import arrivals, ingest, jobs, store, uploads
from imaging.models import Instance, Study, Upload
from imaging.refusals import Refusal
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import instance_row, upload_row

pytestmark = pytest.mark.usefixtures("no_children", "app")

Put = Callable[[bytes], Path]


@pytest.fixture
def unit(cast: Cast) -> Actor:
    """A portable ultrasound of the doctor's facility."""
    return Actor("device", "unit", "Portable", "device", cast.program.id, cast.facility.id)


@pytest.fixture
def far_unit(cast: Cast) -> Actor:
    """The same at another facility of the program."""
    return Actor("device", "far-unit", "Portable", "device", cast.program.id, cast.other_facility.id)


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uploads that the worker was told of."""
    told: list[str] = []
    monkeypatch.setattr(jobs, "ingest_upload", told.append)
    return told


@pytest.fixture(autouse=True)
def nobody_was_told() -> Iterator[None]:
    """That there is no room is written down once a minute: every test begins with the first time."""
    arrivals._told.clear()
    yield
    arrivals._told.clear()


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write bytes where a door would."""

    def write(content: bytes) -> Path:
        path = tmp_path / f"door-{db.new_id()}"
        path.write_bytes(content)
        return path

    return write


def dicom(tmp_path: Path, shade: int = 100, **values: object) -> bytes:
    values = {"SOPInstanceUID": f"1.2.3.4.{shade}", **values}
    data = files.dicom(np.full((8, 8), shade, dtype=np.uint16), **values)
    return files.save(data, tmp_path / "one.dcm").read_bytes()


def count(table: type[Instance] | type[Study] | type[Upload]) -> int:
    with db.read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def attach(study_id: str, case_id: str) -> None:
    with db.write_transaction() as session:
        session.get_one(Study, study_id).case_id = case_id
        for instance in session.scalars(select(Instance).where(Instance.study_id == study_id)):
            instance.case_id = case_id


def test_a_file_of_a_device_waits_in_the_inbox_of_its_facility(
    unit: Actor, cast: Cast, put: Put, tmp_path: Path, queued: list[str]
) -> None:
    content = dicom(tmp_path, PatientName="DEMO^ASHA", PatientID="7", PatientSex="F", PatientBirthDate="19720304")
    path = put(content)
    upload = arrivals.take(unit, None, path, file_name="one.dcm")
    assert (upload.state, upload.owner_kind, upload.case_id, upload.acknowledged) == ("checking", "device", None, True)
    assert queued == [upload.id]
    assert not path.exists()
    instance = instance_row(ingest.ingest(upload.id))
    assert (instance.case_id, instance.facility_id) == (None, cast.facility.id)
    study = instance.study
    assert (study.case_id, study.facility_id, study.program_id) == (None, cast.facility.id, cast.program.id)
    assert instance.facts["identity"] == {
        "name": "DEMO^ASHA",
        "patient_id": "7",
        "sex": "F",
        "birth_date": "19720304",
    }


def test_the_bytes_and_the_row_are_on_the_disk_before_anybody_is_told(
    unit: Actor, put: Put, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    plain = store.sync

    def watch(path: Path) -> None:
        synced.append(path.name)
        assert count(Upload) == 0
        plain(path)

    monkeypatch.setattr(store, "sync", watch)
    path = put(b"x")
    levels: list[int] = []
    original = arrivals._write

    def write(batch: list[arrivals._Waiting]) -> None:
        with db.write_transaction(durable=True) as session:
            levels.append(session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one())
        original(batch)

    monkeypatch.setattr(arrivals, "_write", write)
    upload = arrivals.take(unit, None, path, file_name="x")
    assert synced == [store.upload_path(upload.id).name, "uploads"]
    assert levels == [2]  # FULL
    with db.write_transaction() as session:
        assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar_one() == 1  # NORMAL again


def test_files_that_come_while_another_is_written_share_one_commit(
    unit: Actor, put: Put, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    first, go_on = threading.Event(), threading.Event()
    original = arrivals._write

    def write(batch: list[arrivals._Waiting]) -> None:
        sizes.append(len(batch))
        first.set()
        assert go_on.wait(20)
        original(batch)

    monkeypatch.setattr(arrivals, "_write", write)
    senders = [threading.Thread(target=arrivals.take, args=(unit, None, put(b"x")), kwargs={"file_name": "x"})]
    senders[0].start()
    assert first.wait(20)
    senders += [
        threading.Thread(target=arrivals.take, args=(unit, None, put(b"y")), kwargs={"file_name": "y"})
        for _ in range(5)
    ]
    for sender in senders[1:]:
        sender.start()
    gathered = threading.Event()
    while len(arrivals._gathered) < 5:
        gathered.wait(0.005)
    go_on.set()
    for sender in senders:
        sender.join(20)
    assert sizes == [1, 5]
    assert count(Upload) == 6


def test_a_file_that_cannot_be_written_down_is_given_back_and_harms_no_other(
    unit: Actor, put: Put, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = put(b"bad"), put(b"good")
    original = uploads.add_upload

    def add(session: object, actor: Actor, case_id: str | None, name: str, size: int, **more: str) -> Upload:
        if name == "bad":
            raise RuntimeError("no")
        return original(session, actor, case_id, name, size, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(arrivals, "add_upload", add)
    waiting = [arrivals._Waiting(unit, None, [(db.new_id(), name, 1)]) for name in ("bad", "good")]
    arrivals._commit_batch(waiting)
    assert [type(one.error) for one in waiting] == [RuntimeError, type(None)]
    with pytest.raises(RuntimeError):
        arrivals.take(unit, None, bad, file_name="bad")
    assert bad.read_bytes() == b"bad"
    assert arrivals.take(unit, None, good, file_name="good").state == "checking"


def test_a_full_disk_is_said_and_leaves_no_row(
    unit: Actor, put: Put, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "sync", full)
    path = put(b"x")
    with pytest.raises(Refusal) as refused:
        arrivals.take(unit, None, path, file_name="x")
    assert refused.value.code == "storage_full"
    assert path.read_bytes() == b"x"
    assert count(Upload) == 0
    assert queued == []


def test_who_may_not_add_to_a_case_is_told_so_before_anything_is_moved(cast: Cast, put: Put) -> None:
    path = put(b"x")
    for stranger in (cast.far_doctor, cast.outsider):
        with pytest.raises(NotFound):
            arrivals.take(stranger.actor(), cast.case.id, path, file_name="x")
    for nobody in (cast.specialist, cast.manager, cast.administrator):
        with pytest.raises((NotFound, NotAllowed)):
            arrivals.take(nobody.actor(), None, path, file_name="x")
    assert path.exists()


def test_a_person_may_send_into_a_case_or_into_their_inbox(cast: Cast, put: Put, tmp_path: Path) -> None:
    content = dicom(tmp_path)
    into_case = arrivals.take(cast.doctor.actor(), cast.case.id, put(content), file_name="one.dcm")
    assert instance_row(ingest.ingest(into_case.id)).case_id == cast.case.id
    other = dicom(tmp_path, 5, StudyInstanceUID="1.2.9")
    waiting = arrivals.take(cast.colleague.actor(), None, put(other), file_name="two.dcm")
    assert instance_row(ingest.ingest(waiting.id)).case_id is None


def test_the_same_file_again_is_already_here(unit: Actor, put: Put, tmp_path: Path) -> None:
    content = dicom(tmp_path)
    ids = {ingest.ingest(arrivals.take(unit, None, put(content), file_name="one.dcm").id) for _ in range(3)}
    assert len(ids) == 1
    assert (count(Instance), count(Study)) == (1, 1)


def test_an_instance_of_an_attached_study_joins_its_case(unit: Actor, cast: Cast, put: Put, tmp_path: Path) -> None:
    first = instance_row(ingest.ingest(arrivals.take(unit, None, put(dicom(tmp_path)), file_name="1").id))
    attach(first.study_id, cast.case.id)
    again = instance_row(ingest.ingest(arrivals.take(unit, None, put(dicom(tmp_path)), file_name="1").id))
    late = arrivals.take(
        unit, None, put(dicom(tmp_path, 7, StudyInstanceUID=first.study.study_instance_uid)), file_name="2"
    )
    second = instance_row(ingest.ingest(late.id))
    assert again.id == first.id
    assert (second.case_id, second.study_id) == (cast.case.id, first.study_id)
    assert upload_row(late.id).case_id == cast.case.id


def test_the_same_study_at_another_facility_waits_there(
    unit: Actor, far_unit: Actor, cast: Cast, put: Put, tmp_path: Path
) -> None:
    content = dicom(tmp_path)
    near = instance_row(ingest.ingest(arrivals.take(unit, None, put(content), file_name="1").id))
    attach(near.study_id, cast.case.id)
    far = instance_row(ingest.ingest(arrivals.take(far_unit, None, put(content), file_name="1").id))
    assert far.id != near.id
    assert (far.case_id, far.facility_id) == (None, cast.other_facility.id)


def test_another_picture_of_the_same_identity_is_refused_and_its_bytes_stay(
    unit: Actor, put: Put, tmp_path: Path
) -> None:
    uid = {"SOPInstanceUID": "1.2.3.4", "StudyInstanceUID": "1.2.3"}
    ingest.ingest(arrivals.take(unit, None, put(dicom(tmp_path, 1, **uid)), file_name="1").id)
    other = dicom(tmp_path, 2, **uid)
    upload = arrivals.take(unit, None, put(other), file_name="2")
    assert ingest.ingest(upload.id) is None
    row = upload_row(upload.id)
    assert (row.state, row.reason_code) == ("refused", "conflict_kept")
    assert store.upload_path(upload.id).read_bytes() == other
    assert count(Instance) == 1


def test_bytes_that_are_no_picture_stay_too(unit: Actor, put: Put) -> None:
    upload = arrivals.take(unit, None, put(b"not a picture"), file_name="x")
    assert ingest.ingest(upload.id) is None
    assert upload_row(upload.id).state == "refused"
    assert store.upload_path(upload.id).read_bytes() == b"not a picture"


def test_files_without_a_study_are_studies_of_their_own_while_they_wait(unit: Actor, put: Put, tmp_path: Path) -> None:
    for shade in (1, 2):
        content = dicom(tmp_path, shade, StudyInstanceUID="")
        assert ingest.ingest(arrivals.take(unit, None, put(content), file_name="1").id) is not None
    assert count(Study) == 2


def test_a_disk_that_is_full_when_a_file_is_checked_does_not_refuse_what_its_sender_has_forgotten(
    unit: Actor, put: Put, tmp_path: Path, queued: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = arrivals.take(unit, None, put(dicom(tmp_path)), file_name="one.dcm")

    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(store, "sync", full)
        for _ in range(ingest.MAX_ATTEMPTS + 2):
            assert ingest.ingest(upload.id) is None
    assert upload_row(upload.id).state == "checking"
    assert ingest.ingest(upload.id) is not None


def test_a_facility_without_room_for_a_file_keeps_it_at_its_door(unit: Actor, put: Put, queued: list[str]) -> None:
    config.use(replace(config.current(), max_facility_bytes=10))
    arrivals.take(unit, None, put(b"123456"), file_name="first")
    path = put(b"78901")
    with pytest.raises(Refusal) as refused:
        arrivals.take(unit, None, path, file_name="second")
    assert refused.value.code == "facility_full"
    assert path.read_bytes() == b"78901"
    assert count(Upload) == 1


def test_what_waits_in_the_queue_is_not_queued_every_minute_anew(
    unit: Actor, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = arrivals.take(unit, None, put(b"x"), file_name="x")
    clock.set_source(lambda: upload.created_at + timedelta(hours=1))
    before = huey.pending_count()
    for _ in range(3):
        jobs.find_forgotten.call_local()
    assert huey.pending_count() == before
    huey.storage.flush_queue()  # its notice was lost
    jobs.find_forgotten.call_local()
    assert [task.args[0] for task in huey.pending() if task.name == "ingest_upload"] == [upload.id]
    huey.storage.flush_queue()


# --- room -----------------------------------------------------------------------------------------------------------


def audited(action: str) -> list[str]:
    with db.read_session() as session:
        return list(session.scalars(select(AuditRow.detail).where(AuditRow.action == action)))


def test_want_of_room_is_written_down_once_for_whoever_looks_after_the_installation(
    unit: Actor,
    far_unit: Actor,
    put: Put,
    tmp_path: Path,
    queued: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    content = dicom(tmp_path)
    arrivals.take(unit, None, put(content), file_name="a.dcm")
    config.use(replace(config.current(), max_facility_bytes=2 * len(content) - 1))
    for _ in range(3):
        left = put(content)
        with pytest.raises(Refusal, match="facility_full"):
            arrivals.take(unit, None, left, file_name="b.dcm")
        assert left.read_bytes() == content
    assert len(queued) == 1
    assert len(list(store.folder("uploads").iterdir())) == 1
    assert len(audited(arrivals.NO_ROOM)) == 1  # once a minute is enough
    assert "is refused: facility_full" in caplog.text
    arrivals.take(far_unit, None, put(content), file_name="c.dcm")


def test_what_is_kept_though_it_cannot_be_used_takes_room(unit: Actor, put: Put, queued: list[str]) -> None:
    upload = arrivals.take(unit, None, put(b"no picture at all"), file_name="a.dcm")
    ingest.ingest(upload.id)
    assert upload_row(upload.id).state == "refused"
    config.use(replace(config.current(), max_facility_bytes=20))
    with pytest.raises(Refusal, match="facility_full"):
        arrivals.take(unit, None, put(b"four"), file_name="b.dcm")
    arrivals.take(unit, None, put(b"333"), file_name="c.dcm")
