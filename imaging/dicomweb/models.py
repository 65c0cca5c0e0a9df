"""One table: what searches look for in an instance's header. The header itself lies in a file (`headers.py`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

LONGEST = 200


class DicomHeader(Base):
    """An instance as searches match it: text in lower case, dates YYYYMMDD, times HHMMSS; "" for what is not there.

    `attributes` is DICOM JSON (PS3.18 annex F) of the attributes that searches return.
    """

    __tablename__ = "dicom_header"

    instance_id: Mapped[str] = mapped_column(ForeignKey("instance.id"), primary_key=True)
    transfer_syntax_uid: Mapped[str] = mapped_column(String(64))
    patient_name: Mapped[str] = mapped_column(String(LONGEST), index=True)
    patient_id: Mapped[str] = mapped_column(String(LONGEST), index=True)
    patient_birth_date: Mapped[str] = mapped_column(String(8))
    patient_sex: Mapped[str] = mapped_column(String(16))
    accession_number: Mapped[str] = mapped_column(String(LONGEST), index=True)
    study_date: Mapped[str] = mapped_column(String(8), index=True)
    study_time: Mapped[str] = mapped_column(String(6))
    study_id: Mapped[str] = mapped_column(String(LONGEST))
    study_description: Mapped[str] = mapped_column(String(LONGEST))
    referring_physician: Mapped[str] = mapped_column(String(LONGEST))
    modality: Mapped[str] = mapped_column(String(16))
    series_number: Mapped[str] = mapped_column(String(16))
    series_description: Mapped[str] = mapped_column(String(LONGEST))
    body_part: Mapped[str] = mapped_column(String(64))
    step_date: Mapped[str] = mapped_column(String(8))
    step_time: Mapped[str] = mapped_column(String(6))
    instance_number: Mapped[str] = mapped_column(String(16))
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
