"""Millimetres for a picture that has none: a line over a ruler in it, and the length that a person read there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from app.errors import Conflict, Invalid
from imaging import access
from imaging.announcements import post_instance
from imaging.guards import cases
from imaging.guards.scales.reckoning import has_own_scale
from imaging.models import Instance

SHORTEST_PX = 20.0  # below it a finger's width decides the scale
LENGTHS_MM = (1.0, 2000.0)


def calibrate(
    session: Session, actor: Actor, instance_id: str, points: Sequence[object], length_mm: object, now: datetime
) -> Instance:
    """Say that the line x0, y0, x1, y1 (image px) over a ruler is `length_mm` long; replaces what was said before.

    Raises NotFound, NotAllowed, Invalid, and Conflict for a picture whose own file says its millimetres.
    """
    instance = _load(session, actor, instance_id)
    if has_own_scale(instance.facts):
        raise Conflict(_("The file says its own millimetres: they are not replaced by a ruler."))
    line, length = _checked(instance, points, length_mm)
    told = {"points": line, "length_mm": length, "by": actor.name, "at": now.isoformat()}
    instance.scale = told
    session.flush()
    audit.record(session, actor, "calibrate_instance", "instance", instance.id, points=line, length_mm=length)
    post_instance(session, instance)
    return instance


def remove(session: Session, actor: Actor, instance_id: str) -> Instance:
    """Take the ruler away again. Raises NotFound, NotAllowed."""
    instance = _load(session, actor, instance_id)
    if instance.scale is not None:
        instance.scale = None
        session.flush()
        audit.record(session, actor, "remove_scale", "instance", instance.id)
        post_instance(session, instance)
    return instance


def _load(session: Session, actor: Actor, instance_id: str) -> Instance:
    instance = access.instance(session, actor, instance_id)
    cases.require(session, actor, instance.case_id, "calibrate")
    access.require_shown(instance)
    return instance


def _checked(instance: Instance, points: Sequence[object], length_mm: object) -> tuple[list[float], float]:
    line = [float(one) for one in points if isinstance(one, int | float) and math.isfinite(one)]
    columns, rows = instance.facts.get("columns", 0), instance.facts.get("rows", 0)
    if len(points) != 4 or len(line) != 4:
        raise Invalid("points", _("Draw a line over the ruler first."))
    if not all(0 <= x <= columns for x in line[::2]) or not all(0 <= y <= rows for y in line[1::2]):
        raise Invalid("points", _("Draw the line inside the picture."))
    if math.dist(line[:2], line[2:]) < SHORTEST_PX:
        raise Invalid("points", _("The line is too short to measure by. Draw it over a longer part of the ruler."))
    if isinstance(length_mm, bool) or not isinstance(length_mm, int | float):
        raise Invalid("length_mm", _("Say how many millimetres the line is long."))
    if not LENGTHS_MM[0] <= length_mm <= LENGTHS_MM[1]:
        raise Invalid("length_mm", _("A length between 1 and 2000 mm."))
    return [round(one, 2) for one in line], float(length_mm)
