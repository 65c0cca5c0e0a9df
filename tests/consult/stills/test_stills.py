"""A still asked of another's camera: who may ask, who answers, what is written down, and what happens when one goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app import audit, db, socket_errors
from consult.models import Consult
from tests.cast import Cast, consult_in, guest_of
from tests.consult.chat.test_chat import upload_in_case
from tests.consult.sitting import Line, LineAs, lines, participant_id_of


@pytest.fixture
def line_as(app: Flask) -> Iterator[LineAs]:
    yield from lines(app)


@dataclass
class Room:
    """Both doctors in one room."""

    consult: Consult
    tablet: Line
    specialist: Line
    doctor_id: str
    specialist_id: str

    def ask(self, kind: str = "still") -> dict[str, Any]:
        return self.specialist.ask("ask_for_still", {"to": self.doctor_id, "kind": kind})

    def report(self, request_id: str, step: str, **more: Any) -> dict[str, Any]:
        return self.tablet.ask("report_still", {"request_id": request_id, "step": step, **more})


@pytest.fixture
def room(line_as: LineAs, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(socket_errors, "_spend", lambda *_: None)
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "in_progress")
    tablet, specialist = line_as(cast.doctor), line_as(cast.specialist)
    joined = tablet.join(consult.id)
    specialist.join(consult.id)
    tablet.heard()
    return Room(
        consult,
        tablet,
        specialist,
        joined["participant_id"],
        participant_id_of(consult, joined, "specialist"),
    )


def facts(line: Line, name: str) -> list[dict[str, Any]]:
    return [content for fact, content in line.heard() if fact == name]


def code(answer: dict[str, Any]) -> str:
    assert answer["ok"] is False, answer
    return str(answer["error"]["code"])


def actions() -> list[str]:
    with db.read_session() as session:
        return list(session.scalars(select(audit.AuditRow.action).order_by(audit.AuditRow.id)))


def test_the_tablet_is_asked_says_how_it_goes_and_the_room_learns_which_file_it_is(room: Room, cast: Cast) -> None:
    request = room.ask()["request_id"]
    (asked,) = facts(room.tablet, "still_asked")
    assert asked == {
        "request_id": request,
        "from": room.specialist_id,
        "name": "Specialist Delta",
        "kind": "still",
        "track": "picture",
    }
    assert room.report(request, "taking")["ok"]
    assert room.report(request, "waiting", width=1920, height=1080)["ok"]
    steps = facts(room.specialist, "still_progressed")
    assert [(one["step"], one["width"]) for one in steps] == [("taking", 0), ("waiting", 1920)]
    upload = upload_in_case(cast)
    assert room.report(request, "taken", upload_id=upload.id, width=1920, height=1080)["ok"]
    (taken,) = facts(room.specialist, "still_taken")
    assert (taken["owner"], taken["asked_by"], taken["upload_id"]) == (room.doctor_id, room.specialist_id, upload.id)
    assert actions()[-2:] == ["ask_for_still", "take_still"]
    assert code(room.report(request, "taken", upload_id=upload.id)) == "not_found"
    assert room.ask("clip")["ok"]


def test_the_owner_may_refuse_and_it_is_written_down(room: Room) -> None:
    request = room.ask()["request_id"]
    assert room.report(request, "refused", reason="declined")["ok"]
    assert facts(room.specialist, "still_refused") == [{"request_id": request, "reason": "declined"}]
    assert actions()[-1] == "refuse_still"


def test_a_second_tap_while_one_is_being_taken_is_told_so(room: Room) -> None:
    assert room.ask()["ok"]
    assert code(room.ask()) == "busy"
    assert len(facts(room.tablet, "still_asked")) == 1


def test_a_tablet_that_was_reloaded_can_be_asked_again(room: Room, line_as: LineAs, cast: Cast) -> None:
    old = room.ask()["request_id"]
    room.tablet.hang_up()
    room.tablet = line_as(cast.doctor)
    room.tablet.join(room.consult.id, "page-0002")
    new = room.ask()["request_id"]
    assert code(room.report(old, "taking")) == "not_found"
    assert room.report(new, "taking")["ok"]


def test_whoever_leaves_in_the_middle_ends_it_for_the_other(room: Room) -> None:
    request = room.ask()["request_id"]
    room.tablet.ask("leave_consult")
    assert facts(room.specialist, "still_refused") == [{"request_id": request, "reason": "gone"}]
    assert code(room.ask()) == "not_found"


def test_a_picture_taken_after_the_asker_left_is_still_kept_and_told(room: Room, cast: Cast) -> None:
    request = room.ask()["request_id"]
    room.specialist.ask("leave_consult")
    upload = upload_in_case(cast)
    assert room.report(request, "waiting", width=640, height=480)["ok"]
    assert room.report(request, "taken", upload_id=upload.id)["ok"]
    assert len(facts(room.tablet, "still_taken")) == 1


def test_patients_neither_ask_nor_are_asked(room: Room, line_as: LineAs, cast: Cast) -> None:
    with db.write_transaction() as session:
        seat, _ = guest_of(session, room.consult, cast)
    guest = line_as(seat)
    guest.join(room.consult.id)
    assert code(guest.ask("ask_for_still", {"to": room.doctor_id, "kind": "still"})) == "not_allowed"
    assert code(room.specialist.ask("ask_for_still", {"to": seat.id, "kind": "still"})) == "cannot_add"
    assert facts(guest, "still_asked") == []


def test_only_the_one_who_was_asked_answers_and_only_with_a_file_of_their_own(room: Room, cast: Cast) -> None:
    request = room.ask()["request_id"]
    forged = {"request_id": request, "step": "refused", "reason": "declined"}
    assert code(room.specialist.ask("report_still", forged)) == "not_found"
    theirs = upload_in_case(cast, owner_id=cast.specialist.id)
    assert code(room.report(request, "taken", upload_id=theirs.id)) == "not_allowed"
    assert code(room.report(request, "taken", upload_id="f" * 32)) == "not_found"
    assert code(room.report(request, "taken")) == "invalid"
    assert code(room.report(request, "refused")) == "invalid"
    assert facts(room.specialist, "still_taken") == []
    assert code(room.specialist.ask("ask_for_still", {"to": room.specialist_id, "kind": "still"})) == "not_found"


def test_nothing_is_asked_once_the_consult_has_ended(room: Room) -> None:
    with db.write_transaction() as session:
        session.get_one(Consult, room.consult.id).state = "concluded"
    assert code(room.ask()) == "consult_ended"
