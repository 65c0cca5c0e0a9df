"""A zip through the upload door: its pictures become uploads of their own; what is hostile in it does nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from app import config, db
from app.audit import AuditRow
from app.jobs import huey
from imaging import archives, ingest, jobs, limits, sandbox, store, uploads
from imaging.models import Upload
from imaging.reasons import sentence
from imaging.refusals import Refusal
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import levels_of_commits, upload_row

Send = Callable[..., str]


@pytest.fixture
def photo() -> bytes:
    """A photograph."""
    return files.jpeg(np.random.default_rng(5).integers(0, 255, (40, 50, 3), dtype=np.uint8))


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return target.getvalue()


def inside(archive_id: str) -> list[Upload]:
    with db.read_session() as session:
        return list(session.scalars(select(Upload).where(Upload.parent_id == archive_id).order_by(Upload.file_name)))


def reason_of(upload_id: str) -> str:
    found = upload_row(upload_id)
    return str(sentence(found.reason_code, found.reason_values))


@pytest.mark.usefixtures("no_children")
class TestWhatIsInside:
    def test_each_picture_has_a_result_of_its_own(
        self, send: Send, chest: bytes, photo: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cut = chest[: len(chest) // 2]
        whole = zipped(("cd/a.dcm", chest), ("b.jpg", photo), ("c.dcm", cut), ("run.exe", b"MZ"), ("folder/", b""))
        monkeypatch.setattr(huey, "_immediate", True)
        archive = send(whole, "export.zip")
        jobs.ingest_upload(archive)
        results = [(one.file_name, one.state, one.reason_code) for one in inside(archive)]
        assert results == [("a.dcm", "stored", None), ("b.jpg", "stored", None), ("c.dcm", "refused", "truncated")]
        assert upload_row(archive).state == "stored"
        assert reason_of(archive).startswith("This zip was opened: 3 pictures are listed by themselves, 1 other")
        assert not list(store.folder("uploads").glob("*.part"))

    def test_a_name_is_never_a_path(self, send: Send, photo: bytes, tmp_path: Path) -> None:
        before = set(tmp_path.rglob("*"))
        archive = send(zipped(("../../../evil.jpg", photo), ("/etc/passwd.jpg", photo), ("a\u202eb.jpg", photo)))
        ingest.ingest(archive)
        assert [one.file_name for one in inside(archive)] == ["ab.jpg", "evil.jpg", "passwd.jpg"]
        written = {path for path in set(tmp_path.rglob("*")) - before if path.is_file() and path.suffix != ".lock"}
        assert {path.parent.name for path in written if "sqlite3" not in path.name} == {"uploads"}

    def test_its_pictures_are_on_the_disk_before_it_goes(
        self, send: Send, photo: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        archive = send(zipped(("a.jpg", photo)))
        levels = levels_of_commits(monkeypatch, archives)
        ingest.ingest(archive)
        assert levels == [2, 2]

    def test_a_picture_named_twice_is_two_uploads(self, send: Send, photo: bytes, chest: bytes) -> None:
        archive = send(zipped(("a/IM1", photo), ("b/IM1", chest)))
        ingest.ingest(archive)
        assert [one.file_name for one in inside(archive)] == ["IM1", "IM1"]

    def test_what_is_no_picture_is_counted_and_not_kept(self, send: Send, photo: bytes) -> None:
        nested = zipped(("deep.jpg", photo))
        entries = (("a.jpg", photo), ("b.zip", nested), ("__MACOSX/._a.jpg", photo), ("c.txt", b"words"), ("d", b""))
        archive = send(zipped(*entries))
        ingest.ingest(archive)
        assert upload_row(archive).reason_values == {"taken": 1, "left_out": 4}

    def test_opening_it_is_written_down_once(self, send: Send, photo: bytes) -> None:
        archive = send(zipped(("a.jpg", photo)))
        for _ in range(2):
            ingest.ingest(archive)
        assert len(inside(archive)) == 1
        with db.read_session() as session:
            rows = list(session.scalars(select(AuditRow).where(AuditRow.action == "open_archive")))
        assert [row.object_id for row in rows] == [archive]

    def test_a_worker_that_dies_half_way_leaves_nothing_twice(
        self, send: Send, photo: bytes, chest: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        archive = send(zipped(("a.jpg", photo), ("b.dcm", chest)))
        with monkeypatch.context() as patched:
            patched.setattr(archives, "_write_rows", lambda *_all: (_ for _ in ()).throw(KeyboardInterrupt))
            patched.setattr(store, "drop_upload", lambda _id: None)  # it died: nobody tidied
            with pytest.raises(KeyboardInterrupt):
                ingest.ingest(archive)
        assert upload_row(archive).state == "checking"
        ingest.ingest(archive)
        kept = {path.stem for path in store.folder("uploads").glob("*.part")}
        assert kept == {one.id for one in inside(archive)}

    def test_an_opened_archive_can_be_taken_off_the_list(self, send: Send, photo: bytes, cast: Cast) -> None:
        archive = send(zipped(("a.jpg", photo)))
        ingest.ingest(archive)
        uploads.give_up(cast.doctor.actor(), archive)
        assert upload_row(archive).state == "cancelled"
        assert [one.state for one in inside(archive)] == ["checking"]

    def test_a_case_without_room_for_what_is_inside_refuses_the_whole(self, send: Send, cast: Cast) -> None:
        flat = np.zeros((400, 400), np.uint16)
        content = files.dicom(flat)
        target = io.BytesIO()
        content.save_as(target, enforce_file_format=False)
        archive = send(zipped(("a.dcm", target.getvalue())))
        config.use(replace(config.current(), max_case_bytes=200_000))
        ingest.ingest(archive)
        assert upload_row(archive).reason_code == "case_full"
        assert inside(archive) == []
        assert not list(store.folder("uploads").glob("*.part"))


@pytest.mark.usefixtures("no_children")
class TestWhatIsHostile:
    def test_a_zip_that_says_it_is_a_bomb(self, send: Send) -> None:
        archive = send(zipped(("a.dcm", bytes(100_000_000))))
        ingest.ingest(archive)
        assert upload_row(archive).reason_code == "archive_too_much"
        assert reason_of(archive).endswith("Ask who made it.")

    def test_a_bomb_that_lies_about_its_size(self, send: Send, photo: bytes) -> None:
        whole = bytearray(zipped(("a.jpg", photo[:20] + bytes(5_000_000))))
        at = whole.rindex(b"PK\x01\x02") + 24
        whole[at : at + 4] = (1000).to_bytes(4, "little")
        archive = send(bytes(whole))
        ingest.ingest(archive)
        assert upload_row(archive).reason_code == "archive_empty"

    def test_one_with_too_many_entries(self, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "MAX_ARCHIVE_ENTRIES", 3)
        archive = send(zipped(*((f"{number}.jpg", b"x") for number in range(4))))
        ingest.ingest(archive)
        assert reason_of(archive) == "This zip holds more than 3 files. Unpack it and send the pictures themselves."

    def test_one_locked_with_a_password(self, send: Send, photo: bytes) -> None:
        whole = bytearray(zipped(("a.jpg", photo)))
        whole[whole.rindex(b"PK\x01\x02") + 8] |= 1
        archive = send(bytes(whole))
        ingest.ingest(archive)
        assert upload_row(archive).reason_code == "archive_locked"

    @pytest.mark.parametrize("kept", [4, 30, 200])
    def test_one_that_was_cut_off(self, send: Send, photo: bytes, kept: int) -> None:
        archive = send(zipped(("a.jpg", photo))[:kept])
        ingest.ingest(archive)
        assert upload_row(archive).reason_code == "archive_damaged"

    def test_no_changed_byte_does_more_than_fail(self, photo: bytes, tmp_path: Path) -> None:
        whole = zipped(("a.jpg", photo[:400]), ("b.jpg", photo[:400]), method=zipfile.ZIP_STORED)
        for at in range(0, len(whole), 5):
            changed = bytearray(whole)
            changed[at] ^= 0xFF
            path = tmp_path / "changed.zip"
            path.write_bytes(changed)
            with store.workspace() as workspace:
                with suppress(Refusal):
                    events = list(sandbox.run("unpack", path, workspace, {"most_file_bytes": 10_000}))
                    assert {event["event"] for event in events} <= {"picture", "left", "done"}
                assert all(one.stat().st_size <= 800 for one in workspace.iterdir())


def test_the_sandbox_itself_opens_one(send: Send, photo: bytes) -> None:
    archive = send(zipped(("a.jpg", photo)))
    ingest.ingest(archive)
    [entry] = inside(archive)
    assert (entry.state, entry.received) == ("checking", len(photo))
    assert store.upload_path(entry.id).read_bytes() == photo
