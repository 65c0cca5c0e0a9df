"""What a device and its link could do before a call, kept for each site and hour. Nothing of a patient."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Utc, new_id

MICROPHONES = ("good", "silent", "refused", "missing", "skipped")
CAMERAS = ("good", "refused", "missing", "skipped")
PATHS = ("direct", "relayed", "blocked", "unknown")
VERDICTS = ("picture", "stills", "voice", "text")


class LinkCheck(Base):
    """One person's newest check of an hour at their site.

    Rates are bits per second, `round_trip` milliseconds, `loss` a share of 1; null where it could not be measured.
    `path`: how calls from here find a way; `relayed` where only a TURN server does, `blocked` where nothing that is
    set up for it can be reached. `verdict`: the most that will work.
    """

    __tablename__ = "link_check"
    __table_args__ = (
        CheckConstraint(f"microphone in {MICROPHONES!r}", name="microphone"),
        CheckConstraint(f"camera in {CAMERAS!r}", name="camera"),
        CheckConstraint(f"path in {PATHS!r}", name="path"),
        CheckConstraint(f"verdict in {VERDICTS!r}", name="verdict"),
        CheckConstraint("loss is null or (loss >= 0 and loss <= 1)", name="loss"),
        UniqueConstraint("facility_id", "user_id", "hour"),
        Index("ix_link_check_program_hour", "program_id", "hour"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"))
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    hour: Mapped[datetime] = mapped_column(Utc)  # its first moment
    at: Mapped[datetime] = mapped_column(Utc)
    microphone: Mapped[str] = mapped_column(String(8))
    camera: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(8))
    round_trip: Mapped[int | None]
    loss: Mapped[float | None] = mapped_column(Float)
    down_bps: Mapped[int | None]
    up_bps: Mapped[int | None]
    verdict: Mapped[str] = mapped_column(String(8))
