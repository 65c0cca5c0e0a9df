"""Instances of which only their sender's preview is here: found, completed by their original, or left without one."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from imaging.announcements import post_instance
from imaging.facts import Facts
from imaging.models import TABLET_RENDITIONS, Instance, Rendition, Series, Study, Upload

PROVISIONAL = "provisional"
_ROUNDING_PX = 2  # of a video whose pixels are not square
_ON_THE_WAY = ("receiving", "checking")


def of_upload(session: Session, upload: Upload, sop_instance_uid: str) -> Instance | None:
    """The row that this upload's original is to complete: its own, or one that another sender of it made."""
    own = session.get(Instance, upload.instance_id) if upload.instance_id else None
    if own is not None and own.state == PROVISIONAL and own.case_id == upload.case_id:
        return own
    return in_case(session, upload.case_id, sop_instance_uid)


def in_case(session: Session, case_id: str | None, sop_instance_uid: str) -> Instance | None:
    """The provisional instance of this identity in a case."""
    if case_id is None:
        return None
    wanted = select(Instance).where(
        Instance.case_id == case_id, Instance.sop_instance_uid == sop_instance_uid, Instance.state == PROVISIONAL
    )
    return session.scalar(wanted)


def has_another_shape(instance: Instance, facts: Facts) -> bool:
    """Whether what was drawn on the preview may lie elsewhere on the original: another size, beyond rounding, or other
    frames. A video's are told by its container, and counted when it is decoded.
    """
    told = Facts.from_json(instance.facts)
    off = max(abs(told.rows - facts.rows), abs(told.columns - facts.columns))
    recounted = facts.media == "dicom" and told.frames != facts.frames
    return off > _ROUNDING_PX or told.kind != facts.kind or recounted


def forget_empty_homes(session: Session, study_id: str, series_id: str) -> None:
    """Drop the study and series that a preview named where its original lies in others."""
    if session.scalar(select(Instance.id).where(Instance.series_id == series_id).limit(1)) is None:
        session.delete(session.get_one(Series, series_id))
        session.flush()
    if session.scalar(select(Series.id).where(Series.study_id == study_id).limit(1)) is None:
        session.delete(session.get_one(Study, study_id))
        session.flush()


def leave_without_original(session: Session, upload: Upload, reason_code: str) -> None:
    """The upload ended without its original: its preview stays, and says so from now on.

    Unless somebody else is still sending the same picture.
    """
    instance = session.get(Instance, upload.instance_id) if upload.instance_id else None
    if instance is None or instance.state != PROVISIONAL:
        return
    others = select(Upload.id).where(
        Upload.instance_id == instance.id, Upload.id != upload.id, Upload.state.in_(_ON_THE_WAY)
    )
    if session.scalar(others.limit(1)) is None:
        instance.reason_code, instance.reason_values = reason_code, {}
        post_instance(session, instance)


def drop_tablet_renditions(session: Session, instance: Instance) -> None:
    """The original's own renditions are all here: the tablet's are needed no more."""
    for rendition in [one for one in instance.renditions if one.name in TABLET_RENDITIONS]:
        instance.renditions.remove(rendition)
        session.delete(rendition)


def tablet_preview(instance: Instance) -> Rendition | None:
    """The tablet's still, while it is kept."""
    return next((one for one in instance.renditions if one.name == "tablet_preview"), None)
