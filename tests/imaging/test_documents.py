"""PDF and structured reports become documents: read as escaped text and as pictures of pages, never run."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from imaging import ingest, rendering
from imaging.refusals import Refusal
from imaging.source import open_source
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.conftest import instance_row, upload_row
from tests.imaging.odd_files import GREY, to_bytes

PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
REPORT_CLASS = "1.2.840.10008.5.1.4.1.1.88.33"
SCRIPT = "<script>alert(1)</script>"
needs_pdfium = pytest.mark.skipif(importlib.util.find_spec("pypdfium2") is None, reason="pypdfium2 is not installed")


def pdf(pages: int = 2) -> bytes:
    """A small PDF of empty pages, written by hand."""
    kids = " ".join(f"{3 + index} 0 R" for index in range(pages))
    bodies = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>"]
    bodies += ["<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * pages
    out = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<</Size {len(bodies) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF\n"
    return out + end.encode()


def document(sop_class: str, **elements: Any) -> FileDataset:
    data = files.dicom(GREY, SOPClassUID=sop_class, Modality="DOC", **elements)
    del data.PixelData
    data.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    return data


def wrapped(content: bytes, **elements: Any) -> bytes:
    """Bytes as an encapsulated PDF."""
    data = document(PDF_CLASS, DocumentTitle="Laboratory", MIMETypeOfEncapsulatedDocument="application/pdf", **elements)
    data.add_new("EncapsulatedDocument", "OB", content + b"\0" * (len(content) % 2))
    return to_bytes(data)


def item(kind: str, name: str, children: list[Dataset] | None = None, **elements: Any) -> Dataset:
    found, code = Dataset(), Dataset()
    code.CodeMeaning = name
    found.ValueType, found.ConceptNameCodeSequence = kind, Sequence([code])
    for keyword, value in elements.items():
        setattr(found, keyword, value)
    if children:
        found.ContentSequence = Sequence(children)
    return found


def measured(number: str, unit: str) -> Sequence:
    value, code = Dataset(), Dataset()
    code.CodeValue, value.NumericValue = unit, number
    value.MeasurementUnitsCodeSequence = Sequence([code])
    return Sequence([value])


def report(children: list[Dataset]) -> bytes:
    data = document(REPORT_CLASS)
    title = Dataset()
    title.CodeMeaning = "Chest report"
    data.ConceptNameCodeSequence, data.ContentSequence = Sequence([title]), Sequence(children)
    return to_bytes(data)


def findings() -> bytes:
    size = item("NUM", "Diameter", MeasuredValueSequence=measured("13.5", "mm"))
    return report([item("CONTAINER", "Findings", [item("TEXT", "Mass", [size], TextValue=f"left {SCRIPT} lobe")])])


def opened(content: bytes, folder: Path) -> Any:
    path = folder / "document"
    path.write_bytes(content)
    return open_source(path, folder)


def test_a_report_is_a_tree_of_lines_and_a_sheet(tmp_path: Path) -> None:
    source = opened(findings(), tmp_path)
    facts = source.facts
    assert (facts.kind, facts.document["type"], facts.document["title"]) == ("document", "report", "Chest report")
    assert facts.document["lines"] == [
        [0, "Findings", ""],
        [1, "Mass", f"left {SCRIPT} lobe"],
        [2, "Diameter", "13.5 mm"],
    ]
    sheet = source.frame(0)
    assert sheet.shape == (facts.rows, facts.columns, 3)
    assert sheet.min() < 60 < 250 < sheet.max()  # dark words on white paper


def test_a_report_without_end_is_cut_and_says_so(tmp_path: Path) -> None:
    facts = opened(
        report([item("TEXT", f"Line {number}", TextValue="x" * 90) for number in range(900)]), tmp_path
    ).facts
    assert facts.document["cut"] is True
    assert len(facts.document["lines"]) <= 400


def test_a_report_nested_deeper_than_any_reader_is_cut_or_refused(tmp_path: Path) -> None:
    inner = item("TEXT", "deepest", TextValue="x")
    for _ in range(60):
        inner = item("CONTAINER", "deeper", [inner])
    assert opened(report([inner]), tmp_path).facts.document["cut"] is True


def test_what_says_it_is_a_pdf_and_is_not_is_kept_and_not_drawn(tmp_path: Path) -> None:
    source = opened(wrapped(b"<html><script>alert(1)</script></html>"), tmp_path)
    assert (source.facts.kind, source.facts.document["type"], source.facts.rows) == ("document", "other", 0)
    assert source.facts.cautions == ["not_drawn"]
    with pytest.raises(Refusal):
        source.frame(0)


def test_a_document_without_its_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        opened(to_bytes(document(PDF_CLASS)), tmp_path)
    assert refused.value.code == "truncated"


@needs_pdfium
@pytest.mark.parametrize("content", [pdf(2), wrapped(pdf(2))], ids=["alone", "in DICOM"])
def test_the_pages_of_a_pdf_are_drawn_under_each_other(content: bytes, tmp_path: Path) -> None:
    source = opened(content, tmp_path)
    assert (source.facts.document["pages"], source.facts.document["pages_shown"]) == (2, 2)
    assert source.frame(0).shape[0] > source.frame(0).shape[1] * 2.5
    assert source.facts.cautions == []


@needs_pdfium
def test_a_pdf_of_very_many_pages_shows_the_first_and_says_so(tmp_path: Path) -> None:
    source = opened(pdf(60), tmp_path)
    assert source.facts.cautions == ["more_pages"]
    assert source.facts.rows <= 16_383


@needs_pdfium
def test_a_damaged_pdf_is_refused_alone_and_kept_inside_dicom(tmp_path: Path) -> None:
    broken = pdf()[:40] + b"\xff" * 300
    with pytest.raises(Refusal) as refused:
        opened(broken, tmp_path)
    assert refused.value.code == "damaged_document"
    assert opened(wrapped(broken), tmp_path).facts.cautions == ["not_drawn"]


@pytest.mark.usefixtures("no_children")
def test_a_report_is_kept_shown_and_read_as_escaped_text(
    cast: Cast, send: Callable[..., str], client_as: Callable[..., FlaskClient]
) -> None:
    upload_id = send(findings(), "report.dcm")
    instance_id = ingest.ingest(upload_id)
    assert upload_row(upload_id).state == "stored"
    assert instance_id is not None
    rendering.make_renditions(instance_id)
    kept = instance_row(instance_id)
    assert (kept.kind, kept.state) == ("document", "ready")
    assert {one.name for one in kept.renditions} == {"thumbnail", "preview", "full"}
    doctor = client_as(cast.doctor)
    manifest = doctor.get(f"/imaging/instances/{instance_id}").get_json()
    assert (manifest["kind"], manifest["document"]["title"]) == ("document", "Chest report")
    page = doctor.get(f"/imaging/instances/{instance_id}/document")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert SCRIPT not in text
    assert "left &lt;script&gt;alert(1)&lt;/script&gt; lobe" in text
    assert "13.5 mm" in text
    assert client_as(cast.outsider).get(f"/imaging/instances/{instance_id}/document").status_code == 404
