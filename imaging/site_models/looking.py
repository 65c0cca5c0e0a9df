"""The worker's part: give a model a de-identified picture, and keep what it says. Safe to kill and to repeat."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import Any

from app import audit, clock, db
from app.actor import SYSTEM
from imaging import queries as pictures
from imaging import sandbox, store
from imaging.facts import Facts
from imaging.models import Instance
from imaging.refusals import Refusal
from imaging.site_models import process, queries, registry
from imaging.site_models.models import ModelRun, ModelStatement
from imaging.site_models.protocol import (
    MOST_FRAMES,
    REQUEST_FILE,
    GivenFrame,
    Request,
    SiteModel,
    Statement,
    read_result,
)

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 2


def look(instance_id: str) -> None:
    """Have every registered model that takes such pictures look at one. Nothing to do without models."""
    for model in registry.registered():
        with store.only_one(f"model-{instance_id}") as mine:
            original = _begin(instance_id, model) if mine else None
            if original is None:
                continue
            try:
                statements = _ask(model, original, _facts(instance_id))
            except Refusal as refusal:
                _end(instance_id, model, [], refusal)
            else:
                _end(instance_id, model, statements)


def _facts(instance_id: str) -> Facts:
    with db.read_session() as session:
        return Facts.from_json(session.get_one(Instance, instance_id).facts)


def _begin(instance_id: str, model: SiteModel) -> Path | None:
    """Count the attempt; the original's place, or None where there is nothing to do."""
    with db.write_transaction() as session:
        instance = session.get(Instance, instance_id)
        if instance is None or not queries.may_be_looked_at(instance):
            return None
        if not model.takes(Facts.from_json(instance.facts).modality, instance.kind):
            return None
        run = queries.run_of(session, instance_id, model)
        if run is None:
            run = ModelRun(
                id=db.new_id(),
                instance_id=instance_id,
                name=model.name,
                version=model.version,
                approval=model.approval,
                intended_use=model.intended_use,
                state="running",
                attempts=0,
                started_at=clock.now(),
            )
            session.add(run)
        if run.state != "running":
            return None
        run.attempts += 1
        given_up = run.attempts > MAX_ATTEMPTS
        original = pictures.original_path(instance)
    if given_up:
        _end(instance_id, model, [], Refusal("model_failed"))
        return None
    return original


def _ask(model: SiteModel, original: Path, facts: Facts) -> list[Statement]:
    if not original.exists():
        raise Refusal("lost_bytes")
    with store.refusing_when_full(), store.workspace() as workspace:
        boxes = _boxes_to_cover(original, workspace)
        folder = workspace / "given"
        folder.mkdir()
        request = _write_request(model, original, workspace, folder, facts, boxes)
        content = process.run(model, folder)
    try:
        return read_result(content, model, request.frame_count)
    except ValueError as error:
        raise Refusal("model_answer") from error


def _boxes_to_cover(original: Path, workspace: Path) -> list[list[int]]:
    """Whatever looks like identity in the pixels: here nobody looks before the model does, so all of it is covered."""
    folder = workspace / "read"
    folder.mkdir()
    found: list[dict[str, Any]] = []
    for event in sandbox.run("propose_masks", original, folder, {"known": []}):
        if event["event"] == "masks":
            found = [one for one in event["proposals"] if one["likely"]]
    return [[one["x"], one["y"], one["width"], one["height"]] for one in found]


def _write_request(
    model: SiteModel, original: Path, workspace: Path, folder: Path, facts: Facts, boxes: list[list[int]]
) -> Request:
    """The copy, its frames as PNG and request.json, in a folder that holds nothing else."""
    made = workspace / "made"
    made.mkdir()
    order = {"salt": secrets.token_hex(32), "preset": "bare", "boxes": boxes, "confirmed": False}
    frames, dicom = [], None
    for event in sandbox.run("copy_without_identity", original, made, {**order, "frames": MOST_FRAMES}):
        if event["event"] == "frame":
            (made / event["file"]).rename(folder / event["file"])
            frames.append(GivenFrame(file=event["file"], frame_number=event["frame_number"]))
        elif event["event"] == "rendition" and event["name"] == "copy" and event["file"].endswith(".dcm"):
            dicom = event["file"]
    if dicom is not None:
        (made / dicom).rename(folder / dicom)
    request = Request(
        name=model.name,
        version=model.version,
        modality=facts.modality,
        rows=facts.rows,
        columns=facts.columns,
        frame_count=facts.frames,
        frames=frames,
        dicom=dicom,
        covered=boxes,
    )
    (folder / REQUEST_FILE).write_text(request.model_dump_json(), encoding="utf-8")
    return request


def _end(instance_id: str, model: SiteModel, statements: list[Statement], refusal: Refusal | None = None) -> None:
    with db.write_transaction() as session:
        run = queries.run_of(session, instance_id, model)
        if run is None or run.state != "running":
            return
        run.state, run.reason_code = ("done", None) if refusal is None else ("failed", refusal.code)
        run.ended_at = clock.now()
        run.statements = [
            ModelStatement(id=db.new_id(), position=number, **statement.model_dump())
            for number, statement in enumerate(statements)
        ]
        detail = {"model": f"{model.name} {model.version}", "state": run.state, "reason": run.reason_code}
        audit.record(session, SYSTEM, "model_looked", "instance", instance_id, **detail)
        if refusal is not None:
            log.info("a site's model gave no result: %s", refusal.code)
