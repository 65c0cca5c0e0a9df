"""Previews from the tablet: shown at once, marked, completed in place by their original, or left saying why not."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from app import clock, db
from app.actor import Actor
from app.auth.models import User
from app.outbox import OutboxRow
from imaging import ingest, jobs, previews, provisional, queries, rendering, sandbox, store, uploads
from imaging.facts import Facts
from imaging.models import Instance, Rendition, Series, Study, TabletPreview
from tests.cast import Cast, consult_in
from tests.imaging import files
from tests.imaging.conftest import instance_row, upload_row

ClientAs = Callable[[User | None], FlaskClient]
Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("no_children")


@pytest.fixture
def client(client_as: ClientAs, cast: Cast) -> FlaskClient:
    """The treating doctor's tablet."""
    return client_as(cast.doctor)


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is queued for the worker is done at once."""
    monkeypatch.setattr(jobs, "show_preview", previews.show)


def told(**changes: Any) -> Json:
    """What a tablet says of the `chest` file."""
    return {
        "kind": "still",
        "media": "dicom",
        "modality": "CR",
        "rows": 90,
        "columns": 80,
        "frames": 1,
        "frame_time_ms": None,
        "photometric": "MONOCHROME2",
        "bits_stored": 12,
        "window": {"center": 2048, "width": 4096},
        "modality_lut": {"slope": 1, "intercept": 0},
        "pixel_range": {"min": 0, "max": 4095},
        "sop_instance_uid": "1.2.3.4.5",
        "series_instance_uid": "1.2.3.4",
        "study_instance_uid": "1.2.3",
        "series_description": "",
        "study_description": "Chest",
        "study_date": "20261126",
        "sha256": "",
        **changes,
    }


def picture(rows: int = 90, columns: int = 80, seed: int = 7, kind: str = "WEBP", **options: Any) -> bytes:
    """What a tablet would send of the `chest` file; of another with another seed."""
    levels = np.random.default_rng(seed).integers(0, 4096, (rows, columns), dtype=np.uint16) // 16
    target = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(target, kind, quality=80, **options)
    return target.getvalue()


def opened(doctor: Actor, cast: Cast, size: int, name: str = "chest.dcm") -> str:
    return uploads.create(doctor, cast.case.id, name, size).id


def send_still(client: FlaskClient, upload_id: str, still: bytes | None = None, facts: Any = None) -> Any:
    form = {"facts": json.dumps(facts or told()), "still": (io.BytesIO(still or picture()), "still")}
    return client.post(f"/imaging/uploads/{upload_id}/preview", data=form)


def shown(client: FlaskClient, upload_id: str, **changes: Any) -> Instance:
    """The provisional instance after a tablet has sent its preview."""
    answer = send_still(client, upload_id, facts=told(**changes))
    assert (answer.status_code, answer.get_json()) == (200, {"preview": "shown"}), answer.text
    return instance_row(upload_row(upload_id).instance_id)


def arrive(doctor: Actor, upload_id: str, content: bytes) -> str | None:
    """The original comes whole and is checked."""
    pieces = [content, b""]
    uploads.receive(doctor, upload_id, 0, len(content), lambda _most: pieces.pop(0))
    return ingest.ingest(upload_id)


def count(model: Any) -> int:
    with db.read_session() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def names_of(instance_id: str) -> set[str]:
    return {one.name for one in instance_row(instance_id).renditions}


@pytest.mark.usefixtures("at_work")
class TestShowing:
    """Before the original is here."""

    def test_a_preview_is_in_the_case_at_once_uncalibrated_and_marked(
        self, client: FlaskClient, cast: Cast, doctor: Actor
    ) -> None:
        upload_id = opened(doctor, cast, 20_000)
        instance = shown(client, upload_id)
        [study] = client.get(f"/imaging/cases/{cast.case.id}").get_json()["studies"]
        [manifest] = study["instances"]
        assert (manifest["id"], manifest["state"], manifest["sha256"]) == (instance.id, "provisional", "")
        assert (manifest["rows"], manifest["columns"], manifest["calibration"]) == (90, 80, [])
        assert manifest["uncalibrated"].startswith("Its file is not here yet")
        assert manifest["orientation"] == {"left": "", "right": "", "top": "", "bottom": ""}
        assert set(manifest["renditions"]) == {"tablet_preview"}
        answer = client.get(manifest["renditions"]["tablet_preview"]["url"])
        assert (answer.mimetype, answer.data) == ("image/webp", picture())
        assert client.get(f"/imaging/instances/{instance.id}/original").status_code == 404

    def test_the_room_is_told(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        instance = shown(client, opened(doctor, cast, 20_000))
        with db.read_session() as session:
            told_of = session.scalars(select(OutboxRow).where(OutboxRow.event == "instance_changed")).all()
        payload = json.loads(told_of[-1].payload)["instance"]
        assert (payload["id"], payload["state"]) == (instance.id, "provisional")

    def test_the_same_preview_sent_twice_is_one_picture(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        upload_id = opened(doctor, cast, 20_000)
        first, again = shown(client, upload_id), shown(client, upload_id)
        assert first.id == again.id
        assert (count(Instance), count(Rendition), count(TabletPreview)) == (1, 1, 1)

    def test_two_tablets_with_the_same_picture_share_its_row(
        self, client: FlaskClient, cast: Cast, doctor: Actor
    ) -> None:
        one, other = opened(doctor, cast, 20_000), opened(doctor, cast, 20_000)
        assert shown(client, one).id == shown(client, other).id
        assert count(Instance) == 1

    def test_a_picture_that_the_case_has_already_gets_no_second_row(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        arrive(doctor, opened(doctor, cast, len(chest)), chest)
        answer = send_still(client, opened(doctor, cast, len(chest)))
        assert answer.get_json() == {"preview": "here"}
        assert count(Instance) == 1

    def test_a_photograph_is_known_again_by_its_hash(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        content = files.jpeg(np.full((90, 80, 3), 90, np.uint8))
        sha256 = hashlib.sha256(content).hexdigest()
        photo = {"media": "jpeg", "modality": "XC", "sop_instance_uid": "", "study_instance_uid": "", "sha256": sha256}
        upload_id = opened(doctor, cast, len(content), "photo.jpg")
        instance = shown(client, upload_id, **photo, series_instance_uid="")
        assert arrive(doctor, upload_id, content) == instance.id
        assert instance_row(instance.id).sop_instance_uid == instance.sop_instance_uid

    def test_a_browser_without_webp_sends_jpeg_and_nothing_else_is_in_it(
        self, client: FlaskClient, cast: Cast, doctor: Actor
    ) -> None:
        exif = Image.Exif()
        exif[0x010F] = "a camera with a name"
        upload_id = opened(doctor, cast, 20_000)
        send_still(client, upload_id, picture(kind="JPEG", exif=exif))
        [kept] = instance_row(upload_row(upload_id).instance_id).renditions
        content = queries.rendition_path(kept).read_bytes()
        assert Image.open(io.BytesIO(content)).format == "WEBP"
        assert b"a camera with a name" not in content

    def test_a_preview_that_names_another_patient_is_held(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        identity = {"name": "SOMEBODY^ELSE", "birth_date": "19310101", "sex": "M"}
        instance = shown(client, opened(doctor, cast, 20_000), identity=identity)
        assert instance.is_held
        assert client.get(f"/imaging/renditions/{instance.renditions[0].id}/tablet_preview.webp").status_code == 403

    @pytest.mark.parametrize(
        "still",
        [b"not a picture", picture(40, 80), picture(1100, 978), picture()[:300]],
        ids=["noise", "another shape", "larger than it may be", "cut off"],
    )
    def test_a_preview_that_is_none_is_left_out_and_the_original_decides(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes, still: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        send_still(client, upload_id, still[:64_000])
        assert count(Instance) == 0
        assert not list(store.folder("previews").iterdir())
        instance_id = arrive(doctor, upload_id, chest)
        assert instance_row(instance_id).state == "received"

    @pytest.mark.parametrize(
        "changes",
        [
            {"rows": 0},
            {"rows": 60_000, "columns": 60_000},
            {"frames": 20_000, "kind": "clip"},
            {"frames": 2},
            {"window": {"center": 1, "width": 0}},
            {"window": {"center": float("inf"), "width": 1}},
            {"sop_instance_uid": "../../etc"},
            {"modality": "<b>"},
            {"calibration": [{"mm_per_px_x": 1}]},
            {"identity": {"address": "somewhere"}},
            {"rows": "90"},
        ],
    )
    def test_facts_that_cannot_be_are_refused(
        self, client: FlaskClient, cast: Cast, doctor: Actor, changes: Json
    ) -> None:
        answer = send_still(client, opened(doctor, cast, 20_000), facts=told(**changes))
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "invalid")
        assert count(TabletPreview) == 0

    def test_too_many_bytes_are_refused(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        answer = send_still(client, opened(doctor, cast, 20_000), b"x" * 64_001)
        assert (answer.status_code, answer.get_json()["error"]["field"]) == (422, "still")

    def test_an_upload_that_ended_takes_no_preview(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        upload_id = opened(doctor, cast, 20_000)
        uploads.give_up(doctor, upload_id)
        assert send_still(client, upload_id).status_code == 410


@pytest.mark.usefixtures("at_work")
class TestComingAlong:
    """In the request that opens the upload."""

    def open(self, client: FlaskClient, cast: Cast, facts: Any, size: int = 20_000) -> Any:
        named = (("filename", b"chest.dcm"), ("case_id", cast.case.id.encode()))
        metadata = ",".join(f"{name} {base64.b64encode(value).decode()}" for name, value in named)
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size), "Upload-Metadata": metadata}
        form = {"facts": json.dumps(facts), "still": (io.BytesIO(picture()), "still")}
        return client.post("/imaging/uploads", headers=headers, data=form)

    def test_it_is_shown_and_the_answer_says_so(self, client: FlaskClient, cast: Cast) -> None:
        answer = self.open(client, cast, told())
        assert (answer.status_code, answer.get_json()["preview"]) == (201, "shown")
        assert instance_row(upload_row(answer.get_json()["id"]).instance_id).state == "provisional"

    def test_one_that_is_no_good_does_not_undo_the_opening(self, client: FlaskClient, cast: Cast) -> None:
        answer = self.open(client, cast, told(rows=0))
        assert (answer.status_code, answer.get_json()["preview"]) == (201, "refused")
        assert (answer.get_json()["state"], count(TabletPreview)) == ("receiving", 0)

    def test_a_refused_opening_takes_no_preview(self, client: FlaskClient, cast: Cast) -> None:
        assert self.open(client, cast, told(), size=0).status_code == 422
        assert count(TabletPreview) == 0

    def test_nobody_but_who_may_add_leaves_one(self, client_as: ClientAs, cast: Cast) -> None:
        assert self.open(client_as(cast.outside_doctor), cast, told()).status_code == 404
        assert count(TabletPreview) == 0


@pytest.mark.usefixtures("at_work")
class TestCompleting:
    """The original comes."""

    def test_the_original_completes_the_same_row_and_then_replaces_the_preview(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        instance = shown(client, upload_id, window={"center": 1000, "width": 800})
        assert arrive(doctor, upload_id, chest) == instance.id
        whole = instance_row(instance.id)
        assert (whole.state, whole.size_bytes, count(Instance)) == ("received", len(chest), 1)
        assert Facts.from_json(whole.facts).window == {"center": 2048.0, "width": 4096.0}
        assert names_of(instance.id) == {"tablet_preview"}
        rendering.make_renditions(instance.id)
        ready = instance_row(instance.id)
        assert (ready.state, ready.differs) == ("ready", False)
        assert names_of(instance.id) == {"thumbnail", "preview", "full", "tiles"}

    def test_an_original_in_another_study_than_its_preview_said_leaves_no_empty_one(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        shown(client, upload_id, study_instance_uid="9.9", series_instance_uid="9.9.1")
        instance_id = arrive(doctor, upload_id, chest)
        assert (count(Study), count(Series)) == (1, 1)
        assert instance_row(instance_id).study.study_instance_uid == "1.2.3"

    def test_an_original_that_shows_something_else_is_said(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        send_still(client, upload_id, picture(seed=8))
        instance_id = arrive(doctor, upload_id, chest)
        assert instance_id is not None
        rendering.make_renditions(instance_id)
        [caution] = client.get(f"/imaging/instances/{instance_id}").get_json()["cautions"]
        assert caution["code"] == "not_as_previewed"

    def test_an_original_that_cannot_be_compared_is_ready_and_says_so(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        [preview] = shown(client, upload_id).renditions
        store.drop("renditions", preview.sha256)
        instance_id = arrive(doctor, upload_id, chest)
        assert instance_id is not None
        rendering.make_renditions(instance_id)
        ready = instance_row(instance_id)
        assert (ready.state, ready.differs) == ("ready", True)

    @pytest.mark.parametrize(("media", "differs"), [("dicom", True), ("video", False)])
    def test_an_original_with_other_frames_is_said_where_they_were_counted(self, media: str, differs: bool) -> None:
        said = Facts.from_json(
            {"media": media, "kind": "clip", "modality": "US", "rows": 90, "columns": 80, "frames": 12}
        )
        arrived = Facts.from_json(
            {"media": media, "kind": "clip", "modality": "US", "rows": 90, "columns": 80, "frames": 11}
        )
        assert provisional.has_another_shape(Instance(facts=said.as_json()), arrived) is differs

    def test_an_original_of_another_size_is_said(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        shown(client, upload_id, rows=180, columns=160)
        assert instance_row(arrive(doctor, upload_id, chest)).differs

    def test_the_second_of_two_senders_of_one_file_finds_it_there(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        one, other = opened(doctor, cast, len(chest)), opened(doctor, cast, len(chest))
        instance = shown(client, one)
        shown(client, other)
        assert arrive(doctor, other, chest) == arrive(doctor, one, chest) == instance.id
        assert (upload_row(other).note, upload_row(one).note, count(Instance)) == ("", "again", 1)

    def test_a_preview_that_comes_after_its_original_changes_nothing(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        upload_id = opened(doctor, cast, len(chest))
        arrive(doctor, upload_id, chest)
        assert send_still(client, upload_id).get_json() == {"preview": "late"}
        assert count(TabletPreview) == 0

    def test_a_provisional_picture_is_never_rendered_without_its_original(
        self, client: FlaskClient, cast: Cast, doctor: Actor
    ) -> None:
        instance = shown(client, opened(doctor, cast, 20_000))
        rendering.make_renditions(instance.id)
        assert instance_row(instance.id).state == "provisional"


@pytest.mark.usefixtures("at_work")
def test_the_file_of_a_preview_that_was_taken_out_of_the_case_follows_it(
    client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
) -> None:
    upload_id = opened(doctor, cast, len(chest))
    instance = shown(client, upload_id, identity={"name": "SOMEBODY^ELSE", "birth_date": "19310101", "sex": "M"})
    with db.write_transaction() as session:
        consult_in(session, cast, "in_progress")
    decision = {"decision": "wrong_patient", "reason": "The name of the patient before"}
    assert client.post(f"/imaging/instances/{instance.id}/hold", json=decision).status_code == 200
    assert arrive(doctor, upload_id, chest) == instance.id
    found = instance_row(instance.id)
    assert (found.state, found.case_id, found.facility_id, count(Instance)) == ("received", None, cast.facility.id, 1)


@pytest.mark.usefixtures("at_work")
class TestWithoutOriginal:
    """The original never comes: the preview stays and says so."""

    def why(self, client: FlaskClient, instance: Instance) -> tuple[str, str]:
        manifest = client.get(f"/imaging/instances/{instance.id}").get_json()
        assert set(manifest["renditions"]) == {"tablet_preview"}
        return manifest["state"], manifest["reason_code"]

    def test_because_it_was_refused(self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes) -> None:
        upload_id = opened(doctor, cast, len(chest) - 3000)
        instance = shown(client, upload_id)
        assert arrive(doctor, upload_id, chest[:-3000]) is None
        assert self.why(client, instance) == ("provisional", "original_refused")
        assert upload_row(upload_id).reason_code == "truncated"

    def test_because_it_was_given_up(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        upload_id = opened(doctor, cast, 20_000)
        instance = shown(client, upload_id)
        uploads.give_up(doctor, upload_id)
        assert self.why(client, instance) == ("provisional", "original_given_up")

    def test_because_nobody_went_on_sending_it(
        self, client: FlaskClient, cast: Cast, doctor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upload_id = opened(doctor, cast, 20_000)
        instance = shown(client, upload_id)
        later = clock.now() + uploads.KEPT_UNFINISHED * 2
        with monkeypatch.context() as patched:
            patched.setattr(clock, "now", lambda: later)
            assert uploads.forget_abandoned() == 1
        assert self.why(client, instance) == ("provisional", "original_expired")

    def test_but_not_while_somebody_else_sends_the_same(self, client: FlaskClient, cast: Cast, doctor: Actor) -> None:
        one, other = opened(doctor, cast, 20_000), opened(doctor, cast, 20_000)
        instance = shown(client, one)
        shown(client, other)
        uploads.give_up(doctor, one)
        assert instance_row(instance.id).reason_code is None

    def test_and_a_new_upload_of_the_same_file_completes_it_after_all(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes
    ) -> None:
        first = opened(doctor, cast, len(chest))
        instance = shown(client, first)
        uploads.give_up(doctor, first)
        assert arrive(doctor, opened(doctor, cast, len(chest)), chest) == instance.id
        assert (instance_row(instance.id).state, instance_row(instance.id).reason_code) == ("received", None)


class TestCuts:
    """A process dies between two steps, and the next one goes on."""

    def test_a_preview_that_was_taken_but_not_looked_at_is_taken_up(
        self, client: FlaskClient, cast: Cast, doctor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queued: list[str] = []
        monkeypatch.setattr(jobs, "show_preview", queued.append)
        upload_id = opened(doctor, cast, 20_000)
        send_still(client, upload_id)
        assert (queued, count(Instance)) == ([upload_id], 0)
        queued.clear()
        jobs.take_up()
        assert queued == [upload_id]
        previews.show(upload_id)
        assert instance_row(upload_row(upload_id).instance_id).state == "provisional"
        assert previews.unfinished() == []

    def test_a_worker_killed_after_it_showed_the_preview_shows_it_once(
        self, client: FlaskClient, cast: Cast, doctor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "show_preview", lambda _upload_id: None)
        upload_id = opened(doctor, cast, 20_000)
        send_still(client, upload_id)

        def killed(_upload_id: str, _part: str) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(previews, "_forget_bytes", killed)
            with pytest.raises(KeyboardInterrupt):
                previews.show(upload_id)
        previews.show(upload_id)
        assert (count(Instance), count(Rendition)) == (1, 1)

    def test_a_preview_that_kills_the_worker_is_not_tried_for_ever(
        self, client: FlaskClient, cast: Cast, doctor: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "show_preview", lambda _upload_id: None)
        upload_id = opened(doctor, cast, 20_000)
        send_still(client, upload_id)

        def killing(*_all: Any) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(sandbox, "run", killing)
            for _attempt in range(previews.MAX_ATTEMPTS):
                with pytest.raises(KeyboardInterrupt):
                    previews.show(upload_id)
            previews.show(upload_id)
        assert previews.unfinished() == []

    def test_an_original_that_is_faster_than_the_worker_wins(
        self, client: FlaskClient, cast: Cast, doctor: Actor, chest: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(jobs, "show_preview", lambda _upload_id: None)
        upload_id = opened(doctor, cast, len(chest))
        send_still(client, upload_id)
        instance_id = arrive(doctor, upload_id, chest)
        previews.show(upload_id)
        assert (names_of(instance_id or ""), count(Instance)) == (set(), 1)


def test_a_clip_follows_its_still_and_is_checked_frame_by_frame(
    client: FlaskClient, cast: Cast, doctor: Actor, at_work: None, tmp_path: Path
) -> None:
    from imaging import clips

    frames = files.numbered_frames(12)
    encoded = clips.encode(((frame, 40_000) for frame in frames), tmp_path / "small.mp4", clips.SMALL_PASS)
    index = clips.bundle(encoded, tmp_path / "clip.bin")
    content = (tmp_path / "clip.bin").read_bytes()
    upload_id = opened(doctor, cast, 200_000)
    still = io.BytesIO()
    Image.fromarray(frames[0]).save(still, "WEBP")
    facts = told(kind="clip", rows=48, columns=64, frames=12, frame_time_ms=40.0, photometric="RGB", bits_stored=8)
    send_still(client, upload_id, still.getvalue(), facts)

    def send(index: Json, content: bytes) -> Any:
        form = {"index": json.dumps(index), "clip": (io.BytesIO(content), "clip")}
        return client.post(f"/imaging/uploads/{upload_id}/preview/clip", data=form)

    assert send({**index, "frames": index["frames"][:-1]}, content).status_code == 422
    assert send(index, content[:-1]).status_code == 422
    assert send(index, content).get_json() == {"preview": "shown"}
    instance_id = upload_row(upload_id).instance_id or ""
    assert names_of(instance_id) == {"tablet_preview", "tablet_clip"}
    rendition = client.get(f"/imaging/instances/{instance_id}").get_json()["renditions"]["tablet_clip"]
    assert client.get(rendition["index_url"]).get_json() == index
    assert client.get(rendition["url"]).data == content


def test_a_clip_that_does_not_decode_leaves_the_still_alone(
    client: FlaskClient, cast: Cast, doctor: Actor, at_work: None
) -> None:
    upload_id = opened(doctor, cast, 200_000)
    shown(client, upload_id, kind="clip", frames=2)
    index = {"codec": "vp8", "description": "", "width": 80, "height": 90, "coded_width": 80, "coded_height": 90}
    frames = [[50, 1, 40_000], [50, 0, 40_000]]
    form = {"index": json.dumps({**index, "frames": frames}), "clip": (io.BytesIO(b"x" * 100), "clip")}
    assert client.post(f"/imaging/uploads/{upload_id}/preview/clip", data=form).status_code == 200
    assert names_of(upload_row(upload_id).instance_id or "") == {"tablet_preview"}


def test_a_reader_and_an_outsider_send_no_previews(client_as: ClientAs, cast: Cast, doctor: Actor) -> None:
    upload_id = opened(doctor, cast, 20_000)
    assert send_still(client_as(cast.colleague), upload_id).status_code == 403
    assert send_still(client_as(cast.outsider), upload_id).status_code == 404
    assert send_still(client_as(None), upload_id).status_code == 404
