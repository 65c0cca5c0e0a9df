"""The chat of a consult: who writes and reads, what is kept once however often it is sent, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import audit, clock, db, notices, socket_errors
from app.actor import Actor
from app.auth.models import User
from app.extensions import socketio
from consult.chat import operations
from consult.chat.models import ChatMessage
from consult.chat.protocol import SendMessage
from consult.models import Consult, Participant
from imaging.models import Instance, Upload
from tests.cast import Cast, consult_in, guest_of, seat
from tests.consult.sitting import Line, LineAs, lines
from tests.test_access_walk import _picture as picture_in_case

ClientAs = Callable[[User | None], FlaskClient]
NAMASTE = "नमस्ते, मरीज़ को तीन हफ़्ते से खाँसी है। "


@pytest.fixture
def line_as(app: Flask) -> Iterator[LineAs]:
    yield from lines(app)


@pytest.fixture
def consult(cast: Cast) -> Consult:
    with db.write_transaction() as session:
        return consult_in(session, cast, "in_progress")


@pytest.fixture
def picture(cast: Cast, consult: Consult) -> Instance:
    with db.write_transaction() as session:
        return picture_in_case(session, cast, consult.case_id)[0]


@pytest.fixture
def no_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_errors, "_spend", lambda *_: None)


@pytest.fixture
def doctor(line_as: LineAs, cast: Cast, consult: Consult, no_rate_limit: None) -> Line:
    """The treating doctor, seated, who may write as fast as a test does."""
    line = line_as(cast.doctor)
    line.join(consult.id)
    return line


def said(text: str, number: int = 1, **picture: str) -> dict[str, Any]:
    return {"client_id": f"{number:032x}", "text": text, **picture}


def told(line: Line) -> list[dict[str, Any]]:
    """The chat's facts that the line has heard, after the outbox was carried."""
    carrier = notices.Carrier(socketio)
    carrier.last_id = 0
    carrier.carry()
    return [fact["message"] for name, fact in line.heard() if name == "message_sent"]


def read(browser: FlaskClient, consult: Consult, query: str = "") -> dict[str, Any]:
    answer = browser.get(f"/api/consults/{consult.id}/messages{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def error_of(answer: dict[str, Any]) -> str:
    assert answer["ok"] is False, answer
    return str(answer["error"]["code"])


def upload_in_case(cast: Cast, **changes: Any) -> Upload:
    now = clock.now()
    fields: dict[str, Any] = {
        "case_id": cast.case.id,
        "owner_kind": "user",
        "owner_id": cast.doctor.id,
        "owner_name": cast.doctor.full_name,
        "owner_role": "treating_doctor",
        "program_id": cast.program.id,
        "facility_id": cast.facility.id,
        "file_name": "wound.jpg",
        "size": 10,
        "created_at": now,
        "updated_at": now,
    }
    with db.write_transaction() as session:
        upload = Upload(**{**fields, **changes})
        session.add(upload)
    return upload


def test_what_one_writes_the_other_hears_and_both_read_again_later(
    doctor: Line, line_as: LineAs, client_as: ClientAs, cast: Cast, consult: Consult
) -> None:
    specialist = line_as(cast.specialist)
    specialist.join(consult.id)
    answer = doctor.ask("send_message", said("Is the left side duller?\r\nI think so."))
    assert answer["ok"], answer
    message = answer["message"]
    assert (message["name"], message["role"]) == ("Doctor Alpha", "treating_doctor")
    assert message["text"] == "Is the left side duller?\nI think so."
    assert told(specialist) == [message]
    assert read(client_as(cast.specialist), consult) == {"messages": [message], "earlier": False}
    assert read(client_as(cast.colleague), consult)["messages"] == [message]


def test_a_message_sent_again_is_one_message_and_is_heard_once(
    doctor: Line, line_as: LineAs, client_as: ClientAs, cast: Cast, consult: Consult
) -> None:
    specialist = line_as(cast.specialist)
    specialist.join(consult.id)
    first = doctor.ask("send_message", said("Once"))
    assert doctor.ask("send_message", said("Once")) == first
    assert len(told(specialist)) == 1
    assert len(read(client_as(cast.doctor), consult)["messages"]) == 1
    other = specialist.ask("send_message", said("The same name, another sender"))
    assert other["message"]["id"] != first["message"]["id"]


def test_two_thousand_characters_of_devanagari_are_a_message_and_one_more_is_not(doctor: Line) -> None:
    most = (NAMASTE * 60)[:2000]
    assert len(most) == 2000
    assert len(most.encode()) > 4500
    assert doctor.ask("send_message", said(most.strip()))["message"]["text"] == most.strip()
    assert error_of(doctor.ask("send_message", said(most + "क", 2))) == "invalid"


def test_what_cannot_be_shown_is_left_out_and_nothing_is_no_message(doctor: Line) -> None:
    assert doctor.ask("send_message", said("a\0b\x07c\x1b[31m"))["message"]["text"] == "abc[31m"
    for number, empty in enumerate(("", "  \n ", "\0\0"), start=2):
        assert error_of(doctor.ask("send_message", said(empty, number))) == "invalid"


def test_a_patient_reads_and_writes_and_an_observer_only_reads(
    line_as: LineAs, app: Flask, client_as: ClientAs, cast: Cast, consult: Consult, no_rate_limit: None
) -> None:
    with db.write_transaction() as session:
        patient, _ = guest_of(session, consult, cast)
        _, watching = guest_of(session, consult, cast)
        watcher = session.get_one(Participant, watching.id)
        watcher.role = "observer"
    guest = line_as(patient)
    guest.join(consult.id)
    assert guest.ask("send_message", said("It hurts here."))["ok"]
    observer = line_as(watcher)
    observer.join(consult.id)
    assert error_of(observer.ask("send_message", said("May I?"))) == "not_allowed"
    with app.test_client() as browser:
        with browser.session_transaction() as cookie:
            cookie["_user_id"] = f"guest:{watcher.id}"
        assert [one["text"] for one in read(browser, consult)["messages"]] == ["It hurts here."]


def test_a_specialist_who_could_still_take_it_does_not_read_the_chat(client_as: ClientAs, cast: Cast) -> None:
    with db.write_transaction() as session:
        waiting = consult_in(session, cast, "requested")
    assert client_as(cast.second_specialist).get(f"/api/consults/{waiting.id}/messages").status_code == 403
    assert client_as(cast.second_specialist).get(f"/consults/{waiting.id}/messages").status_code == 403
    assert client_as(cast.second_specialist).get(f"/consults/{waiting.id}").status_code == 200


@pytest.mark.parametrize(("state", "code"), [("concluded", "consult_ended"), ("draft", "wrong_state")])
def test_nothing_is_written_before_the_request_or_after_the_end(
    state: str, code: str, line_as: LineAs, cast: Cast
) -> None:
    with db.write_transaction() as session:
        consult = consult_in(session, cast, state)
    line = line_as(cast.doctor)
    line.join(consult.id)
    assert error_of(line.ask("send_message", said("Too late, or too soon"))) == code


def test_a_flood_is_slowed_down_and_a_full_chat_says_so(
    line_as: LineAs, cast: Cast, consult: Consult, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = line_as(cast.doctor)
    line.join(consult.id)
    codes = [line.ask("send_message", said("Again", number)).get("error", {}).get("code") for number in range(40)]
    assert codes.count(None) < 20
    assert set(codes) == {None, "too_many"}
    monkeypatch.setattr(operations, "MOST_MESSAGES", 1)
    monkeypatch.setattr(socket_errors, "_spend", lambda *_: None)
    assert error_of(line.ask("send_message", said("One too many", 99))) == "chat_full"


def test_an_older_page_is_read_before_a_number(doctor: Line, client_as: ClientAs, cast: Cast, consult: Consult) -> None:
    for number in range(60):
        doctor.ask("send_message", said(f"Line {number}", number))
    browser = client_as(cast.specialist)
    newest = read(browser, consult)
    assert newest["earlier"]
    assert [one["text"] for one in newest["messages"]] == [f"Line {number}" for number in range(10, 60)]
    older = read(browser, consult, f"?before={newest['messages'][0]['id']}")
    assert not older["earlier"]
    assert [one["text"] for one in older["messages"]] == [f"Line {number}" for number in range(10)]
    assert read(browser, consult, "?before=nonsense")["messages"] == newest["messages"]


def test_a_picture_on_its_way_becomes_the_picture(
    doctor: Line, client_as: ClientAs, cast: Cast, consult: Consult, picture: Instance
) -> None:
    upload = upload_in_case(cast)
    coming = doctor.ask("send_message", said("", upload_id=upload.id))["message"]["attachment"]
    assert coming == {"upload_id": upload.id, "instance_id": None, "name": "wound.jpg", "state": "coming"}
    with db.write_transaction() as session:
        session.get_one(Upload, upload.id).instance_id = picture.id
    (message,) = read(client_as(cast.specialist), consult)["messages"]
    assert (message["attachment"]["instance_id"], message["attachment"]["state"]) == (picture.id, "there")


def test_a_picture_held_for_another_patient_is_named_as_held_and_taken_out_is_gone(
    doctor: Line, client_as: ClientAs, cast: Cast, consult: Consult, picture: Instance
) -> None:
    assert doctor.ask("send_message", said("See this", instance_id=picture.id))["ok"]
    with db.write_transaction() as session:
        session.get_one(Instance, picture.id).hold = {"state": "open", "differences": []}
    browser = client_as(cast.specialist)
    assert read(browser, consult)["messages"][0]["attachment"]["state"] == "held"
    assert "Held" in browser.get(f"/consults/{consult.id}").text
    with db.write_transaction() as session:
        session.get_one(Instance, picture.id).case_id = None
    attachment = read(browser, consult)["messages"][0]["attachment"]
    assert attachment == {"upload_id": None, "instance_id": None, "name": "", "state": "gone"}
    assert read(browser, consult)["messages"][0]["text"] == "See this"


def test_pictures_of_other_cases_and_two_at_once_are_refused(doctor: Line, cast: Cast, picture: Instance) -> None:
    upload = upload_in_case(cast, case_id=None)
    assert error_of(doctor.ask("send_message", said("", 1, upload_id=upload.id))) == "not_found"
    assert error_of(doctor.ask("send_message", said("", 2, instance_id="f" * 32))) == "not_found"
    both = said("", 3, instance_id=picture.id, upload_id=upload_in_case(cast).id)
    assert error_of(doctor.ask("send_message", both)) == "invalid"


def test_the_chat_stays_on_the_consults_page_and_in_its_record_after_the_end(
    doctor: Line, client_as: ClientAs, cast: Cast, consult: Consult
) -> None:
    assert doctor.ask("send_message", said("<b>Give</b> oxygen & watch"))["ok"]
    with db.write_transaction() as session:
        ended = session.get_one(Consult, consult.id)
        ended.state, ended.ended_at = "concluded", clock.now()
    browser = client_as(cast.specialist)
    for path in ("", "/record", "/messages"):
        page = browser.get(f"/consults/{consult.id}{path}")
        assert page.status_code == 200
        assert "&lt;b&gt;Give&lt;/b&gt; oxygen &amp; watch" in page.text, path


def test_writing_and_reading_are_audited_without_the_words(
    doctor: Line, client_as: ClientAs, cast: Cast, consult: Consult
) -> None:
    doctor.ask("send_message", said("A secret of the patient"))
    read(client_as(cast.specialist), consult)
    with db.read_session() as session:
        rows = list(session.scalars(select(audit.AuditRow).order_by(audit.AuditRow.id)))
    actions = [row.action for row in rows]
    assert "send_message" in actions
    assert "read_messages" in actions
    assert not any("secret" in str(row.__dict__) for row in rows)


def test_someone_who_took_a_seat_before_is_still_named_as_they_were(cast: Cast, consult: Consult) -> None:
    with db.write_transaction() as session:
        former = seat(session, consult, cast.second_specialist, "specialist")
        session.add(
            ChatMessage(
                consult_id=consult.id, author=former, client_id="a" * 32, text="I hand over.", sent_at=clock.now()
            )
        )
        former.removed_at = clock.now()
    actor = Actor("user", cast.doctor.id, cast.doctor.full_name, "treating_doctor", cast.program.id, cast.facility.id)
    with db.write_transaction() as session:
        later = operations.send(session, actor, consult.id, SendMessage(**said("Thank you")), clock.now())
    assert later.name == "Doctor Alpha"
