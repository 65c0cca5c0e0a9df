"""Background work: the printed record. Made by the worker, as often as asked, to the same bytes."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app import clock, config, db
from app.jobs import huey
from consult.models import Consult
from consult.reports import pdf, pictures, printed, queries, report_state

log = logging.getLogger(__name__)

ATTEMPTS: Final = 3


@huey.task(priority=20)  # before renditions: somebody stands at the printer
def make_report(consult_id: str) -> None:
    """Make the consult's printed record from what is signed now; nothing to do when it is there already."""
    try:
        make(consult_id)
    except Exception:
        log.exception("the record of consult %s could not be printed", consult_id)
        with db.write_transaction() as session:
            report = queries.report_of(session, consult_id)
            if report is not None and report.state == "making":
                report_state.failed(session, report)


def take_up() -> None:
    """Queue again the records that an earlier worker, or a web process killed after signing, did not get made."""
    with db.read_session() as session:
        waiting = queries.reports_to_make(session)
    for consult_id in waiting:
        make_report(consult_id)


def make(consult_id: str, draw: pictures.Draw = pictures.draw) -> None:
    """Typeset and keep the record; once more when something was signed while it was being printed."""
    for _attempt in range(ATTEMPTS):
        if _made_once(consult_id, draw):
            return
    raise RuntimeError("the record kept changing while it was printed")


def _made_once(consult_id: str, draw: pictures.Draw) -> bool:
    with db.read_session() as session:
        report = queries.report_of(session, consult_id)
        consult = session.get(Consult, consult_id)
        documents = queries.documents_of(session, consult_id)
    if report is None or consult is None or report.state == "ready" or not documents.signed:
        return True
    source = report_state.source_of(consult, documents)
    files: dict[str, bytes] = {}
    data = printed.document(consult, documents, lambda image: _file(image, files, draw), source=source)
    content = pdf.make(data, files, dated=_last_signed(documents))
    sha256 = _keep(content)
    with db.write_transaction() as session:
        consult = session.get_one(Consult, consult_id)
        if report_state.source_of(consult, queries.documents_of(session, consult_id)) != source:
            return False
        report = queries.report_of(session, consult_id)
        if report is not None and report.state != "ready":
            report_state.made(session, report, source=source, sha256=sha256, size=len(content), now=clock.now())
    return True


def _file(image: dict[str, Any], files: dict[str, bytes], draw: pictures.Draw) -> str | None:
    drawn = pictures.for_print(image, draw)
    if drawn is None:
        return None
    name = f"image-{len(files) + 1}.jpg"
    files[name] = drawn
    return name


def _last_signed(documents: queries.Documents) -> datetime:
    times = [one.signed_at for one in documents.signed if one.signed_at is not None]
    return max(times)


def path_of(sha256: str) -> Path:
    """Where the printed record with these bytes lies."""
    return config.current().data_dir / "reports" / sha256[:2] / f"{sha256[2:]}.pdf"


def _keep(content: bytes) -> str:
    """Keep the bytes under their hash: written beside, synced, then renamed, so that a name always has all of them."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = path_of(sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return sha256
