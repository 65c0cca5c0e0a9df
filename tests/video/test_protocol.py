"""Messages that the call's protocol cannot mean are refused, and say which field."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.video.room import CANDIDATE, OFFER
from video.protocol import COMMANDS, FACTS, MAX_CANDIDATE_BYTES, MAX_SDP_BYTES, PER_SECOND

TO = {"to": "bela", "session_id": "session-bela"}
JOIN = {"session_id": "session-asha", "audio": True, "video": True}
MEDIA = {"audio": True, "video": True}


def sdp(length: int) -> dict[str, str]:
    return {"type": "offer", "sdp": "v=0\r\n".ljust(length, "a")}


@pytest.mark.parametrize(
    ("name", "message", "field"),
    [
        ("join_call", {**JOIN, "audio": 1}, "audio"),
        ("join_call", {**JOIN, "session_id": "short"}, "session_id"),
        ("join_call", {**JOIN, "session_id": "with a space"}, "session_id"),
        ("join_call", {**JOIN, "consult_id": "x"}, "consult_id"),
        ("join_call", {"session_id": "session-asha", "audio": True}, "video"),
        ("leave_call", {"reason": "bored"}, "reason"),
        ("change_media", {**MEDIA, "camera": "side"}, "camera"),
        ("send_description", {**TO, "description": {"type": "rollback", "sdp": "v=0\r\n"}}, "type"),
        ("send_description", {**TO, "description": {"type": "offer", "sdp": "<html>"}}, "sdp"),
        ("send_description", {**TO, "description": sdp(MAX_SDP_BYTES + 1)}, "sdp"),
        ("send_description", {**TO, "description": {**OFFER, "sdp": "v=0\r\n" + "é" * (MAX_SDP_BYTES // 2)}}, "sdp"),
        ("send_description", {**TO, "description": OFFER, "attempt": -1}, "attempt"),
        ("send_description", {**TO, "description": OFFER, "attempt": float("nan")}, "attempt"),
        ("send_description", {**TO, "description": OFFER, "from": "somebody else"}, "from"),
        ("send_description", {**TO, "to": "", "description": OFFER}, "to"),
        ("send_candidate", TO, "candidate"),
        ("send_candidate", {**TO, "candidate": {"candidate": "candidate:" + "a" * MAX_CANDIDATE_BYTES}}, "candidate"),
        ("send_candidate", {**TO, "candidate": {"candidate": "candidate:1\r\na=evil"}}, "candidate"),
        ("send_candidate", {**TO, "candidate": {**CANDIDATE, "sdpMLineIndex": 1.5}}, "sdpMLineIndex"),
        ("send_candidate", {**TO, "candidate": {**CANDIDATE, "sdpMLineIndex": 256}}, "sdpMLineIndex"),
    ],
)
def test_a_message_out_of_shape_is_refused_with_its_field(name: str, message: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        COMMANDS[name][0].model_validate(message)
    assert refused.value.errors()[0]["loc"][-1] == field


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("watch_call", {}),
        ("join_call", JOIN),
        ("leave_call", {}),
        ("change_media", MEDIA),
        ("change_media", {**MEDIA, "camera": None}),
        ("send_description", {**TO, "description": OFFER}),
        ("send_description", {**TO, "description": sdp(MAX_SDP_BYTES)}),
        ("send_candidate", {**TO, "candidate": None}),
        ("send_candidate", {**TO, "candidate": CANDIDATE}),
        ("send_candidate", {**TO, "candidate": {"candidate": ""}}),
    ],
)
def test_a_message_in_shape_is_read(name: str, message: dict[str, Any]) -> None:
    COMMANDS[name][0].model_validate(message)


def test_every_command_has_a_rate() -> None:
    assert PER_SECOND.keys() == COMMANDS.keys()


def test_a_fact_says_who_sent_it_under_the_name_from() -> None:
    written = FACTS["description_sent"].model_validate(
        {"from": "asha", "session_id": "session-asha", "description": OFFER, "attempt": 0}
    )
    assert written.model_dump(by_alias=True)["from"] == "asha"
