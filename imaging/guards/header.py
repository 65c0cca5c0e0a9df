"""What a DICOM header says of the patient and of how the picture was taken: plain values, nothing judged."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging.guards.identity import FileIdentity

_IDENTITY = {
    "name": "PatientName",
    "birth_date": "PatientBirthDate",
    "age": "PatientAge",
    "sex": "PatientSex",
    "patient_id": "PatientID",
    "issuer": "IssuerOfPatientID",
    "study_date": "StudyDate",
    "removed": "PatientIdentityRemoved",
}
_WORDS = {"view_position": "ViewPosition", "body_part": "BodyPartExamined"}
_LATERALITY = ("ImageLaterality", "Laterality")  # of the image (PS3.3 C.8.11.7), else of the series (C.7.3.1)
_NUMBERS = {  # IEC 62494-1; (0018,1411) to (0018,1413)
    "exposure_index": "ExposureIndex",
    "target_exposure_index": "TargetExposureIndex",
    "deviation_index": "DeviationIndex",
}
TAGS = (*_IDENTITY.values(), *_WORDS.values(), *_LATERALITY, *_NUMBERS.values())


def identity(header: Dataset) -> dict[str, str]:
    """The patient as `FileIdentity.as_json` has it; says nothing of what the header leaves out."""
    told = {name: values.text(header, keyword) for name, keyword in _IDENTITY.items()}
    return FileIdentity.from_json(told).as_json()


def acquisition(header: Dataset) -> dict[str, Any]:
    """View position, body part, side (L, R, B or U) and exposure indices, as far as the header says them."""
    found: dict[str, Any] = {name: values.text(header, keyword).upper()[:16] for name, keyword in _WORDS.items()}
    found["laterality"] = next((side for word in _LATERALITY if (side := values.text(header, word).upper()[:1])), "")
    found |= {name: values.first_number(header, keyword) for name, keyword in _NUMBERS.items()}
    return {name: value for name, value in found.items() if value not in ("", None)}
