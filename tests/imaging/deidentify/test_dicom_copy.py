"""Copies of DICOM pictures: nothing of the patient left, nothing of the picture lost."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from imaging import pixels
from imaging.deidentify.boxes import Box
from imaging.deidentify.dicom_copy import Order, write_copy
from imaging.deidentify.identity import Disguise
from imaging.deidentify.presets import PRESETS
from imaging.refusals import Refusal
from tests.imaging import files
from tests.imaging.deidentify.real_files import REFUSED, SET, good_pictures, identity_of, spellings

SALT = "5a" * 16
BOX = Box(10, 5, 30, 12)
EXECUTABLE = b"MZ" + b"\x90" * 126
NAME, NUMBER, TOWN = "Kumari^Lakshmi", "MRN-4471-903", "14 Mango Street, Hosur"


def order(preset: str = "teaching", *boxes: Box, salt: str = SALT, confirmed: bool = True) -> Order:
    return Order(Disguise(salt), PRESETS[preset].options, boxes, preset, confirmed)


def copied(path: Path, folder: Path, **how: Any) -> tuple[Path, Dataset]:
    """The copy of a file, and what pydicom reads in it."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "copy.dcm"
    write_copy(path, folder, target, how.pop("order", None) or order(**how))
    return target, pydicom.dcmread(target)


@pytest.fixture
def talkative(tmp_path: Path) -> Path:
    """A radiograph that names its patient wherever a data set can: sequences, private and unknown attributes,
    overlays, curves, free text of the machine, the preamble and the file meta information."""
    made = files.dicom(np.arange(90 * 80, dtype=np.uint16).reshape(90, 80), BitsStored=14, HighBit=13)
    made.preamble = EXECUTABLE
    made.file_meta.SourceApplicationEntityTitle = "LAKSHMI"
    made.file_meta.PrivateInformationCreatorUID = UID("1.2.3.99")
    made.file_meta.PrivateInformation = NAME.encode()
    made.PatientName, made.PatientID, made.PatientAddress = NAME, NUMBER, TOWN
    made.PatientBirthDate, made.PatientSex, made.PatientAge = "19610228", "F", "063Y"
    made.PatientTelephoneNumbers = "+91 98765 43210"
    made.StudyDate, made.SeriesDate, made.StudyTime = "20240229", "20240301", "101112"
    made.AcquisitionDateTime = "20240229101112.5+0530"
    made.StudyDescription = "CHEST PA Lakshmi for Dr Rao"
    made.SeriesDescription = "Kumari L 4471"
    made.ReferringPhysicianName = "Rao^Venkat"
    made.InstitutionName = "Hosur Hill Hospital"
    made.ImageComments = f"seen with {NAME}"
    made.ManufacturerModelName = "DX-1 of Hosur Hill Hospital"  # not in the table
    made.FilterType = "LAKSHMI"  # a coded string that an operator typed into
    made.SOPInstanceUID, made.FrameOfReferenceUID = "1.2.3.4.5", "1.2.3.77"
    made.OtherPatientIDsSequence = Sequence([_item(PatientID=NUMBER)])
    made.RequestAttributesSequence = Sequence([_item(RequestedProcedureID="RP-88120", StudyInstanceUID="1.2.3")])
    made.ReferencedImageSequence = Sequence([_item(ReferencedSOPInstanceUID="1.2.3.4.5")])
    made.IconImageSequence = Sequence([_item(Rows=2, Columns=2, BitsAllocated=8, PixelData=b"\1\2\3\4")])
    made.add_new(0x00091001, "LO", NAME)
    made.add_new(0x00090010, "LO", "LAKSHMI'S MACHINE")
    made.add_new(0x60000010, "US", 90)
    made.add_new(0x60003000, "OW", NAME.encode())
    made.add_new(0x50003000, "OW", NAME.encode())
    made.add_new(0x00189999, "UN", NAME.encode())
    made.add_new(0x00102160, "UN", NAME.encode())
    made.add_new(0xFFFCFFFC, "OB", NAME.encode())
    return files.save(made, tmp_path / "talkative.dcm")


def _item(**elements: Any) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item


@pytest.mark.parametrize("preset", PRESETS)
def test_no_spelling_of_anything_that_names_the_patient_is_left(talkative: Path, tmp_path: Path, preset: str) -> None:
    target, _data = copied(talkative, tmp_path / "out", preset=preset)
    written = target.read_bytes()
    for word in ("Kumari", "Lakshmi", NUMBER, TOWN, "Mango", "98765", "Venkat", "Hosur", "RP-88120", "1961", "4471"):
        for bytes_of in spellings(word) | spellings(word.upper()) | spellings(word.lower()):
            assert bytes_of not in written, word
    for uid in ("1.2.3.4.5", "1.2.3.77", "1.2.3.99"):
        assert uid.encode() not in written
    for day in ("20240229", "20240301", "19610228"):
        assert day.encode() not in written


def test_the_preamble_is_emptied_and_the_file_meta_information_is_our_own(talkative: Path, tmp_path: Path) -> None:
    target, data = copied(talkative, tmp_path / "out")
    assert target.read_bytes()[:132] == b"\0" * 128 + b"DICM"
    assert {element.keyword for element in data.file_meta} == {
        "FileMetaInformationGroupLength", "FileMetaInformationVersion", "MediaStorageSOPClassUID",
        "MediaStorageSOPInstanceUID", "TransferSyntaxUID", "ImplementationClassUID", "ImplementationVersionName",
    }  # fmt: skip
    assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID


def test_a_copy_says_what_was_done_to_it(talkative: Path, tmp_path: Path) -> None:
    _target, data = copied(talkative, tmp_path / "out")
    assert data.PatientIdentityRemoved == "YES"
    assert "2026c" in data.DeidentificationMethod[0]
    codes = {(code.CodeValue, code.CodingSchemeDesignator) for code in data.DeidentificationMethodCodeSequence}
    assert codes == {(value, "DCM") for value in ("113100", "113101", "113103", "113105", "113108")}
    assert (data.BurnedInAnnotation, data.LongitudinalTemporalInformationModified) == ("NO", "REMOVED")


def test_burned_in_annotation_stays_open_until_a_person_has_looked(talkative: Path, tmp_path: Path) -> None:
    _target, data = copied(talkative, tmp_path / "out", order=order(confirmed=False))
    assert "BurnedInAnnotation" not in data


def test_what_a_preset_keeps_is_there_and_descriptions_hold_only_words_that_describe(
    talkative: Path, tmp_path: Path
) -> None:
    _target, teaching = copied(talkative, tmp_path / "teaching")
    assert (teaching.PatientSex, teaching.PatientAge) == ("F", "063Y")
    assert teaching.StudyDescription == "CHEST PA"
    assert "SeriesDescription" not in teaching
    _target, bare = copied(talkative, tmp_path / "bare", preset="bare")
    assert not bare.get("PatientSex")
    assert "PatientAge" not in bare
    assert "StudyDescription" not in bare


def test_an_age_above_89_is_said_to_be_90(tmp_path: Path) -> None:
    made = files.dicom(np.zeros((8, 8), np.uint8), PatientAge="101Y")
    _target, data = copied(files.save(made, tmp_path / "old.dcm"), tmp_path / "out")
    assert data.PatientAge == "090Y"


def test_days_between_dates_stay_and_every_date_is_moved_by_the_same_number(talkative: Path, tmp_path: Path) -> None:
    _target, data = copied(talkative, tmp_path / "out", preset="follow_up")
    moved = Disguise(SALT)
    assert data.StudyDate == moved.date("20240229") != "20240229"
    assert np.datetime64(_iso(data.SeriesDate)) - np.datetime64(_iso(data.StudyDate)) == np.timedelta64(1, "D")
    assert data.AcquisitionDateTime == data.StudyDate + "101112.5+0530"
    assert data.LongitudinalTemporalInformationModified == "MODIFIED"
    assert not data.get("PatientBirthDate")


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def test_uids_are_the_same_in_one_copy_and_unrelated_in_another(talkative: Path, tmp_path: Path) -> None:
    _target, first = copied(talkative, tmp_path / "first")
    _target, again = copied(talkative, tmp_path / "again")
    _target, other = copied(talkative, tmp_path / "other", order=order(salt="77" * 16))
    assert first.StudyInstanceUID == again.StudyInstanceUID != other.StudyInstanceUID
    assert first.StudyInstanceUID.startswith("2.25.")
    assert first.ReferencedImageSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    assert first.PatientName == first.PatientID == Disguise(SALT).pseudonym
    assert first.SOPClassUID == files.CR


def test_pictures_that_no_mask_reaches_are_removed(talkative: Path, tmp_path: Path) -> None:
    _target, data = copied(talkative, tmp_path / "out")
    assert "IconImageSequence" not in data
    assert not [element.tag for element in data if element.tag.is_private or element.tag.group >> 8 in (0x50, 0x60)]
    assert not [element.tag for element in data if element.VR == "UN"]


def test_bits_in_which_old_overlays_hide_are_cleared(tmp_path: Path) -> None:
    values = np.full((20, 20), 0x0123, np.uint16)
    values[5:9, 5:9] |= 0x8000
    made = files.dicom(values, BitsStored=12, HighBit=11)
    _target, data = copied(files.save(made, tmp_path / "overlay.dcm"), tmp_path / "out")
    assert np.frombuffer(data.PixelData, "<u2").max() == 0x0123


def test_a_signed_clip_and_a_black_and_white_one_are_masked_too(tmp_path: Path) -> None:
    signed = np.arange(3 * 20 * 20, dtype=np.int16).reshape(3, 20, 20) - 500
    made = files.dicom(signed, frames=3)
    _target, data = copied(files.save(made, tmp_path / "signed.dcm"), tmp_path / "out", order=order("bare", BOX))
    assert data.pixel_array.dtype == np.int16
    assert (data.pixel_array[:, 5:17, 10:20] == -500).all()
    assert (data.pixel_array[:, :5] == signed[:, :5]).all()


@pytest.mark.skipif(not good_pictures(), reason="the file set is absent: test_no_spelling... stands in")
@pytest.mark.parametrize("name", good_pictures())
def test_a_real_file_loses_its_identity_and_no_pixel_outside_the_masks(name: str, tmp_path: Path) -> None:
    original = SET / name
    target, data = copied(original, tmp_path / "out", order=order("teaching", BOX))
    written = target.read_bytes()
    written = written[: written.index(b"\xe0\x7f\x10\x00O")]  # pixels of a narrow range spell numbers by chance
    for text in identity_of(original):
        assert not any(one in written for one in spellings(text)), text
    assert_same_outside(original, target, tmp_path)
    assert data.Rows
    assert_valid_to_dcmtk(target)


def assert_same_outside(original: Path, target: Path, folder: Path) -> None:
    before, after = (pixels.open_pixels(path, folder) for path in (original, target))
    assert isinstance(before, pixels.DicomSource)
    assert isinstance(after, pixels.DicomSource)
    assert after.facts.frames == before.facts.frames
    for index in range(before.facts.frames):
        old, new = before.stored(index), after.stored(index)
        outside = np.ones(old.shape[:2], bool)
        outside[BOX.y : BOX.bottom, BOX.x : BOX.right] = False
        assert np.array_equal(old[outside], new[outside])
        inside = new[~outside]
        assert (inside == inside[0]).all()


def assert_valid_to_dcmtk(path: Path) -> None:
    """dcmtk reads the whole file without a complaint."""
    if shutil.which("dcmdump"):
        read = subprocess.run(["dcmdump", "-q", "+E", str(path)], capture_output=True, check=False)
        assert read.returncode == 0, read.stderr[:500]


@pytest.mark.skipif(not good_pictures(), reason="the file set is absent")
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_document_or_an_index_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        copied(SET / name, tmp_path / "out")
    assert refused.value.code == "not_an_image"


def test_a_data_set_nested_too_deeply_to_be_real_is_refused(tmp_path: Path) -> None:
    made = files.dicom(np.zeros((8, 8), np.uint8))
    inner: FileDataset | Dataset = made
    for _level in range(70):
        item = Dataset()
        inner.ReferencedStudySequence = Sequence([item])
        inner = item
    path = files.save(made, tmp_path / "deep.dcm")
    with pytest.raises(Refusal, match="nested_too_deep"):
        copied(path, tmp_path / "out")
