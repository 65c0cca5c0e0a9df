"""Keeping what a check found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotFound
from video.checks.models import LinkCheck
from video.checks.protocol import Findings

KEPT: Final = timedelta(days=90)


def keep(session: Session, actor: Actor, found: Findings, now: datetime) -> LinkCheck:
    """Keep a check: the newest of each person and hour; old ones are forgotten. Raises NotFound for who has no site."""
    if actor.kind != "user" or actor.facility_id is None:
        raise NotFound()
    hour = now.replace(minute=0, second=0, microsecond=0)
    mine = (LinkCheck.facility_id == actor.facility_id, LinkCheck.user_id == actor.id, LinkCheck.hour == hour)
    check = session.scalar(select(LinkCheck).where(*mine))
    if check is None:
        session.execute(delete(LinkCheck).where(LinkCheck.hour < now - KEPT))
        check = LinkCheck(program_id=actor.program_id, facility_id=actor.facility_id, user_id=actor.id, hour=hour)
        session.add(check)
    check.at = now
    for name, value in found.model_dump().items():
        setattr(check, name, value)
    session.flush()
    return check
