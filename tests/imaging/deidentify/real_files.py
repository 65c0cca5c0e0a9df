"""Real files for these tests, and what each says of its patient: read by the test itself, not by what it tests."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from imaging.deidentify.descriptions import allowed
from imaging.deidentify.headers import DUMMIES
from imaging.deidentify.profile import OPTION_CODES, rule_of

SET = Path(os.environ.get("NIDAAN_DATA_SET", Path(__file__).resolve().parents[4] / "shared" / "data"))
EVERY = os.environ.get("ALL_FILES") == "1"
SLICE = {
    "dicom/ctmr/ct_deflated.dcm",
    "dicom/ctmr/ct_2f_jpeg_ext12_fragmented.dcm",
    "dicom/ctmr/mr_10f_enhanced_jpegls.dcm",
    "dicom/ctmr/mr_small_big_endian.dcm",
    "dicom/other/burned_in_text_ct.dcm",
    "dicom/other/charset_japanese_h31.dcm",
    "dicom/other/palette16_testpattern.dcm",
    "dicom/us/acuson_ybr_full_rle_planar1_burned_in.dcm",
    "dicom/us/aloka_palette16.dcm",
    "dicom/us/philips_grey_still_burned_in.dcm",
    "dicom/us/palette_echo_10f_rle.dcm",
    "dicom/us/rgb_planar1_twin.dcm",
    "dicom/xray/cr_chest_mono1_10bit_explicit.dcm",
    "dicom/xray/dental_pano_mono1_modality_lut.dcm",
}
# Sound, and refused with a sentence: what is no picture.
REFUSED = {
    "dicom/other/dicomdir.dcm",
    "dicom/other/encapsulated_pdf.dcm",
    "dicom/other/sr_basic_text.dcm",
}
VIDEOS = {"dicom/us/cardiac_180f_h264_mpegts.dcm", "dicom/us/lung_120f_h264_mp4.dcm"}


@cache
def good_pictures() -> tuple[str, ...]:
    """DICOM stills and clips that can be copied: a slice of each kind, or (ALL_FILES=1) all; none without the set."""
    if not (SET / "manifest.csv").exists():
        return ()
    with (SET / "manifest.csv").open(encoding="utf-8", newline="") as file:
        names = [row["file"] for row in csv.DictReader(file)]
    good = [name for name in names if name.startswith("dicom/") and "/malformed/" not in name]
    return tuple(name for name in good if name not in REFUSED | VIDEOS and (EVERY or name in SLICE))


_SPOKEN = {"LO", "SH", "ST", "LT", "UT", "UC", "AE", "AS", "UR"}


def identity_of(path: Path) -> set[str]:
    """Every name, number, address, date and UID that the file's patient, doctors and devices could be found by."""
    data = pydicom.dcmread(path, stop_before_pixels=True)
    machine = {str(data.get(keyword, "")) for keyword in ("Manufacturer", "ManufacturerModelName", "SoftwareVersions")}
    return {text for text in _identity(data) if _tells(text)} - machine


def _identity(data: Dataset) -> Iterator[str]:
    for tag in list(data.keys()):
        try:
            element = data[tag]
        except NotImplementedError:  # a stray item delimiter in one real file
            continue
        if element.VR == "SQ":
            for item in element.value:
                yield from _identity(item)
            continue
        many = element.value if isinstance(element.value, MultiValue) else [element.value]
        texts = [str(one).strip() for one in many if one is not None]
        if element.VR == "PN":
            for text in texts:
                yield text
                yield from text.replace("=", "^").split("^")
        if element.VR in {"UI", "DA", "DT"} or (
            element.VR in _SPOKEN and _in_table(element.tag.group, element.tag.elem)
        ):
            yield from texts


def _in_table(group: int, element: int) -> bool:
    """Whether the table names the attribute; what describes or is private has tests of its own."""
    rule = rule_of(group, element)
    return rule is not None and group % 2 == 0 and "clean_descriptors" not in rule.options


def _tells(text: str) -> bool:
    """Whether meeting the text again would tell anything: not what is short, common or the standard's own."""
    if (
        len(text) < 5
        or len(set(text)) == 1
        or text.startswith("1.2.840.10008.")
        or text in {str(one) for one in DUMMIES.values()}
        or any(text in meaning for _code, meaning in OPTION_CODES.values())
    ):
        return False
    words = text.casefold().replace("_", " ").replace("-", " ").replace("/", " ").split()
    return not all(word in allowed() or len(word) < 3 for word in words)


def spellings(text: str) -> set[bytes]:
    """The text in the encodings that a file could hide it in."""
    found = set()
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "shift_jis", "gb18030", "iso8859-6", "iso8859-7"):
        try:
            found.add(text.encode(encoding))
        except UnicodeEncodeError:
            continue
    return found
