"""Asking a camera for a still: who may, and what is written down of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import audit
from app.db import new_id
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.membership import Membership
from consult import access
from consult.lifecycle import OPEN
from consult.stills.protocol import AskForStill, Kind, ReportStill
from imaging import access as imaging_access

FORGOTTEN: Final = timedelta(minutes=5)  # a device that says nothing for so long is not taking a picture any more


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that is not over. Kept by the process that both sockets are connected to."""

    id: str
    consult_id: str
    asker: str
    owner: str
    session_id: str  # of the owner's page: another page of theirs knows nothing of it
    kind: Kind
    at: datetime


def ask(session: Session, member: Membership, owner: Membership | None, wish: AskForStill, now: datetime) -> Asked:
    """Ask the device of `owner`. Raises NotAllowed, NotFound (nobody of that name is here), Conflict.

    Who may present may ask; asked can be whoever may add pictures to the case.
    """
    standing = access.consult(session, member.actor, member.consult_id, "present")
    if standing.consult.state not in OPEN:
        raise Conflict(_("This consult has ended: nothing more can be added to it."), code="consult_ended")
    if owner is None or owner.consult_id != member.consult_id or owner.participant_id == member.participant_id:
        raise NotFound()
    try:
        imaging_access.require_adding(session, owner.actor, standing.consult.case_id)
    except NotAllowed:
        words = _("Only a doctor's device can take pictures for the case.")
        raise Conflict(words, code="cannot_add") from None
    asked = Asked(
        id=new_id(),
        consult_id=member.consult_id,
        asker=member.participant_id,
        owner=owner.participant_id,
        session_id=owner.session_id,
        kind=wish.kind,
        at=now,
    )
    _write(session, member, "ask_for_still", asked)
    return asked


def report(session: Session, member: Membership, asked: Asked, said: ReportStill) -> None:
    """Write down that it was taken or refused. Raises Invalid, NotFound."""
    if said.step == "taken":
        if said.upload_id is None:
            raise Invalid("upload_id", _("Say which file it is."))
        found = imaging_access.own_upload(session, member.actor, said.upload_id)
        if found.case_id != access.consult(session, member.actor, member.consult_id, "join_room").consult.case_id:
            raise NotFound()
        _write(session, member, "take_still", asked, upload=said.upload_id)
    elif said.step == "refused":
        if said.reason is None:
            raise Invalid("reason", _("Say why."))
        _write(session, member, "refuse_still", asked, reason=said.reason)


def _write(session: Session, member: Membership, action: str, asked: Asked, **more: str) -> None:
    details = {"request": asked.id, "kind": asked.kind, "asked_by": asked.asker, "of": asked.owner, **more}
    audit.record(session, member.actor, action, "consult", member.consult_id, **details)
