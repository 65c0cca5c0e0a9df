"""The printed record's row: asked for when something is signed, made by the worker, told to whoever watches."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app import outbox
from app.membership import room_of
from consult.models import Consult
from consult.reports import content, queries
from consult.reports.models import ReportDocument
from consult.reports.times import local_day

LAYOUT = 1  # raised when the printed page changes so much that records should be made again


def source_of(consult: Consult, documents: queries.Documents) -> str:
    """SHA-256 over everything that the printed record is made from; the same source gives the same bytes."""
    case, patient = consult.case, consult.case.patient
    seen_on = consult.requested_at or consult.created_at
    return content.digest(
        {
            "layout": LAYOUT,
            "consult": consult.id,
            "facility": consult.facility.name,
            "specialty": consult.specialty,
            "urgency": consult.urgency,
            "question": consult.question,
            "complaint": case.complaint,
            "history": case.history,
            "vitals": case.vitals,
            "seen_on": local_day(seen_on).isoformat(),
            "patient": {
                "name": patient.full_name,
                "born": str(patient.birth_date or patient.birth_year),
                "sex": patient.sex,
                "village": patient.village,
            },
            "signed": [one.content_sha256 for one in documents.signed],
        }
    )


def ask_for_report(session: Session, consult_id: str) -> ReportDocument:
    """Mark the printed record as to be made (again) from what is signed now; the caller starts the job after commit."""
    session.flush()
    consult = session.get_one(Consult, consult_id)
    source = source_of(consult, queries.documents_of(session, consult_id))
    report = queries.report_of(session, consult_id)
    if report is None:
        report = ReportDocument(consult_id=consult_id, state="making", source_sha256=source)
        session.add(report)
    report.state, report.source_sha256, report.sha256, report.size = "making", source, None, None
    _tell(session, report)
    return report


def made(session: Session, report: ReportDocument, *, source: str, sha256: str, size: int, now: datetime) -> None:
    """Write down that the file is there."""
    report.state, report.source_sha256, report.sha256, report.size = "ready", source, sha256, size
    report.made_at = now
    _tell(session, report)


def failed(session: Session, report: ReportDocument) -> None:
    """Write down that it could not be made: people may ask again."""
    report.state = "failed"
    _tell(session, report)


def _tell(session: Session, report: ReportDocument) -> None:
    fact = {"consult_id": report.consult_id, "state": report.state}
    outbox.post(session, room_of(report.consult_id), "report_changed", fact)
