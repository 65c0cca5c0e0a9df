"""A file's data set as DICOM JSON (PS3.18 annex F), and where its frames lie. Runs in the sandbox only.

Values of more than INLINE_BYTES and pixels are left out and referred to: `"BulkDataURI":"{bulk}/<path>"`, the path
being tags and item numbers (from 1) with slashes between. A quotation mark inside any text is escaped, so nothing in a
file can look like that reference; whoever serves the header puts the instance's address in its place.
"""

from __future__ import annotations

import base64
import json
import math
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from imaging import limits
from imaging.dataset import DEFLATED, NATIVE, VIDEO_SYNTAXES, DicomFile, inflate
from imaging.dicomweb.attributes import INDEXED
from imaging.refusals import Refusal, refusing

INLINE_BYTES = 1024
MAX_JSON_BYTES = 8 * 1024 * 1024
MAX_INDEXED = 1024  # characters of JSON of one attribute that searches return
MAX_ELEMENTS = 50_000
MAX_DEPTH = 60
BULK = "{bulk}"
PIXELS = 0x7FE00010
BIG_ENDIAN = "1.2.840.10008.1.2.2"
_BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
_WORDS = {"OW": "H", "OF": "f", "OL": "I", "OD": "d", "OV": "Q"}
_NUMBERS = {"FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"}
_DECIMALS = {"DS": float, "IS": int}

Json = dict[str, Any]


class Header:
    """A data set read up to its pixels; elements that cannot be read are left out."""

    def __init__(self, path: Path, workspace: Path, short: Dataset | None = None) -> None:
        """`short`: what to be content with where the whole header cannot be read. Raises Refusal: damaged_header,
        nested_too_deep, out_of_memory.
        """
        with refusing("damaged_header"):
            meta = pydicom.filereader.read_file_meta_info(path)
            self.transfer_syntax = str(meta.TransferSyntaxUID)
            plain = inflate(path, workspace) if self.transfer_syntax == DEFLATED else path
        try:
            with refusing("damaged_header"):
                self.data: Dataset = pydicom.dcmread(plain, stop_before_pixels=True, force=False)
        except Refusal:
            if short is None:
                raise
            self.data = short
        self._left = MAX_ELEMENTS

    def as_json(self, *, with_pixels: bool) -> Json:
        """The data set; `with_pixels`: it ends with a reference to its pixel data."""
        with refusing("damaged_header"):
            found = dict(self._elements(self.data, "", 0))
        found["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}  # JSON is UTF-8 whatever the file was
        found["00083002"] = {"vr": "UI", "Value": [self.transfer_syntax]}
        if with_pixels:
            found["7FE00010"] = {"vr": "OW", "BulkDataURI": f"{BULK}/7FE00010"}
        return dict(sorted(found.items()))

    def _elements(self, data: Dataset, path: str, depth: int) -> Iterator[tuple[str, Json]]:
        for tag in sorted(data.keys()):
            if tag.group == 0x0002 or tag.element == 0 or self._left <= 0:
                continue
            self._left -= 1
            try:
                element = data[tag]
                found = self._element(element, f"{path}{_hex(tag)}", depth)
            except Refusal:
                raise
            except MemoryError:
                raise
            except Exception:  # one value that cannot be read costs that value
                continue
            yield _hex(tag), found

    def _element(self, element: DataElement, path: str, depth: int) -> Json:
        vr = str(element.VR)
        if vr == "SQ":
            nested = (element.value or []) if depth < MAX_DEPTH else []
            items = [
                dict(self._elements(item, f"{path}/{number}/", depth + 1))
                for number, item in enumerate(nested, start=1)
            ]
            return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
        if vr in _BINARY:
            return _binary(vr, self.little(element), path)
        values = _values(element)
        if not values:
            return {"vr": vr}
        found: Json = {"vr": vr, "Value": [_plain(vr, one) for one in values]}
        if vr in {"UT", "UC", "LT", "ST"} and sum(len(str(one)) for one in values) > limits.MAX_HEADER_TEXT * 100:
            return {"vr": vr, "BulkDataURI": f"{BULK}/{path}"}
        return found

    def little(self, element: DataElement) -> bytes:
        """A binary value in little endian, as every value leaves here (PS3.18 section F.2.7)."""
        value = element.value
        data = bytes(value) if isinstance(value, bytes | bytearray) else b""
        code = _WORDS.get(str(element.VR))
        if self.transfer_syntax != BIG_ENDIAN or code is None or len(data) % array(code).itemsize:
            return data
        words = array(code, data)
        words.byteswap()
        return words.tobytes()


def _binary(vr: str, data: bytes, path: str) -> Json:
    if not data:
        return {"vr": vr}
    if len(data) > INLINE_BYTES:
        return {"vr": vr, "BulkDataURI": f"{BULK}/{path}"}
    return {"vr": vr, "InlineBinary": base64.b64encode(data).decode("ascii")}


def _values(element: DataElement) -> list[Any]:
    value = element.value
    if value is None or value == "" or value == b"":
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def _plain(vr: str, value: Any) -> Any:
    if vr == "PN":
        groups = ("Alphabetic", "Ideographic", "Phonetic")
        parts = str(value).split("=")[:3]
        return {group: _text(part) for group, part in zip(groups, parts, strict=False) if part}
    if vr == "AT":
        return _hex(BaseTag(value))
    if vr in _DECIMALS:
        number = _DECIMALS[vr](value) if value != "" else None
        return number if number is None or math.isfinite(number) else None
    if vr in _NUMBERS:
        return value if isinstance(value, int) or math.isfinite(value) else None
    return _text(str(value))


def _text(value: str) -> str:
    """Text that can be written as UTF-8: half of a surrogate pair cannot."""
    return value.encode("utf-8", "replace").decode("utf-8").rstrip("\0 ")


def _hex(tag: BaseTag) -> str:
    return f"{int(tag):08X}"


def write_header(path: Path, workspace: Path, dicom: DicomFile | None) -> Json:
    """Write `header.json` and `frames.json` into the workspace.

    Returns what is to be said of them: {"header", "frames": file names, "index": attributes for searching}. The frames
    are None where the pixels cannot be read from the file as it is: deflated, big endian, or none at all.
    """
    header = Header(path, workspace, dicom.header if dicom is not None else None)
    whole = header.as_json(with_pixels=dicom is not None)
    encoded = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    if len(encoded) > MAX_JSON_BYTES:
        whole = {tag: value for tag, value in whole.items() if tag in set(INDEXED.values()) or tag < "00090000"}
        encoded = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    (workspace / "header.json").write_bytes(encoded)
    frames = {"transfer_syntax": header.transfer_syntax, "spans": _spans(dicom)}
    (workspace / "frames.json").write_text(json.dumps(frames, separators=(",", ":")), encoding="ascii")
    return {"header": "header.json", "frames": "frames.json", "index": index_of(whole)}


def _spans(dicom: DicomFile | None) -> list[list[tuple[int, int]]] | None:
    if dicom is None:
        return None
    syntax = dicom.layout.transfer_syntax
    if syntax in (DEFLATED, BIG_ENDIAN) or (syntax in NATIVE and dicom.layout.bits_allocated % 8):
        return None
    return [[(offset, length) for offset, length in spans] for spans in dicom.frames]


def is_video(syntax: str) -> bool:
    """Whether the frames lie in one stream that only a player can cut."""
    return syntax in VIDEO_SYNTAXES


def index_of(whole: Json) -> Json:
    """The attributes that searches return, each of them small."""
    wanted = (tag for tag in INDEXED.values() if "Value" in whole.get(tag, {}))
    return {tag: whole[tag] for tag in wanted if len(json.dumps(whole[tag])) <= MAX_INDEXED}


def read_bulk(path: Path, workspace: Path, place: str) -> bytes:
    """The value at `place` (as in a BulkDataURI), little endian. Raises Refusal("missing_value")."""
    steps = place.split("/")
    header = Header(path, workspace)
    data = header.data
    with refusing("missing_value", name="bulk data"):
        while len(steps) > 1:
            data = data[int(steps[0], 16)].value[int(steps[1]) - 1]
            steps = steps[2:]
        element = data[int(steps[0], 16)]
    value = element.value.encode() if isinstance(element.value, str) else header.little(element)
    if not value:
        raise Refusal("missing_value", name="bulk data")
    return value
