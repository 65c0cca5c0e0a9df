"""The room's door over sockets: who comes in, who is told, and who is kept out of everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from app import audit, db, membership, notices, outbox
from app.extensions import socketio
from app.membership import room_of
from consult import operations
from consult.chat.protocol import COMMANDS as CHAT_COMMANDS
from consult.models import Consult, Participant
from consult.protocol import COMMANDS as CONSULT_COMMANDS
from consult.stage.protocol import COMMANDS as STAGE_COMMANDS
from consult.stills.protocol import COMMANDS as STILL_COMMANDS
from tests.cast import Cast, consult_in, guest_of, seat
from tests.consult.sitting import Line, LineAs, lines
from tests.consult.stage.drawing import Copy, view
from video.protocol import COMMANDS as CALL_COMMANDS
from video.recordings.protocol import COMMANDS as RECORDING_COMMANDS

NOT_FOUND = "not_found"


@pytest.fixture
def line_as(app: Flask) -> Iterator[LineAs]:
    yield from lines(app)


@pytest.fixture
def consult(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, "accepted")


@pytest.fixture
def patient(cast: Cast, consult: Consult) -> Participant:
    with db.write_transaction() as session:
        return guest_of(session, consult, cast)[0]


def state_of(consult: Consult) -> str:
    with db.read_session() as session:
        found = session.get(Consult, consult.id)
        assert found is not None
        return found.state


def carried() -> notices.Carrier:
    carrier = notices.Carrier(socketio)
    carrier.last_id = 0
    return carrier


def test_a_doctor_who_joins_learns_who_they_are_and_who_else_has_a_seat(
    line_as: LineAs, cast: Cast, consult: Consult, patient: Participant
) -> None:
    joined = line_as(cast.doctor).join(consult.id)
    assert joined["ok"], joined
    assert (joined["role"], joined["name"], joined["state"]) == ("treating_doctor", "Doctor Alpha", "accepted")
    present = {one["role"]: one["present"] for one in joined["participants"]}
    assert present == {"treating_doctor": True, "specialist": False, "patient": False}
    assert joined["server_time"] > 1.7e12


def test_everybody_in_the_room_is_told_who_comes_and_who_goes(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    doctor.join(consult.id)
    joined = specialist.join(consult.id)
    assert ("participant_joined", {"participant": info(joined)}) in doctor.heard()
    specialist.ask("leave_consult")
    assert doctor.heard() == [("participant_left", {"participant_id": joined["participant_id"]})]
    assert specialist.names() == []
    assert specialist.ask("leave_consult")["error"]["code"] == NOT_FOUND


def info(joined: dict[str, Any]) -> dict[str, Any]:
    return {name: joined[name] for name in ("participant_id", "name", "role")} | {"present": True}


def test_a_line_that_breaks_is_told_as_leaving(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    doctor.join(consult.id)
    me = specialist.join(consult.id)["participant_id"]
    doctor.heard()
    specialist.hang_up()
    assert doctor.heard() == [("participant_left", {"participant_id": me})]
    assert membership.of_participant(me) is None


def test_the_consult_starts_when_both_doctors_are_in_the_room(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    line_as(cast.doctor).join(consult.id)
    assert state_of(consult) == "accepted"
    assert line_as(cast.specialist).join(consult.id)["state"] == "in_progress"
    assert state_of(consult) == "in_progress"


def test_a_patient_beside_one_doctor_starts_nothing(
    line_as: LineAs, cast: Cast, consult: Consult, patient: Participant
) -> None:
    line_as(cast.doctor).join(consult.id)
    assert line_as(patient).join(consult.id)["state"] == "accepted"


def test_every_joining_is_audited(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    line_as(cast.doctor).join(consult.id)
    with db.read_session() as session:
        rows = session.query(audit.AuditRow).filter_by(action="join_room", object_id=consult.id).all()
    assert [row.actor_id for row in rows] == [cast.doctor.id]


def test_a_second_tab_takes_over_and_the_first_goes_quiet(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    first, second, specialist = line_as(cast.doctor), line_as(cast.doctor), line_as(cast.specialist)
    first.join(consult.id, "page-0001")
    me = second.join(consult.id, "page-0002")["participant_id"]
    assert first.names() == ["moved_elsewhere"]
    specialist.join(consult.id)
    assert first.heard() == []
    assert first.ask("sync_stage", {"state_vector": b"\0"})["error"]["code"] == NOT_FOUND
    first.hang_up()
    assert membership.of_participant(me) is not None
    assert "participant_left" not in specialist.names()


def test_the_same_page_on_a_new_line_is_not_told_that_it_moved(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    old, new = line_as(cast.doctor), line_as(cast.doctor)
    old.join(consult.id, "page-0001")
    new.join(consult.id, "page-0001")
    assert old.heard() == []
    assert old.ask("leave_consult")["error"]["code"] == NOT_FOUND


def test_joining_another_consult_gives_up_the_first_seat(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    with db.write_transaction() as session:
        other = consult_in(session, cast, "accepted")
    doctor, specialist = line_as(cast.doctor), line_as(cast.specialist)
    specialist.join(consult.id)
    me = doctor.join(consult.id)["participant_id"]
    specialist.heard()
    assert doctor.join(other.id)["ok"]
    assert specialist.heard() == [("participant_left", {"participant_id": me})]
    socketio.emit("consult_changed", {}, to=room_of(consult.id))
    assert "consult_changed" not in doctor.names()


def test_readers_without_a_seat_may_not_join(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    assert line_as(cast.colleague).join(consult.id)["error"]["code"] == "not_allowed"


def test_only_specialists_hear_of_the_worklist(line_as: LineAs, cast: Cast, patient: Participant) -> None:
    specialist, doctor, guest = line_as(cast.specialist), line_as(cast.doctor), line_as(patient)
    outsider = line_as(cast.outsider)
    assert specialist.ask("join_worklist")["ok"]
    assert outsider.ask("join_worklist")["ok"]
    assert doctor.ask("join_worklist")["error"]["code"] == "not_allowed"
    assert guest.ask("join_worklist")["error"]["code"] == NOT_FOUND
    socketio.emit("worklist_changed", {}, to=f"worklist:{cast.program.id}")
    assert [line.names() for line in (specialist, outsider, doctor, guest)] == [["worklist_changed"], [], [], []]


def test_only_the_doctors_of_a_facility_hear_of_its_inbox(line_as: LineAs, cast: Cast, patient: Participant) -> None:
    doctor, colleague, far_doctor = line_as(cast.doctor), line_as(cast.colleague), line_as(cast.far_doctor)
    specialist, guest = line_as(cast.specialist), line_as(patient)
    assert [line.ask("join_inbox")["ok"] for line in (doctor, colleague, far_doctor)] == [True] * 3
    for line in (specialist, guest):
        assert line.ask("join_inbox")["error"]["code"] == NOT_FOUND
    socketio.emit("inbox_changed", {}, to=f"inbox:{cast.facility.id}")
    lines = (doctor, colleague, far_doctor, specialist, guest)
    assert [line.names() for line in lines] == [["inbox_changed"], ["inbox_changed"], [], [], []]


def messages(consult: Consult, to: str) -> dict[str, Any]:
    """A message that each command would accept."""
    description = {"type": "offer", "sdp": "v=0\r\n"}
    state = {"pointer": None, "view": None, "at": 1.8e12}
    connection = {"route": "a-route-0001", "session_id": "call-0001", "purpose": "subscribe", "publisher": to}
    link: dict[str, Any] = {
        **dict.fromkeys(("loss_in", "loss_out", "concealed"), 0.0),
        "round_trip": None,
        "jitter": None,
    }
    link |= dict.fromkeys(("voice_in", "voice_out", "picture_in", "picture_out"), 0)
    link |= {"other": to, "link": "good", "path": "direct", "rung": "picture"}
    candidate = {"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
    reception = {"publisher": to, "loss": 0.0, "round_trip": 100, "picture": 0}
    read = {"text_version": "2026-11-01", "language": "en"}
    return {
        "join_consult": {"consult_id": consult.id, "session_id": "page-0009"},
        "leave_consult": {},
        "join_worklist": {},
        "join_inbox": {},
        "sync_stage": {"state_vector": b"\0"},
        "update_stage": {"update": Copy().put("views", "a" * 32, view())},
        "point_stage": {"state": state},
        "watch_call": {},
        "join_call": {"session_id": "call-0001", "audio": True, "video": True},
        "leave_call": {},
        "send_description": {"to": to, "session_id": "call-0001", "description": description},
        "send_candidate": {"to": to, "session_id": "call-0001", "candidate": None},
        "change_media": {"audio": True, "video": False, "camera": None},
        "ask_for_relay": {},
        "open_media": {**connection, "attempt": 0, "sdp": "v=0\r\n"},
        "send_media_candidate": {**connection, "candidate": candidate},
        "hold_picture": {"route": "a-route-0001", "publisher": to, "held": True},
        "report_quality": {"links": [link]},
        "report_data": {"voice": 0, "video": 0, "images": 0},
        "send_media_answer": {**connection, "sdp": "v=0\r\n"},
        "tell_reception": {"route": "a-route-0001", "links": [reception]},
        "watch_recording": {},
        "ask_to_record": {"pictures": True, **read, "beside": []},
        "answer_recording": {"recording_id": "0" * 32, "agree": True, **read, "beside": []},
        "withdraw_recording": {"recording_id": "0" * 32, "person": "self"},
        "stop_recording": {"recording_id": "0" * 32},
        "ask_for_still": {"to": to, "kind": "still"},
        "report_still": {"request_id": "0" * 32, "step": "taking"},
        "send_message": {"client_id": "0" * 32, "text": "Good morning"},
    }


ALL_COMMANDS = [
    *CONSULT_COMMANDS,
    *CHAT_COMMANDS,
    *STAGE_COMMANDS,
    *STILL_COMMANDS,
    *CALL_COMMANDS,
    *RECORDING_COMMANDS,
]
NOT_OF_A_CONSULT = {"join_worklist", "join_inbox"}


def test_every_registered_command_is_in_a_table(app: Flask) -> None:
    registered = set(socketio.server.handlers["/"]) - {"connect", "disconnect"}
    assert registered == set(ALL_COMMANDS)


@pytest.mark.parametrize("stranger", ["signed out", "outsider", "outside doctor", "other facility", "other guest"])
def test_strangers_get_not_found_from_every_command_of_a_consult(
    stranger: str, line_as: LineAs, cast: Cast, consult: Consult
) -> None:
    with db.write_transaction() as session:
        other_guest = guest_of(session, consult_in(session, cast, "accepted"), cast)[0]
    people = {
        "signed out": None,
        "outsider": cast.outsider,
        "outside doctor": cast.outside_doctor,
        "other facility": cast.far_doctor,
        "other guest": other_guest,
    }
    doctor = line_as(cast.doctor)
    me = doctor.join(consult.id)["participant_id"]
    doctor.ask("join_call", {"session_id": "call-0001", "audio": True, "video": True})
    doctor.heard()
    line = line_as(people[stranger])
    answers = {name: line.ask(name, message) for name, message in messages(consult, me).items()}
    assert set(answers) == set(ALL_COMMANDS)
    for name in set(answers) - NOT_OF_A_CONSULT:
        assert answers[name]["ok"] is False, name
        assert answers[name]["error"]["code"] == NOT_FOUND, name
    if stranger == "signed out":
        assert answers["join_worklist"]["error"]["code"] == NOT_FOUND
        assert answers["join_inbox"]["error"]["code"] == NOT_FOUND
    assert doctor.heard() == []


def test_a_guest_seated_in_another_consult_reaches_nobody_in_this_one(
    line_as: LineAs, cast: Cast, consult: Consult
) -> None:
    with db.write_transaction() as session:
        other = consult_in(session, cast, "accepted")
        guest = guest_of(session, other, cast)[0]
    doctor, line = line_as(cast.doctor), line_as(guest)
    me = doctor.join(consult.id)["participant_id"]
    doctor.ask("join_call", {"session_id": "call-0001", "audio": True, "video": True})
    assert line.join(other.id)["ok"]
    doctor.heard()
    assert line.join(consult.id)["error"]["code"] == NOT_FOUND
    line.ask("join_call", {"session_id": "call-0002", "audio": True, "video": True})
    for name in ("send_description", "send_candidate"):
        assert line.ask(name, messages(consult, me)[name])["error"]["code"] == NOT_FOUND
    line.ask("point_stage", messages(consult, me)["point_stage"])
    line.ask("update_stage", {"update": Copy().put("views", guest.id, view())})
    assert doctor.heard() == []


@pytest.mark.parametrize("nonsense", [[], 3, "text", {"unknown": 1}, b"\0", [{"deep": [[]]}]])
def test_nonsense_is_answered_as_invalid_by_every_command_and_never_with_a_fault(
    nonsense: Any, line_as: LineAs, cast: Cast, consult: Consult
) -> None:
    doctor = line_as(cast.doctor)
    doctor.join(consult.id)
    for command in ALL_COMMANDS:
        answer = doctor.socket.emit(command, nonsense, callback=True)
        assert answer["error"]["code"] == "invalid", command


def test_a_removed_guest_is_put_out_and_only_they_are_told_so(
    line_as: LineAs, cast: Cast, consult: Consult, patient: Participant
) -> None:
    doctor, guest = line_as(cast.doctor), line_as(patient)
    doctor.join(consult.id)
    guest.join(consult.id)
    doctor.heard()
    with db.write_transaction() as session:
        fact = {"participant_id": patient.id, "reason": "withdrawn"}
        outbox.post(session, room_of(consult.id), "removed", fact)
    carried().carry()
    assert guest.heard() == [("removed", {"reason": "withdrawn"})]
    assert doctor.heard() == [("participant_left", {"participant_id": patient.id})]
    assert guest.ask("sync_stage", {"state_vector": b"\0"})["error"]["code"] == NOT_FOUND


def test_a_guest_is_put_out_when_the_consult_ends_after_hearing_that_it_did(
    line_as: LineAs, cast: Cast, consult: Consult, patient: Participant
) -> None:
    doctor, guest = line_as(cast.doctor), line_as(patient)
    doctor.join(consult.id)
    guest.join(consult.id)
    guest.heard()
    with db.write_transaction() as session:
        operations.cancel(session, cast.doctor.actor(), consult.id, "They went home.", consult.created_at)
    carried().carry()
    assert guest.names() == ["consult_changed", "removed"]
    assert doctor.names()[-2:] == ["consult_changed", "participant_left"]
    assert membership.of_participant(patient.id) is None


def test_a_specialist_who_gives_the_request_back_loses_the_seat(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    specialist = line_as(cast.specialist)
    specialist.join(consult.id)
    with db.write_transaction() as session:
        operations.release(session, cast.specialist.actor(), consult.id, consult.created_at)
    carried().carry()
    assert specialist.names()[-1] == "removed"
    socketio.emit("upload_changed", {}, to=f"case:{consult.case_id}")
    assert specialist.heard() == []


def test_who_is_no_longer_signed_in_is_put_out_by_the_review(
    line_as: LineAs, cast: Cast, consult: Consult, app: Flask
) -> None:
    from consult.sockets import Rooms

    doctor = line_as(cast.doctor)
    doctor.join(consult.id)
    member = membership.of(doctor.sid)
    rooms = Rooms(socketio)
    rooms._session_keys[doctor.sid] = f"user:{cast.doctor.id}:a-stamp-that-was-changed"
    rooms.review([member])
    assert doctor.names() == ["removed"]


def test_facts_of_a_case_reach_those_in_its_consults_room_alone(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    doctor, other = line_as(cast.doctor), line_as(cast.specialist)
    doctor.join(consult.id)
    socketio.emit("instance_changed", {"instance": {}}, to=f"case:{consult.case_id}")
    assert doctor.names() == ["instance_changed"]
    assert other.names() == []


def test_a_fact_that_cannot_be_carried_does_not_hold_up_the_next(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    def fails(topic: str, fact: dict[str, Any]) -> None:
        raise RuntimeError("no")

    notices.carry_by("tests_only", fails)
    doctor: Line = line_as(cast.doctor)
    doctor.join(consult.id)
    with db.write_transaction() as session:
        outbox.post(session, room_of(consult.id), "tests_only", {})
        outbox.post(session, room_of(consult.id), "report_changed", {})
    carrier = carried()
    with pytest.raises(RuntimeError):
        carrier.carry()
    carrier.carry()
    assert doctor.names() == ["report_changed"]


def test_a_seat_row_is_made_for_a_doctor_who_has_none(line_as: LineAs, cast: Cast) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, "accepted")
        for old in session.query(Participant).filter_by(consult_id=consult.id, role="specialist"):
            session.delete(old)
    joined = line_as(cast.specialist).join(consult.id)
    with db.read_session() as session:
        row = session.get(Participant, joined["participant_id"])
        assert row is not None
        assert row.role == "specialist"
        assert row.joined_at is not None


def test_a_colleagues_seat_from_elsewhere_opens_nothing(line_as: LineAs, cast: Cast, consult: Consult) -> None:
    with db.write_transaction() as session:
        seat(session, consult, cast.far_doctor, "observer")
    assert line_as(cast.far_doctor).join(consult.id)["error"]["code"] == NOT_FOUND
