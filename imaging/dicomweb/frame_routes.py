"""WADO-RS: frames, and pictures of instances as they should look (PS3.18 sections 10.4.1.1.4, 10.4.1.1.5)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from app import db
from app.auth.tokens import Bearer
from app.errors import NotFound
from imaging.dicomweb import headers, media_types, pictures, queries, serving
from imaging.dicomweb.door_routes import NotAcceptable, opened
from imaging.dicomweb.queries import Place
from imaging.dicomweb.retrieve_routes import Found, accepted, answer_with_frames, find
from imaging.models import Instance

blueprint = Blueprint("frames", __name__)

_STUDY = "/studies/<study_uid>"
_SERIES = f"{_STUDY}/series/<series_uid>"
_INSTANCE = f"{_SERIES}/instances/<instance_uid>"
_MP4 = "video/mp4"
AHEAD = 7  # frames that are drawn with one that is asked for


@blueprint.get(f"{_INSTANCE}/frames/<frames>")
@opened("read")
def some_frames(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str, frames: str) -> Response:
    """Frames by their numbers, from 1."""
    found = find(bearer, Place(study_uid, series_uid, instance_uid), "frames")[0]
    return answer_with_frames(found, pictures.read_frames(frames, _count(found[0])))


@blueprint.get(f"{_INSTANCE}/rendered")
@opened("read")
def rendered(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str) -> AnyResponse:
    """An instance as it should look: a still, or a clip's first frame; a clip as video where that is asked for."""
    found = find(bearer, Place(study_uid, series_uid, instance_uid), "rendered")[0]
    offered = (*pictures.KINDS, _MP4) if found[0].kind == "clip" else pictures.KINDS
    kind = _chosen(offered)
    return _video(found) if kind == _MP4 else _picture(found[0], 1, kind, pictures.read_looks(request.args))


@blueprint.get(f"{_INSTANCE}/frames/<frames>/rendered")
@opened("read")
def rendered_frame(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str, frames: str) -> AnyResponse:
    """One frame as it should look."""
    found = find(bearer, Place(study_uid, series_uid, instance_uid), "rendered")[0]
    return _one_frame(found, frames, pictures.read_looks(request.args), going_through=True)


@blueprint.get(f"{_INSTANCE}/frames/<frames>/thumbnail")
@opened("read")
def frame_thumbnail(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str, frames: str) -> AnyResponse:
    """One frame, small."""
    found = find(bearer, Place(study_uid, series_uid, instance_uid), "thumbnail")[0]
    return _one_frame(found, frames, _small())


@blueprint.get(f"{_INSTANCE}/thumbnail")
@opened("read")
def instance_thumbnail(bearer: Bearer, study_uid: str, series_uid: str, instance_uid: str) -> AnyResponse:
    """An instance, small."""
    return _thumbnail(bearer, Place(study_uid, series_uid, instance_uid))


@blueprint.get(f"{_SERIES}/thumbnail")
@opened("read")
def series_thumbnail(bearer: Bearer, study_uid: str, series_uid: str) -> AnyResponse:
    """The picture in the middle of a series, small."""
    return _thumbnail(bearer, Place(study_uid, series_uid))


@blueprint.get(f"{_STUDY}/thumbnail")
@opened("read")
def study_thumbnail(bearer: Bearer, study_uid: str) -> AnyResponse:
    """A picture that stands for a study, small."""
    return _thumbnail(bearer, Place(study_uid))


def _count(instance: Instance) -> int:
    spans = headers.spans_of(instance)
    said = int(instance.facts.get("frames") or 1)
    return said if spans is None else max(len(spans), said) if len(spans) == 1 else len(spans)


def _one_frame(found: Found, frames: str, looks: dict[str, Any], *, going_through: bool = False) -> AnyResponse:
    """`going_through`: whoever asks for a frame behind the first one will want those after it."""
    numbers = pictures.read_frames(frames, _count(found[0]))
    if len(numbers) != 1:
        raise NotAcceptable("One frame at a time is drawn.")
    left = _count(found[0]) - numbers[0]
    ahead = min(AHEAD, left) if going_through and numbers[0] > 1 else 0
    return _picture(found[0], numbers[0], _chosen(pictures.KINDS), looks, ahead=ahead)


def _thumbnail(bearer: Bearer, place: Place) -> AnyResponse:
    found = find(bearer, place, "thumbnail")
    shown = [one for one, _, _ in found if one.kind != "document"]
    if not shown:
        raise NotFound()
    return _picture(shown[len(shown) // 2], 1, _chosen(pictures.KINDS), _small())


def _small() -> dict[str, Any]:
    looks = pictures.read_looks(request.args)
    return {**looks, "box": looks["box"] or list(pictures.THUMBNAIL)}


def _chosen(offered: tuple[str, ...]) -> str:
    kind = media_types.choose(accepted(), offered)
    if kind is None:
        raise NotAcceptable(f"A picture can be given as {', '.join(offered)}.")
    return kind


def _picture(instance: Instance, number: int, kind: str, looks: dict[str, Any], *, ahead: int = 0) -> Response:
    content = serving.picture(instance, number - 1, {"kind": kind, **looks}, ahead=ahead)
    return Response(content, mimetype=kind)


def _video(found: Found) -> AnyResponse:
    """The clip as the room's own video; it is there once the worker has made it."""
    with db.read_session() as session:
        path = queries.video_of(session, found[0])
    if path is None or not path.exists():
        raise serving.Busy("The video is still being made. Try again shortly.")
    return send_file(path, mimetype=_MP4, conditional=True)
