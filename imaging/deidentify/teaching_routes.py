"""The program's teaching copies: pictures without a patient, for everybody with an account in it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from app import db
from app.auth.guards import actor, users_only
from app.errors import NotFound
from imaging.deidentify import access, files, operations, queries

blueprint = Blueprint("teaching", __name__, url_prefix="/teaching")


@blueprint.get("")
@users_only
def list_teaching() -> str:
    """Every teaching copy of the program."""
    with db.read_session() as session:
        return render_template("teaching/list.html", copies=queries.teaching_copies(session, actor().program_id))


@blueprint.get("/<teaching_id>")
@login_required
def show_teaching(teaching_id: str) -> str:
    """One teaching copy."""
    with db.write_transaction() as session:
        found = operations.read_teaching(session, actor(), teaching_id)
        return render_template("teaching/show.html", found=found, is_maker=found.maker_id == actor().id)


@blueprint.get("/<teaching_id>/copy.zip")
@login_required
def download_teaching(teaching_id: str) -> Response:
    """Its archive."""
    with db.write_transaction() as session:
        operations.read_teaching(session, actor(), teaching_id, "download_teaching_copy")
    path = files.teaching_folder(teaching_id) / files.ARCHIVE
    if not path.exists():
        raise NotFound()
    return send_file(path, mimetype="application/zip", as_attachment=True, download_name="teaching.zip")


@blueprint.get("/<teaching_id>/pictures/<number>")
@login_required
def show_teaching_picture(teaching_id: str, number: str) -> Response:
    """One of its pictures, from 0."""
    with db.read_session() as session:
        pictures = access.teaching(session, actor(), teaching_id).pictures
    if not (number.isdecimal() and len(number) < 4 and int(number) < len(pictures)):
        raise NotFound()
    path = files.teaching_folder(teaching_id) / str(pictures[int(number)]["shown"])
    if not path.is_file():
        raise NotFound()
    response = send_file(path, mimetype="image/webp")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.post("/<teaching_id>/delete")
@login_required
def delete_teaching(teaching_id: str) -> Response:
    """Take it back."""
    with db.write_transaction() as session:
        operations.delete_teaching(session, actor(), teaching_id)
    files.drop(files.teaching_folder(teaching_id))
    flash(_("The teaching copy is deleted."), "good")
    return redirect(url_for("teaching.list_teaching"))
