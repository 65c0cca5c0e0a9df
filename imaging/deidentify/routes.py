"""Pages of copies: a case's list with its form, one copy through all its states, and its archive."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from app import clock, db
from app.auth.guards import actor, behind
from app.errors import Conflict, Invalid, NotFound
from imaging.deidentify import access, files, jobs, operations, queries
from imaging.deidentify.models import DeidentifiedCopy
from imaging.deidentify.presets import PRESETS

blueprint = Blueprint("copies", __name__)
REFUSED = 422


@blueprint.get("/cases/<case_id>/copies")
@login_required
@behind(access.require_making)
def list_copies(case_id: str) -> str:
    """The case's copies, and the form that starts one."""
    return _list_page(case_id)


def _list_page(case_id: str, refused: Invalid | None = None) -> str:
    with db.read_session() as session:
        return render_template(
            "copies/list.html",
            case_id=case_id,
            copies=queries.copies_of(session, case_id),
            choices=queries.choices(session, case_id),
            presets=PRESETS.values(),
            thumbnails=_thumbnails(session, case_id),
            chosen=request.form,
            refused=refused,
        )


def _thumbnails(session: Any, case_id: str) -> dict[str, str]:
    """Instance id -> the id of its thumbnail."""
    found = queries.choices(session, case_id)
    return {one.id: made.id for one in found for made in one.renditions if made.name == "thumbnail"}


@blueprint.post("/cases/<case_id>/copies")
@login_required
@behind(access.require_making)
def start_copy(case_id: str) -> Response | tuple[str, int]:
    """Order a copy and go to its page."""
    try:
        with db.write_transaction() as session:
            copy = operations.start(
                session,
                actor(),
                case_id,
                purpose=request.form.get("purpose", ""),
                preset=request.form.get("preset", ""),
                instance_ids=request.form.getlist("pictures"),
                now=clock.now(),
            )
    except Invalid as error:
        return _list_page(case_id, error), REFUSED
    jobs.propose_masks(copy.id)
    return redirect(url_for("copies.show_copy", copy_id=copy.id))


@blueprint.get("/copies/<copy_id>")
@login_required
@behind(access.copy)
def show_copy(copy_id: str) -> str:
    """One copy, as far as it is."""
    with db.write_transaction() as session:
        copy = access.copy(session, actor(), copy_id)
        operations.record_reading(session, actor(), copy, "read_copy")
        return _copy_page(queries.whole_copy(session, copy_id))


def _copy_page(copy: DeidentifiedCopy, refused: Invalid | None = None) -> str:
    return render_template(
        "copies/show.html",
        copy=copy,
        state=queries.as_json(copy),
        preset=PRESETS[copy.preset],
        refused=refused,
        title=request.form.get("title", ""),
    )


@blueprint.get("/copies/<copy_id>/copy.zip")
@login_required
@behind(access.copy)
def download_copy(copy_id: str) -> Response:
    """The archive. Raises NotFound while there is none."""
    path = files.folder_of(copy_id) / files.ARCHIVE
    with db.write_transaction() as session:
        copy = access.copy(session, actor(), copy_id)
        if copy.state != "ready" or not path.exists():
            raise NotFound()
        operations.record_reading(session, actor(), copy, "download_copy")
    response = send_file(path, mimetype="application/zip", as_attachment=True, download_name="pictures.zip")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/copies/<copy_id>/keep")
@login_required
@behind(access.copy)
def keep_copy(copy_id: str) -> Response | tuple[str, int]:
    """Put a copy on the program's teaching list."""
    try:
        with db.write_transaction() as session:
            teaching = operations.keep_to_teach(session, actor(), copy_id, request.form.get("title", ""), clock.now())
            files.hand_over(copy_id, teaching.id)
    except (Invalid, Conflict) as error:
        with db.read_session() as session:
            refused = error if isinstance(error, Invalid) else Invalid("title", error.message)
            return _copy_page(queries.whole_copy(session, copy_id), refused), REFUSED
    files.drop(files.folder_of(copy_id))
    flash(_("Kept as a teaching copy. It does not lead back to the case."), "good")
    return redirect(url_for("teaching.show_teaching", teaching_id=teaching.id))


@blueprint.post("/copies/<copy_id>/delete")
@login_required
@behind(access.copy)
def delete_copy(copy_id: str) -> Response:
    """Give a copy up."""
    with db.write_transaction() as session:
        copy = operations.delete(session, actor(), copy_id, clock.now())
    files.drop(files.folder_of(copy_id))
    flash(_("The copy is deleted. The pictures in the case are as they were."), "good")
    return redirect(url_for("copies.list_copies", case_id=copy.case_id))
