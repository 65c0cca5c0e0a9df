"""Joining by link: a patient or relative comes to one consult, with a signed link and the patient's year of birth.

The link holds nothing but the invitation's id and a signature; whether it still holds is asked of the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from flask_babel import gettext as _
from itsdangerous import BadSignature, Signer
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit, clock, config, outbox
from app.actor import SYSTEM, Actor
from app.errors import Conflict, Invalid, NotFound
from app.membership import room_of
from consult import access
from consult.lifecycle import ENDED
from consult.models import Consult, Invitation, Participant
from consult.roles import GUEST_ROLES

MOST_TRIES: Final = 5
LOCKED: Final = timedelta(minutes=15)
MOST_HOURS: Final = 24 * 14
MOST_NAME: Final = 200

Standing = Literal["open", "forged", "revoked", "expired", "ended"]
Outcome = Literal["joined", "wrong_year", "locked"]


def _signer() -> Signer:
    return Signer(config.current().secret_key, salt="invitation", digest_method=hashlib.sha256)


def token_of(invitation: Invitation) -> str:
    """What stands in the link: the invitation's id, signed."""
    return _signer().sign(invitation.id).decode()


def create(
    session: Session, actor: Actor, consult_id: str, role: str, display_name: str, hours: int | None = None
) -> Invitation:
    """A new link to the consult, for `hours` (default: the configuration's). Raises Invalid, NotFound, NotAllowed."""
    consult = access.consult(session, actor, consult_id, "invite").consult
    if consult.state in ENDED:
        raise Conflict(_("This consult has ended: nobody can be asked to it any more."), code="wrong_state")
    if role not in GUEST_ROLES:
        raise Invalid("role", _("Choose whether the patient or a relative is asked."))
    name = display_name.strip()
    if not name or len(name) > MOST_NAME:
        raise Invalid("display_name", _("Say who is asked: the others see this name."))
    lasting = config.current().invitation_hours if hours is None else hours
    if not 1 <= lasting <= MOST_HOURS:
        raise Invalid("hours", _("A link lasts from 1 hour to 14 days."))
    now = clock.now()
    invitation = Invitation(
        consult_id=consult.id,
        role=role,
        display_name=name,
        created_by=actor.id,
        created_at=now,
        expires_at=now + timedelta(hours=lasting),
    )
    session.add(invitation)
    session.flush()
    audit.record(session, actor, "invitation_created", "consult", consult.id, invitation=invitation.id, role=role)
    return invitation


@dataclass(frozen=True, slots=True)
class Invited:
    """One link as the treating doctor sees it. `standing`: open, revoked or expired; `participant_id` once used."""

    id: str
    role: str
    display_name: str
    token: str
    expires_at: datetime
    standing: Standing
    joined_at: datetime | None
    participant_id: str | None


def listed(session: Session, actor: Actor, consult_id: str) -> list[Invited]:
    """The consult's links, newest first. For who may invite."""
    consult = access.consult(session, actor, consult_id, "invite").consult
    rows = session.execute(
        select(Invitation, Participant)
        .outerjoin(Participant, Participant.invitation_id == Invitation.id)
        .where(Invitation.consult_id == consult.id)
        .order_by(Invitation.created_at.desc(), Invitation.id)
    )
    return [
        Invited(
            id=invitation.id,
            role=invitation.role,
            display_name=invitation.display_name,
            token=token_of(invitation),
            expires_at=invitation.expires_at,
            standing=standing(invitation, consult),
            joined_at=participant.joined_at if participant else None,
            participant_id=participant.id if participant else None,
        )
        for invitation, participant in rows
    ]


def revoke(session: Session, actor: Actor, consult_id: str, invitation_id: str) -> str | None:
    """Withdraw a link and take whoever came by it out of the room; gives that participant's id, if anybody came."""
    consult = access.consult(session, actor, consult_id, "invite").consult
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or invitation.consult_id != consult.id:
        raise NotFound()
    now = clock.now()
    if invitation.revoked_at is None:
        invitation.revoked_at = now
        audit.record(session, actor, "invitation_revoked", "consult", consult.id, invitation=invitation.id)
    participant = _participant(session, invitation)
    if participant is None:
        return None
    participant.removed_at = participant.removed_at or now
    outbox.post(session, room_of(consult.id), "removed", {"participant_id": participant.id, "reason": "withdrawn"})
    return participant.id


def standing(invitation: Invitation | None, consult: Consult | None) -> Standing:
    """Whether a link still opens anything, and if not, why."""
    if invitation is None or consult is None:
        return "forged"
    if invitation.revoked_at is not None:
        return "revoked"
    if consult.state in ENDED:
        return "ended"
    return "expired" if invitation.expires_at <= clock.now() else "open"


def opened(session: Session, token: str) -> tuple[Invitation | None, Consult | None]:
    """The invitation behind a link and its consult; (None, None) for a link that we did not sign."""
    try:
        invitation_id = _signer().unsign(token).decode()
    except (BadSignature, UnicodeDecodeError):
        return None, None
    invitation = session.get(Invitation, invitation_id)
    return invitation, session.get(Consult, invitation.consult_id) if invitation else None


def join(session: Session, invitation: Invitation, consult: Consult, birth_year: int) -> tuple[Outcome, Actor | None]:
    """Let a guest in who knows the patient's year of birth; MOST_TRIES wrong years lock the link for a while.

    Told by its outcome and not by raising, because wrong tries must be kept.
    """
    now = clock.now()
    if invitation.locked_until is not None and invitation.locked_until > now:
        return "locked", None
    if birth_year != consult.case.patient.birth_year:
        invitation.failed_tries += 1
        locked = invitation.failed_tries >= MOST_TRIES
        if locked:
            invitation.failed_tries, invitation.locked_until = 0, now + LOCKED
        guest = Actor("system", SYSTEM.id, SYSTEM.name, "system", consult.program_id)
        audit.record(session, guest, "join_refused", "consult", consult.id, invitation=invitation.id, locked=locked)
        return ("locked" if locked else "wrong_year"), None
    invitation.failed_tries, invitation.locked_until = 0, None
    participant = _participant(session, invitation) or _seat(session, invitation)
    participant.joined_at = participant.joined_at or now
    actor = _actor(participant, consult)
    audit.record(session, actor, "joined_by_link", "consult", consult.id, invitation=invitation.id)
    return "joined", actor


def load_guest(session: Session, participant_id: str) -> Actor | None:
    """The guest behind a session cookie; None once their link was withdrawn or ran out, or the consult has ended."""
    participant = session.get(Participant, participant_id)
    if participant is None or participant.invitation_id is None or participant.removed_at is not None:
        return None
    invitation = session.get(Invitation, participant.invitation_id)
    consult = session.get(Consult, participant.consult_id)
    if consult is None or standing(invitation, consult) != "open":
        return None
    return _actor(participant, consult)


def _participant(session: Session, invitation: Invitation) -> Participant | None:
    return session.scalar(select(Participant).where(Participant.invitation_id == invitation.id))


def _seat(session: Session, invitation: Invitation) -> Participant:
    seat = Participant(
        consult_id=invitation.consult_id,
        invitation_id=invitation.id,
        role=invitation.role,
        display_name=invitation.display_name,
    )
    session.add(seat)
    session.flush()
    return seat


def _actor(participant: Participant, consult: Consult) -> Actor:
    return Actor(
        kind="guest",
        id=participant.id,
        name=participant.display_name,
        role="patient" if participant.role == "patient" else "attendant",
        program_id=consult.program_id,
        consult_id=consult.id,
    )
