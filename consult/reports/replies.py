"""Documents as the JSON API answers them: what each reader may see of a draft, and all of what is signed."""

from __future__ import annotations

from datetime import UTC, datetime

from app.actor import Actor
from consult.access import Standing
from consult.models import Consult
from consult.reports import content
from consult.reports.models import Addendum, Opinion, Outcome, ReportDocument
from consult.reports.operations import OPINION_STATES, OUTCOME_STATES
from consult.reports.protocol import (
    AddendumReply,
    DocumentReply,
    RecordReply,
    ReportReply,
    Signature,
)
from consult.reports.queries import Documents
from consult.roles import may


def opinion(actor: Actor, consult: Consult, found: Opinion | None) -> DocumentReply:
    """The opinion: a draft's words for the specialist who writes it alone, all of it once signed."""
    words = {
        "findings": found.findings if found else "",
        "impression": found.impression if found else "",
        "recommendations": found.recommendations if found else "",
        "urgency": found.urgency if found else consult.urgency,
    }
    blank = {**dict.fromkeys(words, ""), "urgency": consult.urgency}
    return _document(actor, consult.specialist_id, found, words, blank)


def outcome(actor: Actor, consult: Consult, found: Outcome | None) -> DocumentReply:
    """The outcome: a draft's words for the treating doctor alone, all of it once signed."""
    words = {
        "decision": found.decision if found else "",
        "decision_note": found.decision_note if found else "",
        "diagnosis": found.diagnosis if found else "",
        "plan": found.plan if found else "",
        "follow_up_on": found.follow_up_on.isoformat() if found and found.follow_up_on else "",
    }
    return _document(actor, consult.treating_doctor_id, found, words, dict.fromkeys(words, ""))


def _document(
    actor: Actor,
    owner_id: str | None,
    found: Opinion | Outcome | None,
    words: dict[str, str],
    blank: dict[str, str],
) -> DocumentReply:
    """A draft is advice to nobody until it is signed: only its author, while it is theirs to write, sees its words."""
    signed = found is not None and found.signed_at is not None
    mine = actor.kind == "user" and actor.id == owner_id
    begun_by_owner = found is not None and found.author_id == owner_id
    return DocumentReply(
        state="signed" if signed else "writing" if begun_by_owner and found and found.version > 0 else "none",
        version=found.version if found else 0,
        updated_at=iso(found.updated_at) if found and (signed or begun_by_owner) else None,
        mine=mine,
        fields=words if signed or (mine and begun_by_owner) else blank if mine else None,
        key_images=found.key_images if found and signed else None,
        signature=_signature(found) if found and signed else None,
    )


def addendum(found: Addendum) -> AddendumReply:
    """An addendum as it was signed."""
    return AddendumReply(id=found.id, text=found.text, signature=_signature(found))


def report(consult: Consult, found: ReportDocument | None, url: str) -> ReportReply:
    """How far the printed record is."""
    if found is None:
        return ReportReply(state="none", url=None)
    state = found.state if found.state in ("making", "ready") else "failed"
    return ReportReply.model_validate({"state": state, "url": url})


def record(
    actor: Actor, standing: Standing, documents: Documents, found: ReportDocument | None, url: str
) -> RecordReply:
    """Everything that the record panel shows to this reader."""
    consult = standing.consult
    return RecordReply(
        consult_id=consult.id,
        state=consult.state,
        role=standing.role,
        reader=actor.id,
        treating_doctor=consult.treating_doctor.full_name,
        specialist=consult.specialist.full_name if consult.specialist else "",
        rights=_rights(standing, documents),
        opinion=opinion(actor, consult, documents.opinion),
        outcome=outcome(actor, consult, documents.outcome),
        addenda=[addendum(one) for one in documents.addenda],
        report=report(consult, found, url),
    )


def _rights(standing: Standing, documents: Documents) -> list[str]:
    """What this reader may write at this moment: their role, the consult's state and what is signed, taken together."""
    state, role = standing.consult.state, standing.role
    open_now = {
        "write_opinion": state in OPINION_STATES and not _is_signed(documents.opinion),
        "write_outcome": state in OUTCOME_STATES and not _is_signed(documents.outcome),
        "add_addendum": _is_signed(documents.opinion if role == "specialist" else documents.outcome),
    }
    return [right for right, is_open in open_now.items() if is_open and may(role, right)]


def _is_signed(document: Opinion | Outcome | None) -> bool:
    return document is not None and document.signed_at is not None


def _signature(document: Opinion | Outcome | Addendum) -> Signature:
    if document.signed_at is None:
        raise ValueError("an unsigned document has no signature")
    return Signature(
        at=iso(document.signed_at),
        name=document.signed_name or "",
        registration_number=document.signed_registration or "",
        sha256=document.content_sha256 or "",
        whole=content.is_whole(document),
    )


def iso(moment: datetime) -> str:
    """A moment for the client: ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
