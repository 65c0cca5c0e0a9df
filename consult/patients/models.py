"""The patient, the case (one course of illness) and the consent that was given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, Utc, new_id

SEXES = ("female", "male", "other", "unknown")


class Patient(Base):
    """A person under care at one facility. Either `birth_date` is known or only `birth_year` (reckoned from an age)."""

    __tablename__ = "patient"
    __table_args__ = (
        CheckConstraint(f"sex in {SEXES!r}", name="sex"),
        Index("ix_patient_match", "program_id", "phone"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"), index=True)
    full_name: Mapped[str] = mapped_column(String(200))
    birth_date: Mapped[date | None] = mapped_column(Date)
    birth_year: Mapped[int] = mapped_column(Integer)
    sex: Mapped[str] = mapped_column(String(8))
    phone: Mapped[str] = mapped_column(String(32), default="")
    village: Mapped[str] = mapped_column(String(120), default="")
    guardian_name: Mapped[str] = mapped_column(String(200), default="")
    guardian_relation: Mapped[str] = mapped_column(String(64), default="")
    created_by: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime] = mapped_column(Utc)


class Case(Base):
    """A patient's course of illness; it holds consults, consents and studies (which name it by `case_id`)."""

    __tablename__ = "case_record"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    program_id: Mapped[str] = mapped_column(ForeignKey("program.id"), index=True)
    facility_id: Mapped[str] = mapped_column(ForeignKey("facility.id"), index=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patient.id"), index=True)
    complaint: Mapped[str] = mapped_column(Text, default="")
    history: Mapped[str] = mapped_column(Text, default="")
    vitals: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # names and units: consult.patients.vitals
    opened_by: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    opened_at: Mapped[datetime] = mapped_column(Utc)
    updated_at: Mapped[datetime] = mapped_column(Utc)

    patient: Mapped[Patient] = relationship(lazy="joined")


class Consent(Base):
    """What was agreed to, in which words and language, who asked, who answered, when. Never changed, only followed."""

    __tablename__ = "consent"
    __table_args__ = (CheckConstraint("given_by in ('patient', 'guardian')", name="given_by"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("case_record.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32), default="teleconsult")
    text_version: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    given_by: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime] = mapped_column(Utc)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Utc)
