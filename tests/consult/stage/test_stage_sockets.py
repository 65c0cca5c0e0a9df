"""The stage over sockets: stored, then told to the others, then answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app import db
from consult.models import Consult, Participant
from consult.stage import operations
from consult.stage.models import StageSnapshot, StageUpdate
from consult.stage.protocol import MAX_UPDATE_BYTES
from tests.cast import Cast, consult_in, guest_of
from tests.consult.sitting import LineAs, lines
from tests.consult.stage.drawing import INSTANCE, Copy, annotation, view


@pytest.fixture
def line_as(app: Flask) -> Iterator[LineAs]:
    operations.registry.clear()
    yield from lines(app)
    operations.registry.clear()


@pytest.fixture
def consult(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, "in_progress")


def count(table: Any) -> int:
    with db.read_session() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def point(x: float = 10.0) -> dict[str, Any]:
    return {"state": {"pointer": {"instance": INSTANCE, "frame": 1, "x": x, "y": 2.5}, "view": None, "at": 1.8e12}}


def test_a_stroke_reaches_the_other_and_not_its_author(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    me = doctor.join(consult.id)["participant_id"]
    specialist.join(consult.id)
    doctor.heard()
    specialist.heard()
    copy, other = Copy(), Copy()
    assert doctor.ask("update_stage", {"update": copy.put("annotations", "e" * 32, annotation(me))}) == {"ok": True}
    [(name, fact)] = specialist.heard()
    assert (name, fact["by"]) == ("stage_updated", me)
    other.take_in(fact["update"])
    assert other.content() == copy.content()
    assert doctor.heard() == []
    assert count(StageUpdate) == 1


def test_a_cold_client_syncs_to_everything_that_was_drawn(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    me = doctor.join(consult.id)["participant_id"]
    copy, cold = Copy(), Copy()
    for index in range(5):
        doctor.ask("update_stage", {"update": copy.put("annotations", f"{index:032x}", annotation(me))})
    specialist.join(consult.id)
    synced = specialist.ask("sync_stage", {"state_vector": cold.doc.get_state()})
    cold.take_in(synced["update"])
    assert cold.content() == copy.content()
    assert synced["state_vector"] == copy.doc.get_state()


def test_a_refused_stroke_is_told_to_nobody_and_names_its_field(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    me = doctor.join(consult.id)["participant_id"]
    specialist.join(consult.id)
    specialist.heard()
    bad = annotation(me, points=[1.0, float("nan"), 2.0, 3.0])
    error = doctor.ask("update_stage", {"update": Copy().put("annotations", "e" * 32, bad)})["error"]
    assert (error["code"], error["field"]) == ("invalid", "points")
    assert specialist.heard() == []
    assert count(StageUpdate) == 0


def test_a_patient_looks_on_and_draws_nothing(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    with db.write_transaction() as session:
        seat: Participant = guest_of(session, consult, cast)[0]
    guest = line_as(seat)
    guest.join(consult.id)
    drawn = Copy().put("annotations", "e" * 32, annotation(seat.id))
    assert guest.ask("update_stage", {"update": drawn})["error"]["code"] == "not_allowed"
    assert guest.ask("update_stage", {"update": Copy().put("views", seat.id, view())})["ok"]


@pytest.mark.parametrize("command", ["update_stage", "sync_stage"])
def test_bytes_that_mean_nothing_are_a_protocol_error(
    command: str, line_as: LineAs, cast: Cast, consult: Consult
) -> None:
    doctor = line_as(cast.doctor)
    doctor.join(consult.id)
    field = "update" if command == "update_stage" else "state_vector"
    assert doctor.ask(command, {field: b"\xff" * 40})["error"]["code"] == "protocol_error"
    assert doctor.ask(command, {field: b"\0" * (MAX_UPDATE_BYTES + 1)})["error"]["code"] == "invalid"


def test_pointers_pass_and_are_not_stored(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    me = doctor.join(consult.id)["participant_id"]
    specialist.join(consult.id)
    specialist.heard()
    assert doctor.ask("point_stage", point()) == {"ok": True}
    assert specialist.heard() == [("stage_pointed", {"from": me, **point()})]
    assert doctor.ask("point_stage", point(float("nan")))["error"]["code"] == "invalid"
    assert count(StageUpdate) == 0


def test_pointers_beyond_twenty_a_second_are_dropped_without_a_word(
    line_as: LineAs, cast: Cast, consult: Consult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consult.stage.sockets.time.monotonic", lambda: 1000.0)
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    doctor.join(consult.id)
    specialist.join(consult.id)
    specialist.heard()
    assert all(doctor.ask("point_stage", point(float(x)))["ok"] for x in range(30))
    assert len(specialist.heard()) == 20


def test_the_last_to_leave_compacts_the_log_and_frees_the_memory(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    me = doctor.join(consult.id)["participant_id"]
    specialist.join(consult.id)
    copy = Copy()
    for index in range(5):
        doctor.ask("update_stage", {"update": copy.put("annotations", f"{index:032x}", annotation(me))})
    specialist.hang_up()
    assert (len(operations.registry), count(StageSnapshot)) == (1, 0)
    doctor.ask("leave_consult")
    assert (len(operations.registry), count(StageSnapshot), count(StageUpdate)) == (0, 1, 1)
    doctor.join(consult.id)
    cold = Copy()
    cold.take_in(doctor.ask("sync_stage", {"state_vector": b"\0"})["update"])
    assert cold.content() == copy.content()


def test_a_long_log_is_compacted_while_drawing_goes_on(
    line_as: LineAs, cast: Cast, consult: Consult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "COMPACT_ABOVE", 5)
    doctor = line_as(cast.doctor)
    me = doctor.join(consult.id)["participant_id"]
    copy = Copy()
    for index in range(9):
        assert doctor.ask("update_stage", {"update": copy.put("views", me, view(zoom=1.0 + index))})["ok"]
    assert (count(StageSnapshot), count(StageUpdate)) == (1, 4)


def test_somebody_whose_changes_are_refused_again_and_again_has_to_wait(
    line_as: LineAs, cast: Cast, consult: Consult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.socket_errors._spend", lambda *_: None)  # the general rate is not what is tried here
    monkeypatch.setattr("consult.stage.sockets.time.monotonic", lambda: 1000.0)
    doctor = line_as(cast.doctor)
    me = doctor.join(consult.id)["participant_id"]
    forged = Copy().put("annotations", "e" * 32, annotation("f" * 32))
    codes = [doctor.ask("update_stage", {"update": forged})["error"]["code"] for _ in range(25)]
    assert codes == ["not_allowed"] * 20 + ["too_many"] * 5
    own = {"update": Copy().put("views", me, view())}
    assert doctor.ask("update_stage", own)["error"]["code"] == "too_many"
    monkeypatch.setattr("consult.stage.sockets.time.monotonic", lambda: 1001.5)
    assert doctor.ask("update_stage", own)["ok"]
