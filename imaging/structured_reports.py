"""Structured reports (PS3.3 section C.17.3) as a tree of lines: what a person reads, without codes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging.plain_text import clean
from imaging.source import Array

_TEMPLATE = Path(__file__).resolve().parent.parent / "templates" / "imaging" / "sheet.typ"
_DEEPEST = 20
_MOST_LINES = 400
_MOST_TEXT = 40_000  # characters of a whole report
_LONGEST = 2_000  # of one line
_DOTS_AN_INCH = 120
_TALLEST_SHEET = 16_000

# Value Type (0040,A040) to the element that holds the value.
_PLAIN = {
    "TEXT": "TextValue", "DATE": "Date", "TIME": "Time", "DATETIME": "DateTime", "PNAME": "PersonName",
    "UIDREF": "UID",
}  # fmt: skip
_REFERENCES = {"IMAGE": "a picture", "COMPOSITE": "another object", "WAVEFORM": "a waveform"}

Line = tuple[int, str, str]  # depth, name, value


def read(header: Dataset) -> dict[str, Any]:
    """{"type": "report", "title", "lines": [[depth, name, value]], "cut": whether more was left out}."""
    reader = _Reader()
    reader.items(header, 0)
    title = _meaning(header, "ConceptNameCodeSequence") or values.text(header, "SeriesDescription")
    return {"type": "report", "title": title, "lines": [list(line) for line in reader.lines], "cut": reader.cut}


class _Reader:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.cut = False
        self._left = _MOST_TEXT

    def items(self, data: Dataset, depth: int) -> None:
        """The content items below `data`, in their order."""
        for item in values.items(data, "ContentSequence"):
            if depth >= _DEEPEST or len(self.lines) >= _MOST_LINES or self._left <= 0:
                self.cut = True
                return
            name = _meaning(item, "ConceptNameCodeSequence")
            value = clean(_value(item), min(_LONGEST, self._left))
            if name or value:
                self._left -= len(name) + len(value)
                self.lines.append((depth, name, value))
            self.items(item, depth + 1)


def _value(item: Dataset) -> str:
    kind = values.text(item, "ValueType")
    if kind in _PLAIN:
        found = values.raw(item, _PLAIN[kind])
        return " ".join(str(found).split()) if found is not None else ""
    if kind == "CODE":
        return _meaning(item, "ConceptCodeSequence")
    if kind == "NUM":
        for measured in values.items(item, "MeasuredValueSequence")[:1]:
            unit = values.items(measured, "MeasurementUnitsCodeSequence")[:1]
            said = values.text(unit[0], "CodeValue") if unit else ""
            number = values.first_number(measured, "NumericValue")
            return "" if number is None else f"{number:g} {'' if said == '1' else said}".strip()
    return f"({_REFERENCES[kind]})" if kind in _REFERENCES else ""


def _meaning(data: Dataset, keyword: str) -> str:
    for code in values.items(data, keyword)[:1]:
        return values.text(code, "CodeMeaning")
    return ""


def draw(document: dict[str, Any]) -> Array | None:
    """The lines as a sheet, (rows, columns, 3); None when there are none."""
    import fontpkg_noto_sans  # type: ignore[import-untyped]
    import fontpkg_noto_sans_devanagari  # type: ignore[import-untyped]
    import typst

    if not document["lines"]:
        return None
    folders = [str(fontpkg_noto_sans.ROOT), str(fontpkg_noto_sans_devanagari.ROOT)]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    drawn = typst.Compiler(font_paths=fonts, ignore_system_fonts=True).compile(
        input=_TEMPLATE.read_bytes(),
        sys_inputs={"data": json.dumps({"title": document["title"], "lines": document["lines"]})},
        format="png",
        ppi=_DOTS_AN_INCH,
    )
    if not isinstance(drawn, bytes):
        return None
    with Image.open(io.BytesIO(drawn)) as image:
        sheet = np.asarray(image.convert("RGB"))
    return np.ascontiguousarray(sheet[:_TALLEST_SHEET])
