"""The consult, who takes part in it, and the links by which guests come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.auth.models import Facility, User
from app.db import Base, Utc, new_id
from consult.lifecycle import STATES, URGENCIES
from consult.patients.models import Case
from consult.roles import PARTICIPANT_ROLES


class Consult(Base):
    """One question to one specialist (FHIR Encounter), from draft to signed outcome."""

    __tablename__ = "consult"
    __table_args__ = (
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"urgency in {URGENCIES!r}", name="urgency"),
        CheckConstraint("state in ('draft', 'cancelled') or requested_at is not null", name="requested"),
        CheckConstraint(
            "state in ('draft', 'requested', 'cancelled', 'declined') or specialist_id is not null", name="specialist"
        ),
        Index("ix_consult_worklist", "program_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"))
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"), index=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    treating_doctor_id: Mapped[str] = mapped_column(ForeignKey("user_account.id"), index=True)
    specialist_id: Mapped[str | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), default="draft")
    specialty: Mapped[str] = mapped_column(String(64), default="")
    urgency: Mapped[str] = mapped_column(String(16), default="routine")
    question: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # why it was cancelled or declined
    created_at: Mapped[datetime] = mapped_column(Utc)
    requested_at: Mapped[datetime | None] = mapped_column(Utc, index=True)
    accepted_at: Mapped[datetime | None] = mapped_column(Utc)
    started_at: Mapped[datetime | None] = mapped_column(Utc)
    opinion_signed_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)  # concluded, cancelled or declined

    case: Mapped[Case] = relationship(lazy="joined")
    facility: Mapped[Facility] = relationship(lazy="joined")
    treating_doctor: Mapped[User] = relationship(lazy="joined", foreign_keys=[treating_doctor_id])
    specialist: Mapped[User | None] = relationship(lazy="joined", foreign_keys=[specialist_id])


class ConsultEvent(Base):
    """One step of a consult's life: what, from where to where, by whom, when and why."""

    __tablename__ = "consult_event"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    event: Mapped[str] = mapped_column(String(32))
    state_before: Mapped[str] = mapped_column(String(16))
    state_after: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(Utc)


class Participant(Base):
    """Someone who may sit in the consult's room. Their id is the author of strokes and the peer of calls."""

    __tablename__ = "participant"
    __table_args__ = (
        CheckConstraint(f"role in {PARTICIPANT_ROLES!r}", name="role"),
        UniqueConstraint("consult_id", "user_id"),
        UniqueConstraint("invitation_id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    invitation_id: Mapped[str | None] = mapped_column(ForeignKey("invitation.id"))
    role: Mapped[str] = mapped_column(String(32))
    display_name: Mapped[str] = mapped_column(String(200))
    joined_at: Mapped[datetime | None] = mapped_column(Utc)
    removed_at: Mapped[datetime | None] = mapped_column(Utc)


class Invitation(Base):
    """A signed, expiring link for a patient or attendant; opened by it and the patient's year of birth."""

    __tablename__ = "invitation"
    __table_args__ = (CheckConstraint("role in ('patient', 'attendant')", name="role"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    consult_id: Mapped[str] = mapped_column(ForeignKey("consult.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    display_name: Mapped[str] = mapped_column(String(200))
    created_by: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    revoked_at: Mapped[datetime | None] = mapped_column(Utc)
    failed_tries: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(Utc)
