"""Views: asked for, answered, declined; and the checklists that say which are missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock, db
from app.auth.models import User
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.outbox import OutboxRow
from consult.models import Consult
from imaging import ingest
from imaging.guards.checklists import operations as checklists
from imaging.guards.checklists import queries as checklist_queries
from imaging.guards.checklists.exams import EXAMS, likely, suggested
from imaging.guards.checklists.models import ExamView
from imaging.guards.retakes import lifecycle, operations, queries
from imaging.guards.retakes.models import Retake
from tests.cast import Cast
from tests.imaging.guards.conftest import Take

ClientAs = Callable[[User | None], FlaskClient]
pytestmark = pytest.mark.usefixtures("consult")


def ask(cast: Cast, who: User | None = None, **asked: Any) -> Retake:
    with db.write_transaction() as session:
        told = {"exam": "chest_xray", "view": "lateral", "words": "", "why": "Is it behind the heart?", **asked}
        return operations.ask(session, (who or cast.specialist).actor(), cast.case.id, now=clock.now(), **told)


def step(cast: Cast, retake: Retake, event: str, who: User | None = None, **said: Any) -> None:
    with db.write_transaction() as session:
        doctor, specialist = cast.doctor.actor(), cast.specialist.actor()
        if event == "answer":
            files = said.get("uploads", []), said.get("instances", [])
            operations.answer(session, who.actor() if who else doctor, retake.id, *files, clock.now())
        elif event == "decline":
            operations.decline(session, who.actor() if who else doctor, retake.id, said["reason"], clock.now())
        else:
            operations.withdraw(session, who.actor() if who else specialist, retake.id, clock.now())


def now_of(retake: Retake) -> dict[str, Any]:
    with db.read_session() as session:
        return queries.described(session.get_one(Retake, retake.id))


def told() -> list[tuple[str, str]]:
    with db.read_session() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.event == "views_changed").order_by(OutboxRow.id))
        return [(row.topic, json.loads(row.payload)["what"]) for row in rows]


# --- requests -------------------------------------------------------------------------------------------------------


def test_what_the_specialist_asks_for_is_told_to_the_case_with_the_words_of_the_view(cast: Cast) -> None:
    retake = ask(cast)
    found = now_of(retake)
    assert (found["words"], found["why"], found["state"]) == (
        "Chest X-ray: Lateral",
        "Is it behind the heart?",
        "asked",
    )
    assert found["asked_by"] == cast.specialist.full_name
    assert told() == [(f"case:{cast.case.id}", "retake_asked")]


def test_a_view_may_be_asked_for_in_free_words(cast: Cast) -> None:
    assert now_of(ask(cast, exam="", view="", words=" The wrist\nagain "))["words"] == "The wrist again"


def test_a_file_sent_for_a_request_is_linked_to_it_before_and_after_it_has_arrived(
    cast: Cast, send: Callable[..., str], chest: bytes, no_children: None
) -> None:
    retake, upload_id = ask(cast), send(chest, "lateral.dcm")
    step(cast, retake, "answer", uploads=[upload_id])
    coming = now_of(retake)
    assert (coming["state"], coming["coming"], coming["pictures"]) == ("answered", 1, [])
    instance_id = ingest.ingest(upload_id)
    arrived = now_of(retake)
    assert (arrived["coming"], arrived["pictures"]) == (0, [instance_id])
    assert told()[-1] == (f"case:{cast.case.id}", "retake_answered")


def test_a_picture_that_was_there_already_may_answer_and_linking_it_twice_changes_nothing(
    cast: Cast, take: Take
) -> None:
    retake, instance = ask(cast), take()
    for _ in range(2):
        step(cast, retake, "answer", instances=[instance.id, instance.id])
    assert now_of(retake)["pictures"] == [instance.id]


def test_a_declined_request_says_why_and_by_whom(cast: Cast) -> None:
    retake = ask(cast)
    step(cast, retake, "decline", reason="She cannot stand")
    found = now_of(retake)
    assert (found["state"], found["reason"], found["ended_by"]) == (
        "declined",
        "She cannot stand",
        cast.doctor.full_name,
    )


@pytest.fixture
def file_of_the_case(take: Take) -> str:
    return take().id


@pytest.mark.parametrize(("state", "event"), list(product(lifecycle.STATES, lifecycle.EVENTS)))
def test_every_event_in_every_state_does_what_the_table_says(
    state: str, event: str, cast: Cast, file_of_the_case: str
) -> None:
    retake = ask(cast)
    with db.write_transaction() as session:
        row = session.get_one(Retake, retake.id)
        row.state, row.reason = state, "Because" if state == "declined" else ""
    expected = lifecycle.after(state, event)
    said: dict[str, Any] = {"instances": [file_of_the_case], "reason": "Because"}
    if expected is None:
        with pytest.raises(Conflict):
            step(cast, retake, event, **said)
    else:
        step(cast, retake, event, **said)
    assert now_of(retake)["state"] == (expected or state)


def test_only_the_specialist_asks_and_only_the_patients_side_answers(cast: Cast, file_of_the_case: str) -> None:
    with pytest.raises(NotAllowed):
        ask(cast, cast.doctor)
    retake = ask(cast)
    for event in ("answer", "decline"):
        with pytest.raises(NotAllowed):
            step(cast, retake, event, cast.specialist, instances=[file_of_the_case], reason="No")
    with pytest.raises(NotAllowed):
        step(cast, retake, "withdraw", cast.doctor)
    for stranger in (cast.far_doctor, cast.second_specialist, cast.outsider, cast.manager):
        with pytest.raises(NotFound):
            step(cast, retake, "decline", stranger, reason="No")
    assert now_of(retake)["state"] == "asked"


def test_a_file_of_another_case_answers_nothing(cast: Cast, take: Take) -> None:
    retake, instance = ask(cast), take()
    with db.write_transaction() as session:
        session.merge(instance).case_id = None
    with pytest.raises(NotFound):
        step(cast, retake, "answer", instances=[instance.id])
    with pytest.raises(NotFound):
        step(cast, retake, "answer", uploads=["0" * 32])
    assert now_of(retake)["state"] == "asked"


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"exam": "", "view": "", "words": ""}, "words"),
        ({"view": "oblique"}, "view"),
        ({"exam": "chest_xray", "view": ""}, "view"),
        ({"words": "x" * 201}, "words"),
        ({"why": "x" * 501}, "why"),
    ],
)
def test_a_request_that_asks_for_nothing_known_is_refused(asked: dict[str, Any], field: str, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast, **asked)
    assert refused.value.field == field


def test_an_answer_without_files_and_a_refusal_without_reason_are_refused(cast: Cast) -> None:
    retake = ask(cast)
    with pytest.raises(Invalid):
        step(cast, retake, "answer")
    with pytest.raises(Invalid):
        step(cast, retake, "decline", reason=" ")


def test_nobody_can_be_asked_for_more_views_than_can_be_taken(cast: Cast) -> None:
    for _ in range(operations.MOST_OPEN):
        ask(cast)
    with pytest.raises(Conflict):
        ask(cast)


def test_requests_work_when_the_consult_was_left_as_a_question(cast: Cast, consult: Consult) -> None:
    with db.write_transaction() as session:
        session.merge(consult).state = "awaiting_reply"
    retake = ask(cast)
    step(cast, retake, "decline", reason="The machine is broken")
    with db.read_session() as session:
        assert queries.open_counts(session, [cast.case.id]) == {}


# --- checklists -----------------------------------------------------------------------------------------------------


def choose(cast: Cast, exam: str = "chest_xray", who: User | None = None) -> str:
    with db.write_transaction() as session:
        return checklists.choose(session, (who or cast.doctor).actor(), cast.case.id, exam, clock.now()).id


def assign(cast: Cast, exam_id: str, view: str, *instances: str, who: User | None = None) -> None:
    with db.write_transaction() as session:
        checklists.assign(session, (who or cast.doctor).actor(), exam_id, view, instances, clock.now())


def views(cast: Cast) -> dict[str, dict[str, Any]]:
    with db.read_session() as session:
        [exam] = checklist_queries.checklist(session, cast.case.id)["exams"]
    return {view["view"]: view for view in exam["views"]}


def test_an_exam_shows_its_missing_views_and_suggests_what_the_file_says(cast: Cast, take: Take) -> None:
    front = take(ViewPosition="PA", BodyPartExamined="CHEST")
    with db.read_session() as session:
        assert checklist_queries.checklist(session, cast.case.id)["likely"] == ["chest_xray"]
    choose(cast)
    assert views(cast)["pa"]["suggested"] == [front.id]
    assert [view["pictures"] for view in views(cast).values()] == [[], []]


def test_a_ticked_view_is_there_until_it_is_unticked(cast: Cast, take: Take) -> None:
    front, exam = take(ViewPosition="PA", BodyPartExamined="CHEST"), choose(cast)
    assign(cast, exam, "pa", front.id, front.id)
    assert views(cast)["pa"]["pictures"] == [front.id]
    assert views(cast)["pa"]["suggested"] == []
    assign(cast, exam, "pa")
    assert views(cast)["pa"]["pictures"] == []


def test_picking_an_exam_twice_picks_it_once_and_dropping_it_leaves_the_pictures(cast: Cast, take: Take) -> None:
    front, exam = take(), choose(cast)
    assert choose(cast) == exam
    assign(cast, exam, "pa", front.id)
    with db.write_transaction() as session:
        checklists.drop(session, cast.doctor.actor(), exam)
    with db.read_session() as session:
        assert checklist_queries.exams_of(session, cast.case.id) == []
        assert list(session.scalars(select(ExamView))) == []


def test_a_held_picture_shows_no_view(cast: Cast, take: Take) -> None:
    take(PatientName="OTHER^PERSON", ViewPosition="PA", BodyPartExamined="CHEST")
    choose(cast)
    assert views(cast)["pa"]["suggested"] == []


@pytest.mark.parametrize("exam", ["", "brain", "Chest X-ray"])
def test_an_unknown_exam_is_refused(exam: str, cast: Cast) -> None:
    with pytest.raises(Invalid):
        choose(cast, exam)


def test_a_view_or_picture_that_is_not_there_is_not_found(cast: Cast, take: Take) -> None:
    instance, exam = take(), choose(cast)
    with pytest.raises(NotFound):
        assign(cast, exam, "oblique", instance.id)
    with pytest.raises(NotFound):
        assign(cast, exam, "pa", "0" * 32)
    with pytest.raises(NotFound):
        assign(cast, exam, "pa", instance.id, who=cast.far_doctor)


def test_every_exam_and_view_has_a_code_of_its_own_and_words() -> None:
    for exam in EXAMS.values():
        codes = [view.code for view in exam.views]
        assert len(codes) == len(set(codes)) > 1
        assert all(str(view.words) for view in exam.views)


@pytest.mark.parametrize(
    ("exam", "told", "modality", "view"),
    [
        ("chest_xray", {"view_position": "PA", "body_part": "CHEST"}, "DX", "pa"),
        ("chest_xray", {"view_position": "LL"}, "CR", "lateral"),
        ("chest_xray", {"view_position": "PA", "body_part": "HAND"}, "DX", None),
        ("limb_xray", {"view_position": "AP", "body_part": "LHAND"}, "DX", "ap"),
        ("chest_xray", {}, "DX", None),
        ("chest_xray", {"view_position": "PA"}, "US", None),
        ("fast", {"view_position": "AP"}, "US", None),
    ],
)
def test_a_view_is_suggested_only_by_what_a_radiograph_says(
    exam: str, told: dict[str, str], modality: str, view: str | None
) -> None:
    assert suggested(EXAMS[exam], {"modality": modality, "acquisition": told}) == view


def test_an_exam_is_likely_by_the_body_part() -> None:
    assert likely({"modality": "CR", "acquisition": {"body_part": "CHEST"}}) == "chest_xray"
    assert likely({"modality": "US", "acquisition": {"body_part": "CHEST"}}) is None


# --- the door -------------------------------------------------------------------------------------------------------


@pytest.fixture
def sides(cast: Cast, client_as: ClientAs) -> tuple[FlaskClient, FlaskClient]:
    return client_as(cast.doctor), client_as(cast.specialist)


def test_the_loop_through_the_door(cast: Cast, sides: tuple[FlaskClient, FlaskClient], take: Take) -> None:
    doctor, specialist = sides
    base, picture = f"/imaging/cases/{cast.case.id}", take()
    asked = specialist.post(f"{base}/retakes", json={"exam": "fast", "view": "ruq", "why": "Fluid?"})
    assert asked.status_code == 200
    retake = asked.get_json()["retake"]
    seen = doctor.get(f"{base}/views").get_json()
    assert (seen["may"], [one["id"] for one in seen["retakes"]]) == (
        {"ask": False, "answer": True, "assign": True},
        [retake["id"]],
    )
    answered = doctor.post(f"/imaging/retakes/{retake['id']}/answer", json={"instances": [picture.id]})
    assert answered.get_json()["retake"]["state"] == "answered"
    assert specialist.get(f"{base}/views").get_json()["retakes"][0]["pictures"] == [picture.id]
    assert specialist.post(f"/imaging/retakes/{retake['id']}/withdraw").status_code == 409


@pytest.mark.parametrize("body", [None, [], "x", {"exam": 7, "view": {}, "words": [], "why": None}, {"words": 1e9}])
def test_a_body_that_means_nothing_is_refused_in_one_sentence(
    body: Any, cast: Cast, sides: tuple[FlaskClient, FlaskClient]
) -> None:
    doctor, specialist = sides
    base = f"/imaging/cases/{cast.case.id}"
    exam = doctor.post(f"{base}/exams", json={"exam": "fast"}).get_json()["checklist"]["exams"][0]["id"]
    retake = specialist.post(f"{base}/retakes", json={"words": "Again"}).get_json()["retake"]["id"]
    for client, address in (
        (specialist, f"{base}/retakes"),
        (doctor, f"/imaging/retakes/{retake}/answer"),
        (doctor, f"/imaging/retakes/{retake}/decline"),
        (doctor, f"{base}/exams"),
    ):
        answer = client.post(address, json=body)
        assert answer.status_code == 422, address
        assert answer.get_json()["error"]["message"].endswith(".")
    assert doctor.put(f"/imaging/exams/{exam}/views/ruq", json=body).status_code == 200  # nothing shows it
    assert doctor.put(f"/imaging/exams/{exam}/views/ruq", json={"instances": ["x"]}).status_code == 404
