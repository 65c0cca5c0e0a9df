"""Hold back a picture that names another patient, until the treating doctor has decided whose it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit, clock
from app.actor import Actor
from app.errors import Conflict, Invalid
from imaging import access, placing
from imaging.announcements import post_inbox, post_instance, post_removed
from imaging.guards import cases
from imaging.guards.holds import queries
from imaging.guards.holds.models import Hold
from imaging.guards.identity import FileIdentity, compare
from imaging.models import Instance, Series, Study

Decision = Literal["same_patient", "wrong_patient"]
DECISIONS: tuple[Decision, ...] = ("same_patient", "wrong_patient")
LONGEST_REASON = 500


def check(session: Session, actor: Actor, instance: Instance) -> bool:
    """Open a hold where the instance's facts name another patient than its case; whether it is held now.

    To be called by whatever puts an instance into a case or learns more of it, in the same transaction. What was
    confirmed once is not asked again, unless the file says something else than what was confirmed.
    """
    case = cases.identity(session, instance.case_id)
    said = FileIdentity.from_json(instance.facts.get("identity") or {})
    if case is None or instance.case_id is None or instance.is_held or _confirmed(session, instance, said):
        return instance.is_held
    verdict = compare(said, case, clock.today())
    if verdict.state != "differs":
        return False
    hold = Hold(
        instance_id=instance.id,
        case_id=instance.case_id,
        fields=list(verdict.differing),
        said=said.as_json(),
        opened_at=clock.now(),
    )
    session.add(hold)
    instance.hold = {"state": "open", "fields": list(verdict.differing)}
    session.flush()
    detail = {"case_id": instance.case_id, "fields": ",".join(verdict.differing)}
    audit.record(session, actor, "hold_instance", "instance", instance.id, **detail)
    return True


def _confirmed(session: Session, instance: Instance, said: FileIdentity) -> bool:
    rows = select(Hold).where(
        Hold.instance_id == instance.id, Hold.case_id == instance.case_id, Hold.state == "confirmed"
    )
    return any(one.said == said.as_json() for one in session.scalars(rows))


def ask(session: Session, actor: Actor, instance_id: str) -> dict[str, Any] | None:
    """What the treating doctor is shown to decide; None for a picture that is not held.

    Raises NotFound, and NotAllowed for everybody else: what the file says is another patient's identity.
    """
    instance = access.instance(session, actor, instance_id)
    cases.require(session, actor, instance.case_id, "decide_holds")
    hold = queries.open_hold(session, instance_id)
    case = cases.identity(session, instance.case_id)
    if hold is None or case is None:
        return None
    audit.record(session, actor, "read_hold", "instance", instance.id, case_id=instance.case_id)
    return queries.question(hold, case, len(queries.alike(session, hold)))


def decide(
    session: Session, actor: Actor, instance_id: str, decision: str, reason: str, now: datetime
) -> list[Instance]:
    """Show the picture after all, or take it out of the case; and with it every one whose file says the same.

    Raises NotFound, NotAllowed, Invalid (decision, reason), Conflict (somebody has decided already).
    """
    instance = access.instance(session, actor, instance_id)
    cases.require(session, actor, instance.case_id, "decide_holds")
    reason = _checked(decision, reason)
    hold = queries.open_hold(session, instance_id)
    if hold is None:
        raise Conflict(_("This was decided already. Load the page again to see it."))
    decided = [one for one in queries.alike(session, hold) if _close(session, one, actor, decision, reason, now)]
    for one in decided:
        if decision == "same_patient":
            _show(session, one, actor, reason, now)
        else:
            take_out(session, actor, one.instance, now)
        detail = {"case_id": one.case_id, "decision": decision, "hold_id": one.id}
        audit.record(session, actor, "decide_hold", "instance", one.instance_id, **detail)
    return [one.instance for one in decided]


def _checked(decision: str, reason: str) -> str:
    reason = " ".join(reason.split())
    if decision not in DECISIONS:
        raise Invalid("decision", _("Say whether it is this patient's picture or another's."))
    if decision == "same_patient" and not reason:
        raise Invalid("reason", _("Write how you know that it is this patient's picture."))
    if len(reason) > LONGEST_REASON:
        raise Invalid("reason", _("Say it in at most %(most)s characters.", most=LONGEST_REASON))
    return reason


def _close(session: Session, hold: Hold, actor: Actor, decision: str, reason: str, now: datetime) -> bool:
    """The conditional update: of two who decide at once, one does."""
    state = "confirmed" if decision == "same_patient" else "removed"
    values = {
        "state": state,
        "reason": reason,
        "decided_by": actor.id,
        "decided_by_name": actor.name,
        "decided_at": now,
    }
    done = session.execute(update(Hold).where(Hold.id == hold.id, Hold.state == "open").values(**values))
    return bool(getattr(done, "rowcount", 0))


def _show(session: Session, hold: Hold, actor: Actor, reason: str, now: datetime) -> None:
    told = {"state": "confirmed", "fields": hold.fields, "by": actor.name, "reason": reason, "at": now.isoformat()}
    hold.instance.hold = told
    session.flush()
    post_instance(session, hold.instance)


def withdraw(session: Session, actor: Actor, instance: Instance, now: datetime) -> None:
    """End the open question about an instance that leaves its case by another way: whoever puts it into one is asked
    anew.
    """
    hold = queries.open_hold(session, instance.id)
    if hold is not None:
        _close(session, hold, actor, "wrong_patient", "", now)
    instance.hold = None


def take_out(session: Session, actor: Actor, instance: Instance, now: datetime) -> None:
    """Out of the case and into its facility's inbox; its bytes stay."""
    case_id, series = instance.case_id, session.get_one(Series, instance.series_id)
    instance.facility_id = instance.study.facility_id or instance.facility_id or actor.facility_id
    study = _waiting_study(session, instance, now)
    place = placing.series_like(session, study, series)
    instance.study, instance.series_id = study, place.id
    instance.case_id, instance.hold = None, None
    session.flush()
    if case_id is not None:
        post_removed(session, case_id, instance.id)
    post_inbox(session, instance.facility_id)


def _waiting_study(session: Session, instance: Instance, now: datetime) -> Study:
    """The study of this UID that waits in the facility's inbox; made where there is none."""
    known, home = instance.study, instance.facility_id
    waiting = placing.find_study(session, None, home, known.study_instance_uid)
    return waiting or placing.add_study(session, known, case_id=None, facility_id=home, created_at=now)
