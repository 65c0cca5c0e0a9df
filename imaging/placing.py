"""Where an instance stands: the study and series of its UIDs, in a case or waiting in a facility, each made once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import new_id
from imaging.models import Series, Study


def find_study(session: Session, case_id: str | None, facility_id: str | None, study_instance_uid: str) -> Study | None:
    """The study of this UID in the case; with no case, the one that waits in the facility's inbox."""
    wanted = select(Study).where(Study.case_id == case_id, Study.study_instance_uid == study_instance_uid)
    if case_id is None:
        wanted = wanted.where(Study.facility_id == facility_id)
    return session.scalar(wanted)


def add_study(
    session: Session, known: Study, *, case_id: str | None, facility_id: str | None, created_at: datetime
) -> Study:
    """A study with another's UID and description, at another place."""
    made = Study(
        id=new_id(),
        case_id=case_id,
        program_id=known.program_id,
        facility_id=facility_id,
        study_instance_uid=known.study_instance_uid,
        description=known.description,
        modality=known.modality,
        study_date=known.study_date,
        created_at=created_at,
    )
    session.add(made)
    session.flush()
    return made


def series_like(session: Session, study: Study, known: Series) -> Series:
    """The series of another's UID in `study`; made, with the same description, where there is none."""
    uid = known.series_instance_uid
    wanted = select(Series).where(Series.study_id == study.id, Series.series_instance_uid == uid)
    found = session.scalar(wanted)
    if found is None:
        found = Series(
            id=new_id(),
            study_id=study.id,
            series_instance_uid=uid,
            modality=known.modality,
            description=known.description,
            number=known.number,
        )
        session.add(found)
        session.flush()
    return found
