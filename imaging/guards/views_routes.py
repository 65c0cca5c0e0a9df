"""The door to views: what is asked for, what the checklists lack, and every step of both."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from app import audit, clock, db
from imaging import access
from imaging.guards import cases
from imaging.guards.checklists import operations as checklists
from imaging.guards.checklists import queries as checklist_queries
from imaging.guards.retakes import operations as retakes
from imaging.guards.retakes import queries as retake_queries
from imaging.shared_routes import present_actor

views_blueprint = Blueprint("views", __name__)

_RIGHTS: dict[str, cases.Right] = {"ask": "ask_retakes", "answer": "answer_retakes", "assign": "assign_views"}


@views_blueprint.get("/cases/<case_id>/views")
def list_views(case_id: str) -> Response:
    """{"retakes": [...], "checklist": {...}, "may": {"ask", "answer", "assign"}}."""
    actor = present_actor()
    with db.write_transaction() as session:
        access.require_seeing(session, actor, case_id)
        audit.record(session, actor, "list_views", "case", case_id)
        response = jsonify(
            retakes=[retake_queries.described(one) for one in retake_queries.retakes_of(session, case_id)],
            checklist=checklist_queries.checklist(session, case_id),
            may={name: cases.may(session, actor, case_id, right) for name, right in _RIGHTS.items()},
        )
    response.headers["Cache-Control"] = "no-store"
    return response


@views_blueprint.post("/cases/<case_id>/retakes")
def ask(case_id: str) -> Response:
    """Ask for a view: {"exam", "view"} of a checklist and, or instead, {"words"}; {"why"}."""
    told = {name: _text(name) for name in ("exam", "view", "words", "why")}
    with db.write_transaction() as session:
        retake = retakes.ask(session, present_actor(), case_id, now=clock.now(), **told)
        return jsonify(retake=retake_queries.described(retake))


@views_blueprint.post("/retakes/<retake_id>/answer")
def answer(retake_id: str) -> Response:
    """Answer with files: {"uploads": [ids], "instances": [ids]}."""
    with db.write_transaction() as session:
        files = _ids("uploads"), _ids("instances")
        retake = retakes.answer(session, present_actor(), retake_id, *files, clock.now())
        return jsonify(retake=retake_queries.described(retake))


@views_blueprint.post("/retakes/<retake_id>/decline")
def decline(retake_id: str) -> Response:
    """Decline: {"reason"}."""
    with db.write_transaction() as session:
        retake = retakes.decline(session, present_actor(), retake_id, _text("reason"), clock.now())
        return jsonify(retake=retake_queries.described(retake))


@views_blueprint.post("/retakes/<retake_id>/withdraw")
def withdraw(retake_id: str) -> Response:
    """Take the request back."""
    with db.write_transaction() as session:
        retake = retakes.withdraw(session, present_actor(), retake_id, clock.now())
        return jsonify(retake=retake_queries.described(retake))


@views_blueprint.post("/cases/<case_id>/exams")
def choose_exam(case_id: str) -> Response:
    """Pick an exam: {"exam"}."""
    with db.write_transaction() as session:
        checklists.choose(session, present_actor(), case_id, _text("exam"), clock.now())
        return jsonify(checklist=checklist_queries.checklist(session, case_id))


@views_blueprint.delete("/exams/<exam_id>")
def drop_exam(exam_id: str) -> tuple[str, int]:
    """Take an exam off the case."""
    with db.write_transaction() as session:
        checklists.drop(session, present_actor(), exam_id)
    return "", 204


@views_blueprint.put("/exams/<exam_id>/views/<view>")
def assign_view(exam_id: str, view: str) -> Response:
    """Say which pictures show a view: {"instances": [ids]}; an empty list: none."""
    with db.write_transaction() as session:
        found = checklists.assign(session, present_actor(), exam_id, view, _ids("instances"), clock.now())
        return jsonify(checklist=checklist_queries.checklist(session, found.case_id))


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def _text(name: str) -> str:
    value = _body().get(name)
    return value if isinstance(value, str) else ""


def _ids(name: str) -> list[str]:
    value = _body().get(name)
    return [one for one in value if isinstance(one, str)][:1000] if isinstance(value, list) else []
