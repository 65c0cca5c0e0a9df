"""Documents: PDF, alone or inside DICOM, and structured reports. What can be shown becomes one long sheet of pages.

Runs in the sandbox. Pages are drawn, never executed: PDFium has no scripts here, and a report's text is set as text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging import limits, structured_reports
from imaging.dataset import DEFLATED, inflate
from imaging.facts import Facts
from imaging.guards import header as guard_header
from imaging.refusals import Refusal, refusing
from imaging.source import Array, Window

PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
_ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."  # PDF, CDA, STL, OBJ, MTL
_REPORTS = "1.2.840.10008.5.1.4.1.1.88."  # structured reports; key object selections are .88.59
_PAGE_WIDTH = 1240  # px: A4 at 150 dots an inch
_TALLEST_PAGE = 3000
_TALLEST_SHEET = 16_000  # WebP ends at 16,383
_GAP = 8
_GREY = 96
_MOST_PAGES = 40


def is_document(path: Path) -> bool:
    """Whether a DICOM file says that it is a document: by its meta information, without reading more."""
    try:
        meta = pydicom.filereader.read_file_meta_info(path)
    except Exception:  # whatever it is, it is for the picture's reader to say
        return False
    return values.uid(meta, "MediaStorageSOPClassUID").startswith((_ENCAPSULATED, _REPORTS))


class DocumentSource:
    """One document. Its only frame is the sheet; of what cannot be drawn there is none (rows and columns are 0)."""

    def __init__(self, facts: Facts, sheet: Array | None) -> None:
        self.facts = facts
        self._sheet = sheet
        if sheet is None:
            facts.caution("not_drawn")
        else:
            facts.rows, facts.columns = sheet.shape[:2]

    def frame(self, index: int) -> Array:
        """The sheet. Raises Refusal("no_picture") where there is none."""
        if self._sheet is None or index:
            raise Refusal("no_picture")
        return self._sheet

    def frames(self) -> Iterator[Array]:
        yield self.frame(0)

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        return frame


def open_pdf(path: Path) -> DocumentSource:
    """A PDF that came as a file of its own. Raises Refusal("damaged_document")."""
    facts = Facts(media="pdf", kind="document", modality="DOC", rows=0, columns=0)
    sheet = _pages_of(path, facts)
    if sheet is None and facts.document.get("drawable"):
        raise Refusal("damaged_document")
    return DocumentSource(facts, sheet)


def open_dicom_document(path: Path, workspace: Path) -> DocumentSource:
    """A document inside DICOM. Raises Refusal: damaged_header, nested_too_deep, truncated, inflates_too_much."""
    with refusing("damaged_header"):
        meta = pydicom.filereader.read_file_meta_info(path)
        plain = inflate(path, workspace) if str(meta.get("TransferSyntaxUID", "")) == DEFLATED else path
        if plain.stat().st_size > limits.MAX_DOCUMENT_BYTES:
            raise Refusal("too_large", size=str(plain.stat().st_size))
        header = pydicom.dcmread(plain)
        facts = _describe(header)
        if facts.sop_class_uid.startswith(_REPORTS):
            facts.document = structured_reports.read(header)
            return DocumentSource(facts, structured_reports.draw(facts.document))
    content = values.raw(header, "EncapsulatedDocument")
    if not isinstance(content, bytes) or not content:
        raise Refusal("truncated")
    facts.document = {"type": "pdf" if content.startswith(b"%PDF") else "other", "title": _title(header)}
    if facts.document["type"] == "other" or facts.sop_class_uid != PDF_CLASS:
        return DocumentSource(facts, None)
    copy = workspace / "document.pdf"
    copy.write_bytes(content)
    return DocumentSource(facts, _pages_of(copy, facts))


def _title(header: Dataset) -> str:
    return values.text(header, "DocumentTitle") or values.text(header, "SeriesDescription")


def _describe(header: Dataset) -> Facts:
    return Facts(
        media="dicom_document",
        kind="document",
        modality=values.text(header, "Modality").upper()[:16] or "DOC",
        rows=0,
        columns=0,
        transfer_syntax=values.uid(getattr(header, "file_meta", Dataset()), "TransferSyntaxUID"),
        sop_class_uid=values.uid(header, "SOPClassUID"),
        sop_instance_uid=values.uid(header, "SOPInstanceUID"),
        series_instance_uid=values.uid(header, "SeriesInstanceUID"),
        study_instance_uid=values.uid(header, "StudyInstanceUID"),
        study_description=values.text(header, "StudyDescription"),
        series_description=_title(header),
        identity=guard_header.identity(header),
        uncalibrated=None,  # nothing in a document is measured
    )


def _pages_of(path: Path, facts: Facts) -> Array | None:
    """The first pages of a PDF under each other; None when it cannot be drawn."""
    try:
        import pypdfium2
    except ImportError:  # the rest of the product works without it
        facts.document = {**facts.document, "type": "pdf"}
        return None
    facts.document = {**facts.document, "type": "pdf", "drawable": True}
    try:
        pdf = pypdfium2.PdfDocument(path)
        count = len(pdf)
        pages: list[Array] = []
        height = 0
        for index in range(min(count, _MOST_PAGES)):
            page = _draw(pdf[index])
            if pages and height + _GAP + page.shape[0] > _TALLEST_SHEET:
                break
            pages.append(page)
            height += page.shape[0] + _GAP
    except MemoryError:
        raise
    except Exception:  # damaged, encrypted: its bytes are kept, its pages are not shown
        return None
    facts.document |= {"pages": count, "pages_shown": len(pages)}
    if len(pages) < count:
        facts.caution("more_pages")
    return _sheet(pages) if pages else None


def _draw(page: Any) -> Array:
    width, height = page.get_size()
    scale = min(_PAGE_WIDTH / max(width, 1.0), _TALLEST_PAGE / max(height, 1.0))
    drawn: Array = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False).to_numpy()
    return np.ascontiguousarray(drawn[:, :, :3] if drawn.ndim == 3 else np.repeat(drawn[:, :, None], 3, axis=2))


def _sheet(pages: list[Array]) -> Array:
    width = max(page.shape[1] for page in pages)
    height = sum(page.shape[0] for page in pages) + _GAP * (len(pages) - 1)
    out = np.full((height, width, 3), _GREY, np.uint8)
    top = 0
    for page in pages:
        out[top : top + page.shape[0], : page.shape[1]] = page
        top += page.shape[0] + _GAP
    return out
