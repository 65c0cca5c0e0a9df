"""The attributes that a search may ask for, and at which level each of them stands (PS3.18 section 10.6.3.3).

Keyword -> tag as DICOM JSON writes it. Kept here by hand: the web process knows no data dictionary.
"""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["study", "series", "instance"]

# Always returned, and returned when asked for (`includefield`): what an instance's header says of its study.
STUDY: Final[dict[str, str]] = {
    "StudyDate": "00080020",
    "StudyTime": "00080030",
    "AccessionNumber": "00080050",
    "ReferringPhysicianName": "00080090",
    "TimezoneOffsetFromUTC": "00080201",
    "StudyDescription": "00081030",
    "PatientName": "00100010",
    "PatientID": "00100020",
    "PatientBirthDate": "00100030",
    "PatientSex": "00100040",
    "StudyID": "00200010",
}
STUDY_MORE: Final[dict[str, str]] = {
    "InstitutionName": "00080080",
    "IssuerOfPatientID": "00100021",
    "OtherPatientIDs": "00101000",
    "PatientAge": "00101010",
    "PatientSize": "00101020",
    "PatientWeight": "00101030",
    "PatientComments": "00104000",
}
SERIES: Final[dict[str, str]] = {
    "Modality": "00080060",
    "SeriesDescription": "0008103E",
    "SeriesNumber": "00200011",
    "PerformedProcedureStepStartDate": "00400244",
    "PerformedProcedureStepStartTime": "00400245",
}
SERIES_MORE: Final[dict[str, str]] = {
    "SeriesDate": "00080021",
    "SeriesTime": "00080031",
    "PresentationIntentType": "00080068",
    "Manufacturer": "00080070",
    "StationName": "00081010",
    "OperatorsName": "00081070",
    "ManufacturerModelName": "00081090",
    "BodyPartExamined": "00180015",
    "ProtocolName": "00181030",
    "PatientPosition": "00185100",
    "Laterality": "00200060",
}
INSTANCE: Final[dict[str, str]] = {
    "InstanceNumber": "00200013",
    "NumberOfFrames": "00280008",
    "Rows": "00280010",
    "Columns": "00280011",
    "BitsAllocated": "00280100",
}
INSTANCE_MORE: Final[dict[str, str]] = {
    "ImageType": "00080008",
    "AcquisitionDate": "00080022",
    "ContentDate": "00080023",
    "AcquisitionDateTime": "0008002A",
    "ContentTime": "00080033",
    "SliceThickness": "00180050",
    "FrameTime": "00181063",
    "ViewPosition": "00185101",
    "AcquisitionNumber": "00200012",
    "PatientOrientation": "00200020",
    "ImagePositionPatient": "00200032",
    "ImageOrientationPatient": "00200037",
    "FrameOfReferenceUID": "00200052",
    "ImageLaterality": "00200062",
    "ImageComments": "00204000",
    "SamplesPerPixel": "00280002",
    "PhotometricInterpretation": "00280004",
    "PixelSpacing": "00280030",
    "BitsStored": "00280101",
    "WindowCenter": "00281050",
    "WindowWidth": "00281051",
}

ALWAYS: Final[dict[Level, dict[str, str]]] = {"study": STUDY, "series": SERIES, "instance": INSTANCE}
WHEN_ASKED: Final[dict[Level, dict[str, str]]] = {
    "study": STUDY_MORE,
    "series": SERIES_MORE,
    "instance": INSTANCE_MORE,
}
INDEXED: Final[dict[str, str]] = {
    keyword: tag for level in (ALWAYS, WHEN_ASKED) for group in level.values() for keyword, tag in group.items()
}
# Attributes that the server itself knows; they may be asked for by name without harm.
OWN: Final[dict[str, str]] = {
    "SpecificCharacterSet": "00080005",
    "SOPClassUID": "00080016",
    "SOPInstanceUID": "00080018",
    "InstanceAvailability": "00080056",
    "ModalitiesInStudy": "00080061",
    "RetrieveURL": "00081190",
    "AvailableTransferSyntaxUID": "00083002",
    "StudyInstanceUID": "0020000D",
    "SeriesInstanceUID": "0020000E",
    "NumberOfStudyRelatedSeries": "00201206",
    "NumberOfStudyRelatedInstances": "00201208",
    "NumberOfSeriesRelatedInstances": "00201209",
}
TAGS: Final[dict[str, str]] = {**INDEXED, **OWN}
KEYWORDS: Final[dict[str, str]] = {tag: keyword for keyword, tag in TAGS.items()}


def tag_of(name: str) -> str | None:
    """The tag (eight upper-case hexadecimal digits) that a client means by a keyword or a tag; None for neither."""
    if name in TAGS:
        return TAGS[name]
    digits = name.replace(",", "").upper()
    return digits if len(digits) == 8 and all(char in "0123456789ABCDEF" for char in digits) else None
