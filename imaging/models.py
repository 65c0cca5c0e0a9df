"""Tables: uploads as they arrive, then studies, series, instances and their renditions.

`case_id` names the case a study belongs to; what a case is, and who may see it, is another folder's business.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id

UPLOAD_STATES = ("receiving", "checking", "stored", "refused", "cancelled")
INSTANCE_STATES = ("provisional", "received", "processing", "ready", "unusable")
INSTANCE_KINDS = ("still", "clip", "document")
TABLET_RENDITIONS = ("tablet_preview", "tablet_clip")
FRAME_TILES = "frame_tiles"  # of one frame of a clip, made when somebody pauses on it
OVERLAYS = "overlays"  # one-bit drawings that the file lays over its picture
SERVER_RENDITIONS = ("thumbnail", "preview", "full", "tiles", "clip_small", "clip", "clip_mp4", FRAME_TILES, OVERLAYS)
RENDITION_NAMES = (*SERVER_RENDITIONS, *TABLET_RENDITIONS)
# Raise it when what is made changes: `remake-renditions --older-than` then finds what was made before.
# 1 as first made; 2 tiles whose noise is coded by frequency, clips that keep uneven times; 3 overlays, velocities from
# the baseline, interlaced clips without combs, photographs of 10 bits in their own brightness.
RENDITION_VERSION = 3
STALE = 0  # asked to be made again
UNMAKEABLE = -1  # asked to be made again, which failed: what is here stays
PREVIEW_STATES = ("none", "checking", "shown", "here", "refused")


def _one_of(column: str, words: tuple[str, ...], name: str) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} in ({listed})", name=name)


class Study(Base):
    """A DICOM study inside one case, or the case's photographs and videos taken together.

    Without a case it waits in its facility's inbox until a person says whose it is.
    """

    __tablename__ = "study"
    __table_args__ = (
        UniqueConstraint("case_id", "study_instance_uid"),
        Index("ix_study_identity", "facility_id", "study_instance_uid"),
        Index(
            "uq_study_waiting",
            "facility_id",
            "study_instance_uid",
            unique=True,
            sqlite_where=text("case_id is null"),
            postgresql_where=text("case_id is null"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    program_id: Mapped[str] = mapped_column(String(32))
    facility_id: Mapped[str | None] = mapped_column(String(32))  # the case's; of one that waits, the device's
    study_instance_uid: Mapped[str] = mapped_column(String(64))
    description: Mapped[str] = mapped_column(String(200), default="")
    modality: Mapped[str] = mapped_column(String(16), default="")
    study_date: Mapped[str] = mapped_column(String(8), default="")  # YYYYMMDD as in the file, or empty
    created_at: Mapped[datetime] = mapped_column(Utc)
    attached_at: Mapped[datetime | None] = mapped_column(Utc)  # from the inbox, by a person
    discarded_at: Mapped[datetime | None] = mapped_column(Utc)  # from the inbox; kept for a while


class Series(Base):
    """A DICOM series: one modality, one run of the machine."""

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("study_id", "series_instance_uid"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), index=True)
    series_instance_uid: Mapped[str] = mapped_column(String(64))
    modality: Mapped[str] = mapped_column(String(16), default="")
    description: Mapped[str] = mapped_column(String(200), default="")
    number: Mapped[int | None]


class Instance(Base):
    """One file that was kept. `sha256` names the original's bytes; `facts` is `imaging.facts.Facts` as JSON.

    "provisional": only its sender's small preview is here, without `sha256`, and nothing in it is to be measured by.
    The original completes the same row. A provisional one with a reason never got its original.
    """

    __tablename__ = "instance"
    __table_args__ = (
        UniqueConstraint("case_id", "sop_instance_uid"),
        Index("ix_instance_identity", "facility_id", "sop_instance_uid"),
        Index(
            "ix_instance_room",  # answers `quotas` by itself, for every file that comes
            "facility_id",
            "size_bytes",
            sqlite_where=text("sha256 is not null"),
            postgresql_where=text("sha256 is not null"),
        ),
        _one_of("state", INSTANCE_STATES, "state"),
        _one_of("kind", INSTANCE_KINDS, "kind"),
        CheckConstraint("progress between 0 and 1", name="progress"),
        CheckConstraint("(sha256 is null) = (state = 'provisional')", name="original"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    program_id: Mapped[str] = mapped_column(String(32))
    facility_id: Mapped[str | None] = mapped_column(String(32))
    study_id: Mapped[str] = mapped_column(ForeignKey("study.id"), index=True)
    series_id: Mapped[str] = mapped_column(ForeignKey("series.id"), index=True)
    sop_instance_uid: Mapped[str] = mapped_column(String(64))
    sop_class_uid: Mapped[str] = mapped_column(String(64), default="")
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    file_name: Mapped[str] = mapped_column(String(200))
    media: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16), default="received", index=True)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    attempts: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    reason_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # Whose picture it is: null while nothing speaks against it, else {"state": "open" | "confirmed", "fields", ...}.
    hold: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    differs: Mapped[bool] = mapped_column(default=False)  # the tablet's preview had shown something else
    # A ruler in the picture, as a person measured it: {"points", "length_mm", "by", "at"} (guards.scales).
    scale: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Where the patient's right lies, as a person told it: {"side", "by", "at"} (guards.sides).
    side: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(Utc)

    study: Mapped[Study] = relationship()
    renditions: Mapped[list[Rendition]] = relationship(
        back_populates="instance",
        primaryjoin="and_(Instance.id == Rendition.instance_id, Rendition.retired_at.is_(None),"
        " Rendition.name != 'frame_tiles')",
    )
    frame_tiles: Mapped[list[Rendition]] = relationship(
        viewonly=True,
        order_by="Rendition.frame_index",
        primaryjoin="and_(Instance.id == Rendition.instance_id, Rendition.retired_at.is_(None),"
        " Rendition.name == 'frame_tiles')",
    )

    @property
    def is_held(self) -> bool:
        """Whether its file names another patient and nobody has decided yet: no pixel of it may be shown."""
        return self.hold is not None and self.hold.get("state") == "open"


class Rendition(Base):
    """Something derived for showing. `sha256` names its bytes; `detail` holds a tile index, never pixels.

    One that was made anew is retired: its address works until it is swept, and no manifest names it any more.
    """

    __tablename__ = "rendition"
    __table_args__ = (
        Index(
            "uq_rendition_live",
            "instance_id",
            "name",
            "frame_index",
            unique=True,
            sqlite_where=text("retired_at is null"),
            postgresql_where=text("retired_at is null"),
        ),
        _one_of("name", RENDITION_NAMES, "name"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"))
    name: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    index_sha256: Mapped[str | None] = mapped_column(String(64))  # clips: the JSON index beside the access units
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    frame_index: Mapped[int] = mapped_column(default=0)  # of frame_tiles; 0 for all others
    version: Mapped[int] = mapped_column(default=RENDITION_VERSION)
    retired_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
    created_at: Mapped[datetime] = mapped_column(Utc)

    instance: Mapped[Instance] = relationship(back_populates="renditions")


class Upload(Base):
    """A file on its way in, and what became of it. Its bytes lie in the store until it is stored or given up."""

    __tablename__ = "upload"
    __table_args__ = (
        _one_of("state", UPLOAD_STATES, "state"),
        CheckConstraint("received >= 0 and received <= size", name="received"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("case_record.id"), index=True)
    owner_kind: Mapped[str] = mapped_column(String(8))
    owner_id: Mapped[str] = mapped_column(String(64))
    owner_name: Mapped[str] = mapped_column(String(200))
    owner_role: Mapped[str] = mapped_column(String(32))
    program_id: Mapped[str] = mapped_column(String(32))
    facility_id: Mapped[str | None] = mapped_column(String(32))
    consult_id: Mapped[str | None] = mapped_column(String(32))  # of an owner who is a guest
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(String(64))  # of the whole file, as its sender found it
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    state: Mapped[str] = mapped_column(String(16), default="receiving", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    reason_values: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(Text, default="")  # "again" where the same file was already in the case
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("instance.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("upload.id"), index=True)  # the archive it came in
    side: Mapped[str] = mapped_column(String(16), default="", server_default="")  # told with a photographed film
    # The sender was told that it may forget the file: the bytes stay even when the file is refused.
    acknowledged: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)


class TabletPreview(Base):
    """What a sender's own device made of an upload before the upload itself; its bytes lie beside the upload's.

    `facts` is `tablet_facts.TabletFacts` as JSON: checked for form, believed for showing only.
    """

    __tablename__ = "tablet_preview"
    __table_args__ = (
        _one_of("still_state", PREVIEW_STATES, "still_state"),
        _one_of("clip_state", PREVIEW_STATES, "clip_state"),
    )

    upload_id: Mapped[str] = mapped_column(ForeignKey("upload.id"), primary_key=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    still_state: Mapped[str] = mapped_column(String(16), default="checking", index=True)
    clip_state: Mapped[str] = mapped_column(String(16), default="none", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    reason_code: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Utc)
