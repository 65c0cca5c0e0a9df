"""From a relay's disk to somebody's ears: delivered whole, heard only by who may read the case, deleted for good."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, config, db, native_threads
from app.audit import AuditRow
from app.auth.models import User
from app.jobs import huey
from consult.models import Consult
from tests.cast import Cast, consult_in, guest_of
from tests.test_access_walk import guest_client
from tests.video.recordings.sound import samples, segment
from video import sealed, tickets
from video.recordings import files, jobs, operations
from video.recordings.models import Recording, RecordingSegment, RecordingTake
from video.sealed import Broken

ClientAs = Callable[[User | None], FlaskClient]
SEGMENT = "5" * 32


@pytest.fixture(autouse=True)
def jobs_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huey, "_immediate", True)


@dataclass
class Kept:
    """A recording that has ended, its one segment still on a relay."""

    id: str
    consult: Consult
    key: bytes
    path: Path

    def row(self) -> Recording:
        with db.read_session() as session:
            return session.get_one(Recording, self.id)

    def segment_state(self) -> str:
        with db.read_session() as session:
            return session.get_one(RecordingSegment, SEGMENT).state


@pytest.fixture
def kept(app: Flask, cast: Cast, tmp_path: Path) -> Kept:
    now, key = clock.now(), sealed.new_key()
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
        found = Recording(
            id="4" * 32,
            consult_id=consult.id,
            program_id=cast.program.id,
            state="ended",
            reason="stopped",
            text_version="2026-11-26",
            asked_by="p" * 32,
            asked_by_name="Doctor Alpha",
            asked_at=now - timedelta(seconds=5),
            started_at=now - timedelta(seconds=4),
            ended_at=now,
            changed_at=now,
            mix_state="wanted",
        )
        secret = config.current().secret_key
        found.wrapped_key = sealed.wrap(secret, operations.KEY_PURPOSE, found.id, key)
        take = RecordingTake(recording_id=found.id, started_at=now - timedelta(seconds=4), ended_at=now)
        session.add_all([found, take])
        session.flush()
        label = {
            "segment": SEGMENT,
            "recording": found.id,
            "take": take.id,
            "participant": "p" * 32,
            "track": "voice",
            "began": int((now - timedelta(seconds=3)).timestamp() * 1000),
        }
    spool = tmp_path / "spool"
    spool.mkdir()
    return Kept("4" * 32, consult, key, segment(spool, key, label, seconds=3, hertz=440))


class Relay:
    """What a relay sends over HTTP."""

    def __init__(self, app: Flask, secret: str | None = None) -> None:
        own = secret if secret is not None else tickets.secret_from(config.current().secret_key)
        self.client = app.test_client()
        self.headers = {"Authorization": f"Relay one:{tickets.key_of(own, 'one')}"}

    def has(self, name: str = SEGMENT) -> tuple[int, dict[str, object]]:
        answer = self.client.get(f"/relay/segments/{name}", headers=self.headers)
        return answer.status_code, answer.get_json(silent=True) or {}

    def send(self, data: bytes, start: int, size: int, name: str = SEGMENT) -> tuple[int, dict[str, object]]:
        asked = {"from": start, "size": size}
        answer = self.client.patch(f"/relay/segments/{name}", query_string=asked, data=data, headers=self.headers)
        return answer.status_code, answer.get_json(silent=True) or {}

    def deliver(self, path: Path) -> dict[str, object]:
        data = path.read_bytes()
        return self.send(data, 0, len(data))[1]


def test_a_segment_comes_in_pieces_and_is_safe_only_when_it_is_whole(app: Flask, kept: Kept) -> None:
    relay, data = Relay(app), kept.path.read_bytes()
    assert relay.has() == (200, {"received": 0, "safe": False})
    half = len(data) // 2
    assert relay.send(data[:half], 0, len(data)) == (200, {"received": half, "safe": False})
    assert relay.has() == (200, {"received": half, "safe": False})
    assert relay.send(data[half + 10 :], half + 10, len(data)) == (409, {"received": half, "safe": False})
    assert relay.send(data[half:], half, len(data)) == (200, {"received": len(data), "safe": True})
    assert files.segment(kept.id, SEGMENT).read_bytes() == data
    assert relay.send(data[half:], half, len(data)) == (200, {"received": len(data), "safe": True})


@pytest.mark.parametrize("secret", ["", "another secret"])
def test_nobody_without_the_relays_secret_finds_that_door(app: Flask, kept: Kept, secret: str) -> None:
    stranger = Relay(app, secret)
    assert stranger.has()[0] == 404
    assert stranger.send(kept.path.read_bytes(), 0, 9999)[0] == 404
    stranger.headers = {}
    assert stranger.has()[0] == 404


@pytest.mark.parametrize("data", [b"", b"x" * 100, b"NDNSEAL1"], ids=["nothing", "no label", "cut label"])
def test_what_is_no_segment_is_not_kept(app: Flask, kept: Kept, data: bytes) -> None:
    assert Relay(app).send(data, 0, len(data))[0] in (400, 422)
    assert list(files.folder_of(kept.id).iterdir()) == []


def test_a_segment_of_a_recording_that_never_was_is_not_kept(app: Flask, kept: Kept, tmp_path: Path) -> None:
    label = {"segment": "6" * 32, "recording": "7" * 32, "take": "t", "participant": "p", "track": "voice", "began": 1}
    data = segment(tmp_path, kept.key, label, seconds=0.1, hertz=440).read_bytes()
    assert Relay(app).send(data, 0, len(data), "6" * 32)[0] == 404


def test_what_arrives_is_mixed_and_can_be_listened_to_from_anywhere_in_it(
    app: Flask, kept: Kept, client_as: ClientAs, cast: Cast
) -> None:
    Relay(app).deliver(kept.path)
    assert kept.row().mix_state == "made"
    assert kept.row().mix_seconds == pytest.approx(3, abs=0.1)
    doctor = client_as(cast.doctor)
    whole = doctor.get(f"/recordings/{kept.id}/audio")
    assert whole.status_code == 200
    assert whole.headers["Cache-Control"] == "private, no-store"
    assert len(samples(whole.data)) == pytest.approx(3 * 48_000, rel=0.05)
    part = doctor.get(f"/recordings/{kept.id}/audio", headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.data) == (206, whole.data[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole.data)}"
    tail = doctor.get(f"/recordings/{kept.id}/audio", headers={"Range": "bytes=-10"})
    assert tail.data == whole.data[-10:]
    assert doctor.get(f"/recordings/{kept.id}/audio", headers={"Range": "bytes=99999999-"}).status_code == 416


def test_each_listening_is_written_down(app: Flask, kept: Kept, client_as: ClientAs, cast: Cast) -> None:
    Relay(app).deliver(kept.path)
    client_as(cast.specialist).get(f"/recordings/{kept.id}/audio")
    with db.read_session() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "hear_recording"))
    assert (row.actor_id, row.object_id) == (cast.specialist.id, kept.consult.id)


def test_nobody_else_hears_it_or_learns_of_it(app: Flask, kept: Kept, client_as: ClientAs, cast: Cast) -> None:
    Relay(app).deliver(kept.path)
    with db.write_transaction() as session:
        _, guest = guest_of(session, kept.consult, cast)
    strangers = {
        "nobody": client_as(None),
        "another facility": client_as(cast.far_doctor),
        "another program": client_as(cast.outside_doctor),
        "an administrator": client_as(cast.administrator),
        "a manager": client_as(cast.manager),
    }
    for who, client in strangers.items():
        for path in ("", "/audio"):
            assert client.get(f"/recordings/{kept.id}{path}").status_code == 404 or who == "nobody", who
    assert client_as(None).get(f"/recordings/{kept.id}/audio").status_code in (302, 401, 404)
    assert guest_client(app, guest).get(f"/recordings/{kept.id}/audio").status_code == 403


def test_a_specialist_who_could_take_the_consult_again_hears_nothing(
    app: Flask, kept: Kept, client_as: ClientAs, cast: Cast
) -> None:
    Relay(app).deliver(kept.path)
    with db.write_transaction() as session:
        consult = session.get_one(Consult, kept.consult.id)
        consult.state, consult.specialist_id = "requested", None
    candidate = client_as(cast.second_specialist)
    page = candidate.get(f"/consults/{kept.consult.id}")
    assert page.status_code == 200
    assert kept.id not in page.text
    for path in ("", "/audio"):
        assert candidate.get(f"/recordings/{kept.id}{path}").status_code == 403
    assert client_as(cast.colleague).get(f"/recordings/{kept.id}/audio").status_code == 200


def test_others_go_on_while_a_piece_goes_to_the_disk(app: Flask, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    beside: list[object] = []
    plain = native_threads.run

    def run(work: Callable[..., object], *given: object) -> object:
        beside.append(work)
        return plain(work, *given)

    monkeypatch.setattr(native_threads, "run", run)
    assert Relay(app).deliver(kept.path)["safe"]
    assert beside == [os.fsync] * 2


def test_nothing_of_it_lies_on_the_disk_in_clear_and_without_the_key_it_is_noise(app: Flask, kept: Kept) -> None:
    Relay(app).deliver(kept.path)
    found = [path for path in files.folder_of(kept.id).rglob("*") if path.is_file()]
    assert len(found) == 2
    for path in found:
        data = path.read_bytes()
        assert not any(clear in data for clear in (b"\x1a\x45\xdf\xa3", b"OpusHead", b"A_OPUS", kept.key))
        with path.open("rb") as file, pytest.raises(Broken):
            list(sealed.Sealed(file, bytes(32)).content())


def test_an_administrator_deletes_it_with_a_reason_and_cannot_without(
    app: Flask, kept: Kept, client_as: ClientAs, cast: Cast
) -> None:
    Relay(app).deliver(kept.path)
    administrator = client_as(cast.administrator)
    assert cast.patient.full_name not in administrator.get("/kept-recordings").text
    administrator.post(f"/kept-recordings/{kept.id}/delete", data={"reason": "  "})
    assert kept.row().state == "ended"
    administrator.post(f"/kept-recordings/{kept.id}/delete", data={"reason": "The patient asked for it."})
    row = kept.row()
    assert (row.state, row.delete_reason, row.wrapped_key) == ("deleted", "The patient asked for it.", None)
    assert not (config.current().data_dir / "recordings" / kept.id).exists()
    assert client_as(cast.doctor).get(f"/recordings/{kept.id}/audio").status_code == 404
    assert Relay(app).has() == (410, {"received": 0, "safe": True})


def test_only_an_administrator_of_the_program_deletes(app: Flask, kept: Kept, client_as: ClientAs, cast: Cast) -> None:
    for who in (cast.doctor, cast.specialist, cast.manager, cast.outside_doctor):
        answer = client_as(who).post(f"/kept-recordings/{kept.id}/delete", data={"reason": "no"})
        assert answer.status_code == 404
    assert kept.row().state == "ended"


def test_what_is_kept_for_so_many_days_goes_by_itself(app: Flask, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    Relay(app).deliver(kept.path)
    jobs.forget.call_local()
    assert kept.row().state == "ended"
    current = config.current()
    monkeypatch.setattr(config, "current", lambda: __import__("dataclasses").replace(current, recording_days=30))
    later = clock.now() + timedelta(days=31)
    clock.set_source(lambda: later)
    jobs.forget.call_local()
    assert kept.row().state == "deleted"
    assert not (current.data_dir / "recordings" / kept.id).exists()


def test_a_segment_that_comes_late_is_mixed_in(app: Flask, kept: Kept, tmp_path: Path) -> None:
    Relay(app).deliver(kept.path)
    first = kept.row().mixed_at
    with db.read_session() as session:
        take = session.scalar(select(RecordingTake.id))
    label = {"segment": "6" * 32, "recording": kept.id, "take": take, "participant": "q" * 32, "track": "voice"}
    began = int((clock.now() - timedelta(seconds=2)).timestamp() * 1000)
    path = segment(tmp_path, kept.key, {**label, "began": began}, seconds=1, hertz=1200)
    data = path.read_bytes()
    assert Relay(app).send(data, 0, len(data), "6" * 32)[1]["safe"]
    assert kept.row().mixed_at != first
