"""Talking time: what is kept of a call, through hanging up, losing the line and crashes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from app.audit import AuditRow
from app.db import read_session, write_transaction
from tests.video.room import START, Room, member
from video import operations
from video.models import CallSpan
from video.queries import talking_seconds, talking_seconds_of
from video.roster import Roster

ASHA, BELA, CHAND = member("asha"), member("bela"), member("chand")


def talked(consult_id: str = "consult-one") -> float:
    with read_session() as session:
        return talking_seconds(session, consult_id)


def open_spans() -> int:
    with read_session() as session:
        return session.scalar(select(func.count()).select_from(CallSpan).where(CallSpan.ended_at.is_(None))) or 0


def test_waiting_alone_is_not_talking(room: Room) -> None:
    room.join(ASHA)
    room.pass_time(60)
    assert talked() == 0


def test_talking_lasts_while_two_or_more_are_there(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.pass_time(20)
    room.join(CHAND)
    room.pass_time(10)
    room.send(CHAND, "leave_call")
    room.pass_time(5)
    room.send(BELA, "leave_call")
    room.pass_time(100)
    assert talked() == 35
    assert open_spans() == 0


def test_a_second_talk_adds_to_the_first(room: Room) -> None:
    for _ in range(2):
        room.join(ASHA)
        room.join(BELA)
        room.pass_time(30)
        room.send(BELA, "leave_call")
        room.pass_time(30)
    assert talked() == 60


def test_a_running_talk_counts_up_to_its_last_heartbeat(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.pass_time(61)
    assert 45 <= talked() <= 61


def test_a_line_lost_for_good_ends_the_talk_when_its_grace_is_over(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.pass_time(10)
    room.whereabouts["sid-bela"] = "gone"
    room.pass_time(60)
    assert talked() == 26


def test_a_talk_left_open_by_a_crash_ends_at_its_last_heartbeat(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.pass_time(31)
    restarted = Room()
    restarted.now = room.now + timedelta(hours=1)
    restarted.calls.sweep()
    assert open_spans() == 0
    assert 15 <= talked() <= 31


def test_a_talk_goes_on_through_a_quick_restart_of_the_server(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.pass_time(30)
    restarted = Room()
    restarted.now = room.now + timedelta(seconds=5)
    restarted.join(ASHA)
    restarted.join(BELA)
    restarted.pass_time(15)
    restarted.send(BELA, "leave_call")
    assert talked() == 50


def test_a_span_that_another_process_beats_is_left_alone(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    with write_transaction() as session:
        operations.close_abandoned(session, START + timedelta(seconds=44))
    assert open_spans() == 1


def test_a_running_talk_whose_span_is_gone_gets_another_at_the_next_heartbeat(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    with write_transaction() as session:
        operations.close_abandoned(session, START + timedelta(hours=1))
        operations.beat(session, room.calls.roster, START + timedelta(hours=1))
    assert open_spans() == 1


def test_following_twice_opens_one_span(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    with write_transaction() as session:
        operations.follow_talking(session, room.calls.roster, "consult-one", START)
        operations.follow_talking(session, Roster(), "consult-of-nobody", START)
    assert open_spans() == 1


def test_many_consults_are_counted_at_once_and_those_without_a_call_are_absent(room: Room) -> None:
    room.join(ASHA)
    room.join(BELA)
    room.pass_time(10)
    room.send(BELA, "leave_call")
    with read_session() as session:
        assert talking_seconds_of(session, ["consult-one", "consult-two"]) == {"consult-one": 10}


def test_joining_and_leaving_are_audited_and_coming_back_is_not_joining_again(room: Room) -> None:
    room.join(ASHA)
    room.join(member("asha", sid="sid-again"))
    room.calls.left_room(member("asha", sid="sid-again"))
    with read_session() as session:
        rows = list(session.scalars(select(AuditRow).order_by(AuditRow.id)))
    assert [(row.action, row.actor_id, row.object_id) for row in rows] == [
        ("join_call", "user-asha", "consult-one"),
        ("leave_call", "user-asha", "consult-one"),
    ]
