"""Headers: what a file says, as DICOM JSON that any reader takes, whatever the file tries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian

from app import db
from imaging import store
from imaging.dicomweb import headers, sandboxed, serving
from imaging.dicomweb.header import INLINE_BYTES, read_bulk
from imaging.dicomweb.models import DicomHeader
from imaging.ingest import ingest
from imaging.models import Instance
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import instance_row

Send = Callable[..., str]
PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


def found_in(data: pydicom.FileDataset | bytes, tmp_path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the frames of a file, as the sandbox writes them."""
    path = tmp_path / "file.dcm"
    path.write_bytes(data) if isinstance(data, bytes) else files.save(data, path)
    said: list[dict[str, Any]] = []
    sandboxed.say_header(path, tmp_path, said.append)
    event = said[0]
    return json.loads((tmp_path / event["header"]).read_bytes()), json.loads((tmp_path / event["frames"]).read_bytes())


def test_a_reader_of_dicom_json_gets_the_same_data_set(tmp_path: Path) -> None:
    item = Dataset()
    item.CodeValue, item.CodeMeaning = "T-D3000", "Chest"
    data = files.dicom(
        PIXELS,
        PatientName="Devi^Sunita=देवी^सुनीता",
        SpecificCharacterSet="ISO_IR 192",
        PatientID="42",
        StudyDate="20261126",
        PixelSpacing=["0.15", "0.15"],
        AnatomicRegionSequence=Sequence([item]),
        WindowCenter=["40", "600"],
    )
    header, _ = found_in(data, tmp_path)
    read = Dataset.from_json(header, bulk_data_uri_handler=lambda *_: None)
    for keyword in ("PatientName", "PatientID", "StudyDate", "PixelSpacing", "WindowCenter", "Rows", "BitsStored"):
        assert read[keyword].value == data[keyword].value
    assert read.AnatomicRegionSequence[0].CodeMeaning == "Chest"
    assert header["00100010"]["Value"] == [{"Alphabetic": "Devi^Sunita", "Ideographic": "देवी^सुनीता"}]


def test_text_in_any_character_set_becomes_utf_8(tmp_path: Path) -> None:
    data = files.dicom(PIXELS, SpecificCharacterSet="ISO_IR 126", PatientName="Διονυσιος")
    header, _ = found_in(data, tmp_path)
    assert header["00100010"]["Value"][0]["Alphabetic"] == "Διονυσιος"
    assert header["00080005"]["Value"] == ["ISO_IR 192"]


def test_values_that_are_large_are_referred_to_and_small_ones_are_inline(tmp_path: Path) -> None:
    data = files.dicom(PIXELS)
    data.add_new(0x00091010, "OB", b"ab")
    data.add_new(0x00091011, "OB", b"x" * (INLINE_BYTES + 2))
    item = Dataset()
    item.add_new(0x00283006, "OW", b"\1\2" * INLINE_BYTES)
    data.VOILUTSequence = Sequence([item])
    header, _ = found_in(data, tmp_path)
    assert base64.b64decode(header["00091010"]["InlineBinary"]) == b"ab"
    assert header["00091011"] == {"vr": "OB", "BulkDataURI": "{bulk}/00091011"}
    nested = header["00283010"]["Value"][0]["00283006"]["BulkDataURI"]
    assert nested == "{bulk}/00283010/1/00283006"
    assert read_bulk(tmp_path / "file.dcm", tmp_path, "00283010/1/00283006") == b"\1\2" * INLINE_BYTES
    assert header["7FE00010"] == {"vr": "OW", "BulkDataURI": "{bulk}/7FE00010"}


def test_text_in_a_file_cannot_become_an_address(cast: Cast, no_children: None, send: Send, tmp_path: Path) -> None:
    trap = '","BulkDataURI":"{bulk}/7FE00010'
    data = files.dicom(PIXELS, StudyDescription=trap)
    instance = instance_row(ingest(send(files.save(data, tmp_path / "trap.dcm").read_bytes())))
    read = json.loads(headers.header_of(instance, "https://here/bulkdata"))
    assert read["00081030"]["Value"] == [trap]
    assert read["7FE00010"]["BulkDataURI"] == "https://here/bulkdata/7FE00010"


def test_the_places_of_frames_are_the_frames(tmp_path: Path) -> None:
    frames = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)
    _, found = found_in(files.dicom(frames, frames=3), tmp_path)
    content = (tmp_path / "file.dcm").read_bytes()
    assert [content[offset : offset + length] for ((offset, length),) in found["spans"]] == [
        frame.tobytes() for frame in frames
    ]


def test_words_in_big_endian_leave_in_little_endian(tmp_path: Path) -> None:
    data = files.dicom(PIXELS)
    data.add_new(0x00091010, "OW", b"\1\2\3\4")
    data.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    data.PixelData = PIXELS.astype(">u2").tobytes()
    path = tmp_path / "file.dcm"
    pydicom.dcmwrite(path, data, implicit_vr=False, little_endian=False, force_encoding=True)
    header, frames = found_in(path.read_bytes(), tmp_path)
    assert base64.b64decode(header["00091010"]["InlineBinary"]) == b"\2\1\4\3"
    assert frames["spans"] is None


@pytest.mark.parametrize("text", ["1e999", "nan", "abc", "\x00\x01", "9" * 400])
def test_a_number_that_is_none_costs_that_value_only(tmp_path: Path, text: str) -> None:
    path = files.save(files.dicom(PIXELS, PatientID="42"), tmp_path / "a.dcm")
    raw = pydicom.dcmread(path)
    raw.add_new(0x00181151, "LO", text)
    raw[0x00181151].VR = "DS"
    with pydicom.config.disable_value_validation():
        header, _ = found_in(raw, tmp_path)
    json.dumps(header, allow_nan=False)
    assert header["00100020"]["Value"] == ["42"]


def test_ingest_keeps_the_header_and_what_searches_look_for(
    cast: Cast, no_children: None, send: Send, tmp_path: Path
) -> None:
    data = files.dicom(
        PIXELS, PatientName="Devi^Sunita", PatientID="H42", StudyDate="20261126", StudyTime="101112.5", StudyID="7"
    )
    instance = instance_row(ingest(send(files.save(data, tmp_path / "a.dcm").read_bytes())))
    with db.read_session() as session:
        row = session.get_one(DicomHeader, instance.id)
    assert (row.patient_name, row.patient_id, row.study_time) == ("devi^sunita", "h42", "101112")
    assert row.attributes["00100010"]["Value"] == [{"Alphabetic": "Devi^Sunita"}]
    assert row.transfer_syntax_uid == "1.2.840.10008.1.2.1"


def test_a_header_that_was_lost_is_made_again(cast: Cast, no_children: None, send: Send, chest: bytes) -> None:
    instance = instance_row(ingest(send(chest)))
    before = headers.header_of(instance, "x")
    headers.drop(instance.sha256 or "")
    assert headers.header_of(instance, "x") == before


@pytest.mark.parametrize("left", [b"", b"\0" * 300])
def test_a_header_whose_bytes_a_power_cut_took_is_made_again(
    cast: Cast, no_children: None, send: Send, chest: bytes, left: bytes
) -> None:
    instance = instance_row(ingest(send(chest)))
    before = headers.header_of(instance, "x"), headers.spans_of(instance)
    for kind in ("header", "frames"):
        headers.path_of(instance.sha256 or "", kind).write_bytes(left)
    assert (headers.header_of(instance, "x"), headers.spans_of(instance)) == before


def test_headers_are_made_again_in_as_few_places_as_pictures(
    cast: Cast, no_children: None, send: Send, chest: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = instance_row(ingest(send(chest)))
    headers.drop(instance.sha256 or "")
    monkeypatch.setattr(serving, "PATIENCE_SECONDS", 0.01)
    with serving.place(), serving.place(), pytest.raises(serving.Busy):
        headers.header_of(instance, "x")
    assert headers.header_of(instance, "x")


def test_files_from_before_there_were_headers_get_theirs(
    cast: Cast, no_children: None, send: Send, chest: bytes
) -> None:
    instance_id = ingest(send(chest))
    assert instance_id is not None
    with db.write_transaction() as session:
        session.delete(session.get_one(DicomHeader, instance_id))
        session.flush()
        assert headers.missing(session) == [instance_id]
    headers.make(instance_id)
    with db.read_session() as session:
        assert headers.missing(session) == []


def test_a_photograph_has_no_header(cast: Cast, no_children: None, send: Send) -> None:
    instance_id = ingest(send(files.png(np.zeros((8, 8, 3), np.uint8))))
    with db.read_session() as session:
        assert session.get(DicomHeader, instance_id) is None
        assert headers.missing(session) == []


def test_a_refused_file_leaves_no_header(
    cast: Cast, no_children: None, send: Send, chest: bytes, tmp_path: Path
) -> None:
    assert ingest(send(chest)) is not None
    other = files.save(files.dicom(PIXELS), tmp_path / "other.dcm").read_bytes()
    assert ingest(send(other)) is None  # another picture under the same SOP Instance UID
    with db.read_session() as session:
        kept = {instance.sha256 for instance in session.query(Instance)}
    there = set((store.folder("headers")).rglob("*.header.json"))
    assert there == {headers.path_of(sha256 or "", "header") for sha256 in kept}
