"""In which form a client gets pixels: what it accepts against what there is (PS3.18 section 8.7.3). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from imaging.dicomweb.media_types import DICOM, OCTETS, MediaType

EXPLICIT = "1.2.840.10008.1.2.1"
NATIVE = {"1.2.840.10008.1.2", EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"}
_FAMILY = "1.2.840.10008.1.2.4."
_KINDS = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    **{_FAMILY + end: "image/jpeg" for end in ("50", "51", "52", "53", "54", "55", "56", "57", "58", "70")},
    **{_FAMILY + end: "image/jls" for end in ("80", "81")},
    **{_FAMILY + end: "image/jp2" for end in ("90", "91")},
    **{_FAMILY + end: "image/jpx" for end in ("92", "93")},
    **{_FAMILY + end: "image/jphc" for end in ("201", "202", "203")},
    **{_FAMILY + end: "image/jxl" for end in ("110", "111", "112")},
    **{_FAMILY + end: "video/mpeg" for end in ("100", "101")},
    **{_FAMILY + end: "video/mp4" for end in ("102", "103", "104", "105", "106", "107", "108")},
}
_ALSO = {  # names that older editions and clients use
    "image/x-dicom-rle": "image/dicom-rle",
    "image/x-jls": "image/jls",
    "image/j2c": "image/jp2",
    "image/jpx": "image/jp2",
    "image/jph": "image/jphc",
}


@dataclass(frozen=True, slots=True)
class Form:
    """How pixels or instances are given: `original` as they are stored, otherwise decoded."""

    kind: str
    transfer_syntax: str
    original: bool
    multipart: bool


def kind_of(syntax: str) -> str:
    """The media type of a frame as it is stored."""
    return OCTETS if syntax in NATIVE else _KINDS.get(syntax, OCTETS)


def is_video(syntax: str) -> bool:
    return kind_of(syntax).startswith("video/")


def form_of_instances(accepted: Iterable[MediaType], syntax: str) -> Form | None:
    """For whole instances: as they are unless Explicit VR Little Endian is asked for; None: not acceptable."""
    for media in accepted:
        if not media.covers(DICOM):
            continue
        wanted = media.transfer_syntax
        multipart = media.is_multipart or media.kind == "*/*"
        if wanted in (None, "*", "", syntax):
            return Form(DICOM, syntax, True, multipart)
        if wanted == EXPLICIT and not is_video(syntax):
            return Form(DICOM, EXPLICIT, False, multipart)
    return None


def form_of_frames(accepted: Iterable[MediaType], syntax: str, *, readable: bool) -> Form | None:
    """For frames. `readable`: each frame lies in the file as it would be sent. None: not acceptable.

    A type of its own (image/jls) gives what is stored, if that is what is stored; application/octet-stream gives
    pixels, unless with `transfer-syntax=*`, which every viewer means as: whatever there is.
    """
    stored = Form(kind_of(syntax), _sent(syntax), True, True)
    decoded = Form(OCTETS, EXPLICIT, False, True)
    original = readable and not is_video(syntax)
    for media in accepted:
        wanted = media.transfer_syntax
        found: Form | None = None
        if media.inner in (OCTETS, "*/*", "application/*"):
            if wanted == "*" or (wanted is None and media.inner != OCTETS) or wanted == syntax:
                found = stored if original else decoded
            elif wanted in (None, "", EXPLICIT, "1.2.840.10008.1.2"):
                found = stored if original and syntax in NATIVE else decoded
        elif original and _covers(media.inner, stored.kind) and wanted in (None, "", "*", syntax):
            found = stored
        if found is not None:
            single = not media.is_multipart and media.kind != "*/*"
            return Form(found.kind, found.transfer_syntax, found.original, not single)
    return None


def _sent(syntax: str) -> str:
    """Native frames are sent as Explicit VR Little Endian has them, whatever the header around them is."""
    return EXPLICIT if syntax in NATIVE else syntax


def _covers(wanted: str, kind: str) -> bool:
    main, _, sub = wanted.partition("/")
    return wanted == kind or _ALSO.get(wanted) == kind or (sub in ("*", "") and kind.startswith(f"{main}/"))
