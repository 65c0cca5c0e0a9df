"""Files that wait together are opened by one child and kept by one commit; what goes wrong with one is its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from app import db
from app.actor import Actor
from imaging import arrivals, ingest, jobs, sandbox, store, together
from imaging.dicomweb.models import DicomHeader
from imaging.models import Instance, Upload
from imaging.refusals import Refusal
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import upload_row

pytestmark = pytest.mark.usefixtures("no_children", "app")


@pytest.fixture(autouse=True)
def nothing_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ingest_upload", lambda _upload_id: None)


@pytest.fixture
def tasks(no_children: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the sandbox was asked to do."""
    asked: list[str] = []
    inner: Any = sandbox.run

    def run(task: str, *rest: Any) -> Iterator[dict[str, Any]]:
        asked.append(task)
        return iter(inner(task, *rest))

    monkeypatch.setattr(sandbox, "run", run)
    return asked


@pytest.fixture
def unit(cast: Cast) -> Actor:
    return Actor("device", "unit", "Portable", "device", cast.program.id, cast.facility.id)


@pytest.fixture
def slices(unit: Actor, tmp_path: Path) -> Callable[..., list[str]]:
    """Uploads of so many slices of one series; `content` replaces one of them."""

    def sent(count: int, sender: Actor = unit, **content: bytes) -> list[str]:
        found = []
        for number in range(count):
            path = tmp_path / f"{sender.id}-{number}"
            data = files.dicom(np.full((8, 8), number, np.uint16), SOPInstanceUID=f"1.2.3.{sender.id[-1]}.{number}")
            files.save(data, path)
            if f"at_{number}" in content:
                path.write_bytes(content[f"at_{number}"])
            found.append(arrivals.take(sender, None, path, file_name=f"{number}.dcm").id)
        return found

    return sent


def kept() -> list[Instance]:
    with db.read_session() as session:
        return list(session.scalars(select(Instance).order_by(Instance.sop_instance_uid)))


def test_what_waits_together_is_taken_in_by_one_child(slices: Callable[..., list[str]], tasks: list[str]) -> None:
    uploads = slices(together.MOST + 2)
    assert len(together.take_in(uploads[0])) == together.MOST
    assert tasks == ["inspect_all"]
    assert together.take_in(uploads[1]) == []  # it came with the first
    assert len(together.take_in(uploads[-1])) == 2
    assert {upload_row(one).state for one in uploads} == {"stored"}
    assert list(store.folder("uploads").iterdir()) == []
    with db.read_session() as session:
        assert len(session.scalars(select(DicomHeader.instance_id)).all()) == len(uploads)
    for one in kept():
        assert store.hash_of(store.path_of("originals", one.sha256 or "")) == one.sha256


def test_only_what_the_same_sender_sent_shares_a_child(
    slices: Callable[..., list[str]], unit: Actor, cast: Cast, tasks: list[str]
) -> None:
    mine = slices(2)
    others = slices(2, Actor("device", "unit2", "X-ray", "device", cast.program.id, cast.facility.id))
    assert len(together.take_in(mine[0])) == 2
    assert {upload_row(one).state for one in others} == {"checking"}


def test_a_file_that_is_no_picture_is_refused_and_the_others_go_in(
    slices: Callable[..., list[str]], tasks: list[str]
) -> None:
    uploads = slices(4, at_1=b"not a picture at all", at_2=b"PK\x03\x04 neither")
    assert len(together.take_in(uploads[0])) == 2
    assert [upload_row(one).state for one in uploads] == ["stored", "refused", "refused", "stored"]
    assert upload_row(uploads[1]).reason_code == "unknown_kind"
    assert tasks[0] == "inspect_all"


def test_two_files_of_one_identity_in_one_batch_are_told_apart(
    slices: Callable[..., list[str]], tmp_path: Path
) -> None:
    first = files.save(files.dicom(np.zeros((8, 8), np.uint16), SOPInstanceUID="1.2.3.9"), tmp_path / "a").read_bytes()
    second = files.save(files.dicom(np.ones((8, 8), np.uint16), SOPInstanceUID="1.2.3.9"), tmp_path / "b").read_bytes()
    uploads = slices(3, at_0=first, at_1=second, at_2=first)
    made = together.take_in(uploads[0])
    assert [upload_row(one).state for one in uploads] == ["stored", "refused", "stored"]
    assert upload_row(uploads[1]).reason_code == "conflict_kept"
    assert store.upload_path(uploads[1]).read_bytes() == second
    assert (len(kept()), set(made)) == (1, {kept()[0].id})


def test_a_child_that_dies_takes_nobody_s_picture_with_it(
    slices: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: Any = sandbox.run

    def run(task: str, *rest: Any) -> Iterator[dict[str, Any]]:
        for event in inner(task, *rest):
            if task == "inspect_all" and event.get("number") == 1:
                raise Refusal("out_of_memory")
            yield event

    monkeypatch.setattr(sandbox, "run", run)
    uploads = slices(4)
    assert len(together.take_in(uploads[0])) == 4
    assert {upload_row(one).state for one in uploads} == {"stored"}


def test_a_commit_that_fails_leaves_each_to_be_taken_in_alone(
    slices: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = ingest.write_rows
    calls: list[str] = []

    def fails_once(session: Any, upload_id: str, *rest: Any) -> str | None:
        calls.append(upload_id)
        if len(calls) == 2:
            raise RuntimeError("the disk is away")
        return inner(session, upload_id, *rest)

    monkeypatch.setattr(ingest, "write_rows", fails_once)
    uploads = slices(3)
    assert len(together.take_in(uploads[0])) == 3
    with db.read_session() as session:
        assert len(session.scalars(select(Upload.id).where(Upload.state == "stored")).all()) == 3
    assert len(kept()) == 3


def test_one_that_was_tried_before_is_tried_alone(slices: Callable[..., list[str]], tasks: list[str]) -> None:
    uploads = slices(3)
    with db.write_transaction() as session:
        session.get_one(Upload, uploads[1]).attempts = 1
    assert len(together.take_in(uploads[0])) == 2
    assert upload_row(uploads[1]).state == "checking"
    assert len(together.take_in(uploads[1])) == 1
    assert tasks == ["inspect_all", "inspect"]
