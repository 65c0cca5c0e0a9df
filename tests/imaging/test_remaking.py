"""Renditions are made again from originals, by one command, and whatever is killed goes on with what is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from app import cli, clock, db
from app.auth.models import User
from app.config import Config
from consult import thumbnails
from imaging import frame_tiles, ingest, jobs, remaking, rendering, sandbox, store, urgency
from imaging.models import RENDITION_VERSION, Instance, Rendition
from imaging.refusals import Refusal
from imaging.tiles import TileIndex, read_tiles
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import instance_row

ROOT = Path(__file__).resolve().parents[2]
Send = Callable[..., str]
ClientAs = Callable[[User | None], FlaskClient]
WHOLE = {"preview", "thumbnail", "full", "tiles"}


@pytest.fixture
def ready(send: Send, chest: bytes, no_children: None) -> str:
    """An instance with all of its renditions."""
    return rendered(send, chest)


@pytest.fixture
def clip(send: Send, tmp_path: Path, no_children: None) -> str:
    """An ultrasound clip of twelve frames with all of its renditions."""
    data = files.jpeg_clip(files.numbered_frames(12), SOPInstanceUID="1.2.3.4.9")
    return rendered(send, files.save(data, tmp_path / "clip.dcm").read_bytes())


def rendered(send: Send, content: bytes) -> str:
    instance_id = ingest.ingest(send(content))
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    return instance_id


def live(instance_id: str) -> dict[str, Rendition]:
    return {one.name: one for one in instance_row(instance_id).renditions}


def made_differently(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A newer program, whose pictures (of one so small all three are one file) are another."""
    whole = sandbox.run

    def run(*arguments: Any) -> Iterator[dict[str, Any]]:
        for event in whole(*arguments):
            if event.get("name") in {"preview", "thumbnail", "full"}:
                (arguments[2] / event["file"]).write_bytes(b"RIFF another preview")
            yield event

    monkeypatch.setattr(sandbox, "run", run)


def test_the_same_bytes_keep_their_address(ready: str) -> None:
    before = {name: one.id for name, one in live(ready).items()}
    assert [done.outcome for done in remaking.remake([ready])] == ["ready"]
    assert {name: one.id for name, one in live(ready).items()} == before
    assert {one.version for one in live(ready).values()} == {RENDITION_VERSION}


def test_other_bytes_get_another_address_and_the_old_one_works_until_it_is_swept(
    ready: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = live(ready)["preview"]
    made_differently(monkeypatch, tmp_path)
    assert [done.outcome for done in remaking.remake([ready])] == ["ready"]
    new = live(ready)["preview"]
    assert new.id != old.id
    assert set(live(ready)) == WHOLE
    assert remaking.sweep_retired() == 0
    assert store.path_of("renditions", old.sha256).exists()
    later = clock.now() + remaking.GRACE + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert remaking.sweep_retired() == 3
    assert not store.path_of("renditions", old.sha256).exists()
    assert store.path_of("renditions", new.sha256).exists()


def test_lists_show_the_picture_that_was_made_last(
    ready: str, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made_differently(monkeypatch, tmp_path)
    list(remaking.remake([ready]))
    with db.read_session() as session:
        shown = thumbnails.of_cases(session, [cast.case.id])[cast.case.id]
    assert shown.urls == [f"/imaging/renditions/{live(ready)['thumbnail'].id}/thumbnail.webp"]


def test_a_picture_goes_on_showing_while_it_is_made_anew_and_after_that_failed(
    ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: one.id for name, one in live(ready).items()}
    states: list[str] = []

    def damaged(*_arguments: object) -> Iterator[dict[str, Any]]:
        states.append(instance_row(ready).state)
        raise Refusal("cannot_decode", frame=1)

    monkeypatch.setattr(sandbox, "run", damaged)
    assert [done.outcome for done in remaking.remake([ready])] == ["kept"]
    assert states == ["ready"]
    assert instance_row(ready).state == "ready"
    assert {name: one.id for name, one in live(ready).items()} == before
    assert remaking.unfinished() == []


def test_what_an_older_program_could_not_open_is_tried_again(ready: str) -> None:
    with db.write_transaction() as session:
        instance = session.get_one(Instance, ready)
        instance.state, instance.reason_code, instance.attempts = "unusable", "crashed", 9
    assert [done.outcome for done in remaking.remake([ready])] == ["ready"]
    assert (instance_row(ready).state, instance_row(ready).reason_code) == ("ready", None)


def test_only_what_is_missing_is_made_after_a_kill(ready: str, monkeypatch: pytest.MonkeyPatch) -> None:
    remaking.ask_again(ready)
    whole, asked = sandbox.run, []

    def killed(*arguments: Any) -> Iterator[dict[str, Any]]:
        asked.append(arguments[3]["have"])
        for event in whole(*arguments):
            yield event
            if event.get("name") == "full" and len(asked) == 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(sandbox, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        rendering.make_renditions(ready)
    assert remaking.unfinished() == [ready]
    rendering.make_renditions(ready)
    assert asked == [[], ["full", "preview", "thumbnail"]]
    assert remaking.unfinished() == []
    assert set(live(ready)) == WHOLE


def test_a_worker_killed_in_mid_render_leaves_what_the_next_one_finishes(
    send: Send, tmp_path: Path, settings: Config
) -> None:
    noise = np.random.default_rng(5).integers(0, 4096, (2200, 2200), dtype=np.uint16)
    path = files.save(files.dicom(noise, BitsStored=12, HighBit=11), tmp_path / "large.dcm")
    instance_id = ingest.ingest(send(path.read_bytes()))
    assert instance_id is not None
    program = (
        "import sys; from app import config, db, models; from imaging import rendering\n"
        "kept = rendering._update_progress\n"
        "def said(instance_id, value):\n    kept(instance_id, value); print(value, flush=True)\n"
        "rendering._update_progress = said\n"
        "db.connect(config.current().database_url); rendering.make_renditions(sys.argv[1])"
    )
    environment = {**os.environ, "DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url}
    command = [sys.executable, "-c", program, instance_id]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert float(worker.stdout.readline()) == 0.15
        os.kill(worker.pid, signal.SIGKILL)
    half = {name: one.id for name, one in live(instance_id).items()}
    assert "preview" in half
    assert instance_row(instance_id).state == "processing"
    rendering.make_renditions(instance_id)
    assert instance_row(instance_id).state == "ready"
    assert set(live(instance_id)) == WHOLE
    assert {name: one.id for name, one in live(instance_id).items()}.items() >= half.items()


def test_the_command_makes_what_was_asked_for_and_says_how_far_it_is(
    ready: str, clip: str, cast: Cast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remaking.instances_to_remake(older_than=RENDITION_VERSION) == []
    with db.write_transaction() as session:
        session.get_one(Rendition, live(clip)["clip"].id).version = 1
    assert remaking.instances_to_remake(older_than=RENDITION_VERSION) == [clip]
    assert remaking.instances_to_remake(case_id=cast.case.id) == [ready, clip]
    assert remaking.instances_to_remake() == [ready, clip]
    monkeypatch.setattr(sys, "argv", ["nidaan", "remake-renditions", "--older-than", str(RENDITION_VERSION)])
    monkeypatch.setattr(db, "connect", lambda _url: None)
    cli.main()
    assert capsys.readouterr().out == f"1/1 {clip} ready\n1 ready\n"
    assert remaking.instances_to_remake(older_than=RENDITION_VERSION) == []


def test_the_first_look_of_all_comes_before_the_rest_of_any(send: Send, chest: bytes, no_children: None) -> None:
    instance_id = ingest.ingest(send(chest))
    assert instance_id is not None
    rendering.make_renditions(instance_id, first_look=True)
    assert set(live(instance_id)) == {"preview", "thumbnail"}
    assert instance_row(instance_id).state == "processing"
    rendering.make_renditions(instance_id)
    assert set(live(instance_id)) == WHOLE


def test_checks_come_before_first_looks_and_these_before_the_rest() -> None:
    order = ["make_renditions_now", "make_frame_tiles", "ingest_upload", "make_first_look", "make_renditions"]
    urgency_of = [getattr(jobs, name).settings.get("default_priority") or 0 for name in order]
    assert urgency_of == sorted(urgency_of, reverse=True)


def test_what_somebody_opens_goes_to_the_front_once_in_a_while(
    send: Send, chest: bytes, cast: Cast, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    urgency.forget_hurry()
    hurried: list[str] = []
    monkeypatch.setattr(jobs, "make_renditions_now", hurried.append)
    instance_id = ingest.ingest(send(chest))
    client = client_as(cast.doctor)
    for _ in range(3):
        assert client.get(f"/imaging/instances/{instance_id}").status_code == 200
    assert hurried == [instance_id]


def test_a_full_disk_is_not_the_file_s_fault(
    send: Send, chest: bytes, no_children: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance_id = ingest.ingest(send(chest))
    assert instance_id is not None
    with monkeypatch.context() as patched:
        patched.setattr(store, "keep", lambda *_: (_ for _ in ()).throw(Refusal("storage_full")))
        for _ in range(ingest.MAX_ATTEMPTS + 2):
            rendering.make_renditions(instance_id)
    assert instance_row(instance_id).state == "processing"
    rendering.make_renditions(instance_id)
    assert instance_row(instance_id).state == "ready"


def test_the_lossless_pixels_of_one_frame_are_made_once_and_named_in_the_manifest(
    clip: str, cast: Cast, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(jobs, "make_frame_tiles", lambda *one: asked.append(one))
    client = client_as(cast.doctor)
    answer = client.post(f"/imaging/instances/{clip}/frames/5/tiles")
    assert (answer.status_code, answer.get_json(), asked) == (202, {"making": True}, [(clip, 4)])
    frame_tiles.make(clip, 4)
    frame_tiles.make(clip, 4)
    manifest = client.get(f"/imaging/instances/{clip}").get_json()
    [found] = manifest["frame_tiles"]
    assert (found["frame_number"], found["width"], found["height"]) == (5, 64, 48)
    assert client.post(f"/imaging/instances/{clip}/frames/5/tiles").get_json() == {"making": False}
    parts = b"".join(client.get(f"{found['url']}/{n}").data for n in range(len(found["index"]["tiles"])))
    back = read_tiles(parts, TileIndex(**found["index"]), 48, 64)
    assert files.number_of(back) == 4


def test_nobody_has_the_worker_make_frames_without_end(
    clip: str, cast: Cast, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "make_frame_tiles", lambda *_: None)
    address = f"/imaging/instances/{clip}/frames/5/tiles"
    client = client_as(cast.doctor)
    assert {client.post(address).status_code for _ in range(60)} == {202}
    assert client.post(address).status_code == 429
    assert client_as(cast.colleague).post(address).status_code == 202


@pytest.mark.parametrize("frame", [0, 13, 999_999])
def test_a_frame_that_is_not_there_has_no_pixels(clip: str, cast: Cast, client_as: ClientAs, frame: int) -> None:
    assert client_as(cast.doctor).post(f"/imaging/instances/{clip}/frames/{frame}/tiles").status_code == 404


def test_a_still_has_no_frames_to_ask_for(ready: str, cast: Cast, client_as: ClientAs) -> None:
    assert client_as(cast.doctor).post(f"/imaging/instances/{ready}/frames/1/tiles").status_code == 404


def test_only_so_many_frames_of_a_clip_are_kept(clip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_tiles, "MOST_PER_INSTANCE", 3)
    for index in range(5):
        frame_tiles.make(clip, index)
    assert [one.frame_index for one in instance_row_with_frames(clip)] == [2, 3, 4]


def instance_row_with_frames(instance_id: str) -> list[Rendition]:
    with db.read_session() as session:
        return list(session.get_one(Instance, instance_id).frame_tiles)
