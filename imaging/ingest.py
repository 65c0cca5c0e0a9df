"""One operation: a whole file is checked, stored and indexed, or nothing is, with one reason."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from app import audit, clock, db
from imaging import access, archives, placing, provisional, sandbox, store
from imaging.announcements import actor_of, post_instance, post_upload, post_upload_gone
from imaging.dicomweb import drawn, headers
from imaging.facts import Facts
from imaging.file_meta import data_set_hash
from imaging.guards.holds import operations as holds
from imaging.guards.sides import telling
from imaging.models import Instance, Series, Study, Upload
from imaging.refusals import Refusal

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 4  # a file that takes the worker down with it is not tried for ever


def ingest(upload_id: str) -> str | None:
    """Take in an upload whose bytes are whole; returns the instance's id, or None when it was refused.

    Safe to repeat at any moment: an upload that is no longer being checked is left as it is.
    """
    with store.only_one(f"upload-{upload_id}") as mine:
        if not mine:
            return None
        path = store.upload_path(upload_id)
        size = _begin(upload_id)
        if size is None:
            return _instance_of(upload_id)
        try:
            if not path.exists() or path.stat().st_size != size:
                raise Refusal("lost_bytes")
            _check_bytes(upload_id, path)
            if archives.is_archive(path):
                archives.open_up(upload_id, path)
                return None
            facts, header = inspect(path)
            return _keep(upload_id, path, facts, header)
        except Refusal as refusal:
            if refusal.code != "storage_full" or not _waits_for_room(upload_id):
                refuse(upload_id, refusal)
            return None


def _waits_for_room(upload_id: str) -> bool:
    """A full disk is not the file's fault: one that its sender may have forgotten is tried again until there is room.

    Anybody else still has theirs, and is told.
    """
    with db.write_transaction() as session:
        upload = session.get_one(Upload, upload_id)
        if upload.acknowledged and upload.state == "checking":
            upload.attempts, upload.updated_at = max(0, upload.attempts - 1), clock.now()
            log.error("no room to take in upload %s: it waits", upload_id)
            return True
    return False


def _begin(upload_id: str) -> int | None:
    """Count the attempt; the upload's size, or None when there is nothing left to do."""
    with db.write_transaction() as session:
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state != "checking":
            return None
        upload.attempts += 1
        if upload.attempts <= MAX_ATTEMPTS:
            return upload.size
    refuse(upload_id, Refusal("crashed"))
    return None


def _check_bytes(upload_id: str, path: Path) -> None:
    """Compare the file with the SHA-256 that its sender told, if it did. Raises Refusal("changed_on_the_way")."""
    with db.read_session() as session:
        told = session.get_one(Upload, upload_id).sha256
    if told is not None and store.hash_of(path) != told:
        raise Refusal("changed_on_the_way")


def _instance_of(upload_id: str) -> str | None:
    with db.read_session() as session:
        upload = session.get(Upload, upload_id)
        return upload.instance_id if upload else None


def inspect(path: Path) -> tuple[Facts, headers.Found | None]:
    """What the file is, and a DICOM file's header, found out in the sandbox. Raises Refusal."""
    facts: dict[str, Any] | None = None
    header: headers.Found | None = None
    with store.refusing_when_full(), store.workspace() as workspace:
        for event in sandbox.run("inspect", path, workspace):
            if event["event"] == "facts":
                facts = event["facts"]
            elif event["event"] == "header":
                header = headers.read_event(event, workspace)
    if facts is None:
        raise Refusal("crashed")
    return Facts.from_json(facts), header


def _keep(upload_id: str, path: Path, facts: Facts, header: headers.Found | None) -> str | None:
    sha256 = store.keep("originals", path)
    try:
        if header is not None:
            headers.keep(sha256, header)
        instance_id = _index(upload_id, sha256, facts, header)
    except Refusal:
        drop_unused(sha256)
        raise
    store.drop_upload(upload_id)
    return instance_id


def drop_unused(sha256: str) -> None:
    """Forget an original and its header unless an instance has it: asked while nobody else can write one (`_index`)."""
    with db.write_transaction() as session:
        _drop_unused(session, sha256)


def _drop_unused(session: Session, sha256: str) -> None:
    if session.scalar(select(Instance.id).where(Instance.sha256 == sha256).limit(1)) is None:
        store.drop("originals", sha256)
        headers.drop(sha256)
        drawn.drop(sha256)


def _index(upload_id: str, sha256: str, facts: Facts, header: headers.Found | None) -> str | None:
    """Write the rows, all in one transaction. Raises Refusal("conflict") for another file of the same identity.

    On the disk when it returns: the upload's own bytes go next, and "stored" tells its sender to let go of theirs.
    """
    with db.write_transaction(durable=True) as session:
        return write_rows(session, upload_id, sha256, facts, header)


def write_rows(session: Session, upload_id: str, sha256: str, facts: Facts, header: headers.Found | None) -> str | None:
    """The rows of an upload whose original is kept, in the caller's transaction; nothing is written when it raises
    Refusal (conflict, conflict_kept): another file has the same identity.
    """
    upload = session.get(Upload, upload_id)
    if upload is None or upload.state != "checking":
        return upload.instance_id if upload else None
    followed = _follow_preview(session, upload)
    _complete_identity(facts, upload, sha256)
    same = _same_identity(session, upload, facts.sop_instance_uid)
    if any(not _is_same_file(other, upload, sha256) for other in same):
        raise Refusal("conflict_kept" if upload.acknowledged else "conflict")
    present = None if followed else _find_place(session, upload, facts, same)
    waiting = provisional.of_upload(session, upload, facts.sop_instance_uid)
    instance = present or add_instance(session, upload, sha256, facts, waiting)
    if present is not None and waiting is not None:
        provisional.leave_without_original(session, upload, "original_elsewhere")
    if header is not None:
        headers.add(session, instance, header)
    holds.check(session, actor_of(upload), instance)
    upload.state, upload.instance_id = "stored", instance.id
    upload.note = "again" if present else ""
    upload.updated_at = clock.now()
    audit.record(
        session,
        actor_of(upload),
        "store_instance" if not present else "store_instance_again",
        "instance",
        instance.id,
        sha256=sha256,
        case_id=upload.case_id,
        upload_id=upload.id,
    )
    post_upload(session, upload)
    post_instance(session, instance)
    if instance.sha256 != sha256:  # the same picture behind another header: the first one stays
        _drop_unused(session, sha256)
    else:
        store.keep_still("originals", sha256, store.upload_path(upload_id))
    return instance.id


def _follow_preview(session: Session, upload: Upload) -> bool:
    """Whether a doctor saw by its preview that the picture is somebody else's and took that out: its file goes too."""
    preview = session.get(Instance, upload.instance_id) if upload.instance_id else None
    taken_out = preview is not None and preview.state == provisional.PROVISIONAL and preview.case_id is None
    if preview is None or not taken_out or upload.case_id is None:
        return False
    post_upload_gone(session, upload)
    upload.case_id, upload.facility_id = None, preview.facility_id
    return True


def _complete_identity(facts: Facts, upload: Upload, sha256: str) -> None:
    """UIDs for what has none: from the bytes (the same file is the same instance) and, for studies, from the case."""
    facts.sop_instance_uid = facts.sop_instance_uid or derived_uid(f"instance:{sha256}")
    # what has no case and names no study is a study of its own: nothing says that two such files belong together
    complete_study(facts, upload, sha256)


def complete_study(facts: Facts, upload: Upload, alone: str) -> None:
    """UIDs of study and series for what names none: the case's own, or, without a case, one for `alone`."""
    group = upload.case_id or alone
    facts.study_instance_uid = facts.study_instance_uid or derived_uid(f"study:{group}")
    facts.series_instance_uid = facts.series_instance_uid or derived_uid(f"series:{group}:{facts.media}")


def derived_uid(seed: str) -> str:
    """A UID of the form 2.25.<128 bit number> (PS3.5 section B.2) that is the same for the same seed."""
    return f"2.25.{int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], 'big')}"


def _same_identity(session: Session, upload: Upload, sop_instance_uid: str) -> list[Instance]:
    """Whole instances of this SOP Instance UID in the same case or, where it has one, at the same facility."""
    places: list[ColumnElement[bool]] = [false()]
    if upload.case_id is not None:
        places.append(Instance.case_id == upload.case_id)
    if upload.facility_id is not None:
        places.append(Instance.facility_id == upload.facility_id)
    wanted = select(Instance).where(
        Instance.sop_instance_uid == sop_instance_uid, Instance.sha256.is_not(None), or_(*places)
    )
    return list(session.scalars(wanted.order_by(Instance.created_at)))


def _is_same_file(other: Instance, upload: Upload, sha256: str) -> bool:
    """Whether two files of one identity hold the same data set: every sender writes the header before it anew."""
    if other.sha256 == sha256:
        return True
    if other.sha256 is None or other.media != "dicom":
        return False
    known, found = store.path_of("originals", other.sha256), store.upload_path(upload.id)
    if not known.exists() or not found.exists():
        return False
    return data_set_hash(known) == data_set_hash(found)


def _find_place(session: Session, upload: Upload, facts: Facts, same: list[Instance]) -> Instance | None:
    """The instance that is the same file in the same place, if any. What came without a case joins the case that
    somebody of the facility has attached its study to, or the same file wherever it is by now.
    """
    if upload.case_id is not None:
        return next((other for other in same if other.case_id == upload.case_id), None)
    present = same[0] if same else None
    if present is not None:
        upload.case_id = present.case_id
    else:
        attached = select(Study.case_id).where(
            Study.facility_id == upload.facility_id,
            Study.study_instance_uid == facts.study_instance_uid,
            Study.case_id.is_not(None),
        )
        upload.case_id = session.scalar(attached.order_by(Study.created_at.desc()).limit(1))
    return present


def add_instance(
    session: Session, upload: Upload, sha256: str | None, facts: Facts, waiting: Instance | None = None
) -> Instance:
    """The instance's row, its study and series found or made; `waiting`, a provisional one, is completed in its place.

    `sha256` None makes a provisional one.
    """
    study = _study_for(session, upload, facts)
    series = _series_for(session, study, facts)
    instance = waiting or Instance(id=db.new_id(), created_at=clock.now())
    before = (instance.study_id, instance.series_id)
    instance.differs = waiting is not None and provisional.has_another_shape(waiting, facts)
    instance.case_id, instance.program_id, instance.facility_id = upload.case_id, upload.program_id, upload.facility_id
    instance.study, instance.series_id = study, series.id
    instance.sop_instance_uid, instance.sop_class_uid = facts.sop_instance_uid, facts.sop_class_uid
    instance.sha256, instance.size_bytes = sha256, upload.size if sha256 else 0
    instance.state = "received" if sha256 else provisional.PROVISIONAL
    instance.reason_code, instance.reason_values = None, {}
    instance.file_name, instance.media, instance.kind = upload.file_name, facts.media, facts.kind
    instance.facts = facts.as_json()
    if upload.side and instance.side is None:
        instance.side = telling.told(upload.side, upload.owner_name, clock.now())
    session.add(instance)
    session.flush()
    if waiting is not None and before != (study.id, series.id):
        provisional.forget_empty_homes(session, *before)
    return instance


def _study_for(session: Session, upload: Upload, facts: Facts) -> Study:
    program_id, facility_id = _home_of(session, upload)
    study = placing.find_study(session, upload.case_id, facility_id, facts.study_instance_uid)
    if study is not None:
        study.discarded_at = None  # there is more of it: somebody should look again
        return study
    told = Study(
        program_id=program_id,
        study_instance_uid=facts.study_instance_uid,
        description=facts.study_description,
        modality=facts.modality,
        study_date=facts.study_date,
    )
    made_at = clock.now()
    return placing.add_study(session, told, case_id=upload.case_id, facility_id=facility_id, created_at=made_at)


def _home_of(session: Session, upload: Upload) -> tuple[str, str | None]:
    """Whose study it is: the case's facility, whoever sent the file; the sender's while there is no case."""
    home = access.home_of(session, upload.case_id) if upload.case_id is not None else None
    return home or (upload.program_id, upload.facility_id)


def _series_for(session: Session, study: Study, facts: Facts) -> Series:
    told = Series(
        series_instance_uid=facts.series_instance_uid,
        modality=facts.modality,
        description=facts.series_description,
        number=facts.series_number,
    )
    return placing.series_like(session, study, told)


def refuse(upload_id: str, refusal: Refusal) -> None:
    """End an upload with its one reason; it stays listed. Its bytes stay only where their sender may have forgotten
    them because it was told that they are safe here.
    """
    with db.write_transaction() as session:
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state not in {"receiving", "checking"}:
            return
        upload.state = "refused"
        upload.reason_code, upload.reason_values = refusal.code, dict(refusal.values)
        upload.updated_at = clock.now()
        audit.record(session, actor_of(upload), "refuse_upload", "upload", upload.id, reason=refusal.code)
        provisional.leave_without_original(session, upload, "original_refused")
        post_upload(session, upload)
        acknowledged = upload.acknowledged
    if not acknowledged:
        store.drop_upload(upload_id)
    log.info("upload %s refused: %s", upload_id, refusal.code)
