"""Reads of a consult's documents. Whoever reads goes through the gate, and the reading is a row in the audit log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.actor import Actor
from consult import access
from consult.access import Standing
from consult.models import Consult
from consult.reports.models import Addendum, Opinion, Outcome, ReportDocument


@dataclass(frozen=True, slots=True)
class Documents:
    """What has been written about one consult so far; a document that nobody began is None."""

    opinion: Opinion | None
    outcome: Outcome | None
    addenda: list[Addendum]

    @property
    def signed(self) -> list[Opinion | Outcome | Addendum]:
        """The signed ones, in the order in which they follow each other."""
        drafts = (self.opinion, self.outcome)
        return [*(one for one in drafts if one is not None and one.signed_at is not None), *self.addenda]


def opinion_of(session: Session, consult_id: str) -> Opinion | None:
    """The consult's opinion, draft or signed."""
    return session.scalar(select(Opinion).where(Opinion.consult_id == consult_id))


def outcome_of(session: Session, consult_id: str) -> Outcome | None:
    """The consult's outcome, draft or signed."""
    return session.scalar(select(Outcome).where(Outcome.consult_id == consult_id))


def addenda_of(session: Session, consult_id: str) -> list[Addendum]:
    """The consult's addenda, oldest first."""
    rows = select(Addendum).where(Addendum.consult_id == consult_id).order_by(Addendum.signed_at, Addendum.id)
    return list(session.scalars(rows))


def documents_of(session: Session, consult_id: str) -> Documents:
    """Everything written about a consult."""
    return Documents(
        opinion=opinion_of(session, consult_id),
        outcome=outcome_of(session, consult_id),
        addenda=addenda_of(session, consult_id),
    )


def report_of(session: Session, consult_id: str) -> ReportDocument | None:
    """The consult's printed record; there is one row a consult, made again in place."""
    rows = select(ReportDocument).where(ReportDocument.consult_id == consult_id).limit(1)
    return session.scalar(rows)


def reports_to_make(session: Session) -> list[str]:
    """Consults whose printed record was asked for and is not there yet."""
    return list(session.scalars(select(ReportDocument.consult_id).where(ReportDocument.state == "making")))


def read(session: Session, actor: Actor, consult_id: str, what: str) -> tuple[Standing, Documents]:
    """The documents for one who may read the record; `what` names the reading in the audit log.

    Raises NotFound for outsiders and NotAllowed for guests. The caller's transaction must be one that commits.
    """
    standing = access.consult(session, actor, consult_id, "read_record")
    audit.record(session, actor, what, "consult", consult_id)
    return standing, documents_of(session, consult_id)


def is_author(actor: Actor, consult: Consult, document: Opinion | Outcome | None) -> bool:
    """Whether an unsigned document's words may be shown to this actor: a draft is nobody's advice but its author's."""
    if actor.kind != "user":
        return False
    if document is None:
        return False
    owner = consult.specialist_id if isinstance(document, Opinion) else consult.treating_doctor_id
    return actor.id == owner == document.author_id
