"""The one gate to studies and pixels. Whose case it is, is told by a policy that the factory installs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Protocol

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Select, and_, false, or_
from sqlalchemy.orm import Session

from app.actor import Actor
from app.errors import NotAllowed, NotFound
from imaging.models import Instance, Rendition, Study, Upload


class Policy(Protocol):
    """Who may see, and who may add to, the pictures of a case; answers False for a case that does not exist."""

    def may_see(self, session: Session, actor: Actor, case_id: str) -> bool: ...

    def may_add(self, session: Session, actor: Actor, case_id: str) -> bool: ...

    def cases_seen(self, actor: Actor) -> Select[Any]:
        """The ids of every case of which `may_see` is true."""
        ...

    def home_of(self, session: Session, case_id: str) -> tuple[str, str] | None:
        """The program and the facility that a case belongs to."""
        ...


_policy: Policy | None = None


def install(policy: Policy | None) -> None:
    """Make `policy` the rule of this process; without one nobody sees anything."""
    global _policy
    _policy = policy


def _sees(session: Session, actor: Actor, case_id: str | None) -> bool:
    return _policy is not None and case_id is not None and _policy.may_see(session, actor, case_id)


def _sees_instance(session: Session, actor: Actor, found: Instance) -> bool:
    """Through its case or, while it has none, as one of those who work with its facility's inbox."""
    if found.case_id is not None:
        return _sees(session, actor, found.case_id)
    return works_with_inbox(actor) and actor.facility_id == found.facility_id


def require_seeing(session: Session, actor: Actor, case_id: str | None) -> None:
    """Raises NotFound for an outsider."""
    if not _sees(session, actor, case_id):
        raise NotFound()


def require_adding(session: Session, actor: Actor, case_id: str | None) -> None:
    """Raises NotFound for an outsider, NotAllowed for somebody who may only look."""
    require_seeing(session, actor, case_id)
    if _policy is None or case_id is None or not _policy.may_add(session, actor, case_id):
        raise NotAllowed(_("You may look at these pictures, but not add to them."))


def home_of(session: Session, case_id: str) -> tuple[str, str] | None:
    """The program and the facility of a case; None where nobody says (no policy, no such case)."""
    return _policy.home_of(session, case_id) if _policy is not None else None


def require_inbox(actor: Actor) -> str:
    """The facility whose inbox this actor works with: its treating doctors'. Raises NotFound for everybody else."""
    if not works_with_inbox(actor) or actor.facility_id is None:
        raise NotFound()
    return actor.facility_id


def studies_seen(actor: Actor) -> ColumnElement[bool]:
    """The condition on `Study` that it is one the actor may see: in a case of theirs or in their facility's inbox; for
    a device, any of its facility.
    """
    if actor.kind == "device":
        return and_(Study.program_id == actor.program_id, Study.facility_id == actor.facility_id)
    seen: list[ColumnElement[bool]] = [false()]
    if _policy is not None:
        seen.append(Study.case_id.in_(_policy.cases_seen(actor)))
    with suppress(NotFound):
        seen.append(and_(Study.case_id.is_(None), Study.facility_id == require_inbox(actor)))
    return or_(*seen)


def instances_shown() -> ColumnElement[bool]:
    """The condition on `Instance` that no open question keeps it from being shown (see `require_shown`)."""
    return or_(Instance.hold.is_(None), Instance.hold["state"].as_string() != "open")


def works_with_inbox(actor: Actor) -> bool:
    """Whether the actor has an inbox at all."""
    return actor.kind == "user" and actor.role == "treating_doctor" and actor.facility_id is not None


def instance(session: Session, actor: Actor, instance_id: str) -> Instance:
    """An instance that the actor may see. Raises NotFound."""
    found = session.get(Instance, instance_id)
    if found is None or not _sees_instance(session, actor, found):
        raise NotFound()
    return found


def require_shown(found: Instance) -> None:
    """Raises NotAllowed("held") where the file names another patient and nobody has decided yet, whoever asks.

    To be called before any pixel or byte of an instance is given out.
    """
    if found.is_held:
        raise NotAllowed(
            _("Held: this file names another patient. The treating doctor must decide whose picture it is."),
            code="held",
        )


def shown_instance(session: Session, actor: Actor, instance_id: str) -> Instance:
    """An instance whose pixels the actor may see. Raises NotFound, NotAllowed("held")."""
    found = instance(session, actor, instance_id)
    require_shown(found)
    return found


def rendition(session: Session, actor: Actor, rendition_id: str) -> Rendition:
    """A rendition of an instance that the actor may see. Raises NotFound, NotAllowed("held")."""
    found = session.get(Rendition, rendition_id)
    if found is None or not _sees_instance(session, actor, found.instance):
        raise NotFound()
    require_shown(found.instance)
    return found


def upload(session: Session, actor: Actor, upload_id: str) -> Upload:
    """An upload to a case that the actor may see. Raises NotFound."""
    found = session.get(Upload, upload_id)
    if found is None or not _sees(session, actor, found.case_id):
        raise NotFound()
    return found


def own_upload(session: Session, actor: Actor, upload_id: str) -> Upload:
    """The actor's own upload, to send or give up. Raises NotFound for outsiders, NotAllowed for other readers."""
    found = upload(session, actor, upload_id)
    if (found.owner_kind, found.owner_id) != (actor.kind, actor.id):
        raise NotAllowed(_("Somebody else is sending this file."))
    require_adding(session, actor, found.case_id)
    return found
