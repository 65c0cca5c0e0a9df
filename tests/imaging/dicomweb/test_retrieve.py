"""Retrieving: originals byte for byte, frames as they lie or decoded, headers, pictures, in the form accepted."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from email.parser import BytesHeaderParser

import numpy as np
import pydicom
import pytest
from flask.testing import FlaskClient
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless, RLELossless
from werkzeug.test import TestResponse

from app import db
from app.audit import AuditRow
from imaging import store
from imaging.dicomweb import media_types, multipart, sandboxed
from imaging.models import Instance
from tests.imaging import files
from tests.imaging.dicomweb.conftest import PIXELS, Headers, made

StoreWith = Callable[..., TestResponse]
pytestmark = pytest.mark.usefixtures("no_children", "jobs_run_at_once")

AT = "/dicomweb/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1."
ANY_DICOM = 'multipart/related; type="application/dicom"; transfer-syntax=*'
OCTETS = 'multipart/related; type="application/octet-stream"'


class Got:
    """An answer's parts."""

    def __init__(self, answer: TestResponse) -> None:
        self.status, self.kind = answer.status_code, answer.content_type
        told = media_types.parse_one(answer.content_type)
        assert told is not None
        assert told.is_multipart, answer.text
        pieces = iter([answer.data])
        reader = multipart.Reader(lambda _size: next(pieces, b""), told.parameters["boundary"])
        found = [(part.headers, b"".join(part.pieces())) for part in reader.parts()]
        self.headers = [headers for headers, _ in found]
        self.parts = [content for _, content in found]


@pytest.fixture
def get(door: FlaskClient, doctor_headers: Headers) -> Callable[..., TestResponse]:
    def asked(path: str, accept: str | None = None) -> TestResponse:
        return door.get(path, headers={**doctor_headers, **({"Accept": accept} if accept else {})})

    return asked


@pytest.fixture
def three(store_with: StoreWith, doctor_headers: Headers) -> list[bytes]:
    """Three radiographs, two of them in one series."""
    sent = [made(1), made(2, pixels=PIXELS + 1), made(1, series="1.2.3.2")]
    assert store_with(doctor_headers, sent).status_code == 200
    return sent


def clip_of(frames: list[np.ndarray], syntax: str, packed: list[bytes], **elements: object) -> bytes:
    data = files.dicom(frames[0], SOPClassUID=files.ULTRASOUND_CLIP, Modality="US", **elements)
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = "1.2.3", "1.2.3.1", "1.2.3.1.9"
    data.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.NumberOfFrames = len(frames)
    data.PixelData = encapsulate(packed)
    data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    target = io.BytesIO()
    data.save_as(target, enforce_file_format=True)
    return target.getvalue()


@pytest.fixture
def colour_clip(store_with: StoreWith, doctor_headers: Headers) -> list[bytes]:
    """A clip of four JPEG frames; their bytes."""
    frames = files.numbered_frames(4)
    packed = [files.jpeg(frame) for frame in frames]
    clip = clip_of(frames, "1.2.840.10008.1.2.4.50", packed, PhotometricInterpretation="YBR_FULL_422", FrameTime="40")
    assert store_with(doctor_headers, [clip]).status_code == 200
    return packed


@pytest.fixture
def lossless_clip(store_with: StoreWith, doctor_headers: Headers) -> list[np.ndarray]:
    """A 12 bit clip in JPEG-LS."""
    import jpeg_ls

    frames = [PIXELS % 4096, (PIXELS * 3) % 4096]
    packed = [bytes(jpeg_ls.encode_array(frame)) for frame in frames]
    clip = clip_of(frames, str(JPEGLSLossless), packed, BitsStored=12, HighBit=11)
    assert store_with(doctor_headers, [clip]).status_code == 200
    return frames


def test_originals_leave_byte_for_byte(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    for path, expected in (
        ("/dicomweb/studies/1.2.3", three),
        ("/dicomweb/studies/1.2.3/series/1.2.3.1", three[:2]),
        (f"{AT}2", three[1:2]),
    ):
        for accept in (None, "*/*", ANY_DICOM, 'multipart/related; type="application/dicom"', "multipart/related"):
            assert Got(get(path, accept)).parts == expected
    whole = Got(get(f"{AT}1"))
    assert whole.headers[0]["content-type"] == "application/dicom;transfer-syntax=1.2.840.10008.1.2.1"
    assert whole.headers[0]["content-location"] == f"http://localhost{AT}1"


def test_one_instance_may_be_had_without_a_multipart(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    answer = get(f"{AT}1", "application/dicom")
    assert answer.content_type == "application/dicom;transfer-syntax=1.2.840.10008.1.2.1"
    assert answer.data == three[0]
    assert get("/dicomweb/studies/1.2.3", "application/dicom").status_code == 406


@pytest.mark.parametrize(
    "accept",
    [
        "image/jpeg",
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.90',
        'multipart/related; type="application/dicom+xml"',
        "text/html;q=0.9",
        "application/dicom;q=0",
    ],
)
def test_what_cannot_be_given_is_not_acceptable(
    get: Callable[..., TestResponse], three: list[bytes], accept: str
) -> None:
    assert get(f"{AT}1", accept).status_code == 406


def test_a_compressed_file_is_unpacked_for_whoever_asks(
    get: Callable[..., TestResponse], lossless_clip: list[np.ndarray]
) -> None:
    accept = 'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1'
    data = pydicom.dcmread(io.BytesIO(Got(get(f"{AT}9", accept)).parts[0]))
    assert data.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert data.SOPInstanceUID == "1.2.3.1.9"
    assert np.array_equal(data.pixel_array, np.stack(lossless_clip))
    original = Got(get(f"{AT}9", ANY_DICOM))
    assert original.headers[0]["content-type"].endswith("1.2.840.10008.1.2.4.80")
    assert list(store.folder("workspaces").iterdir()) == []


def test_frames_leave_as_they_lie(get: Callable[..., TestResponse], colour_clip: list[bytes]) -> None:
    for accept in (
        f"{OCTETS}; transfer-syntax=*",
        "multipart/related; type=application/octet-stream; transfer-syntax=*",
        'multipart/related; type="image/jpeg"',
        'multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50',
        "multipart/related; type=image/*",
        "*/*",
    ):
        got = Got(get(f"{AT}9/frames/3,1", accept))
        # a fragment has an even length: the padding byte is part of what is stored
        assert [part[: len(colour_clip[0])] for part in got.parts] == [
            colour_clip[number][: len(colour_clip[0])] for number in (2, 0)
        ]
        assert got.headers[0]["content-type"] == "image/jpeg;transfer-syntax=1.2.840.10008.1.2.4.50"
        assert got.headers[0]["content-location"].endswith("/frames/3")
        assert got.kind.startswith('multipart/related; type="image/jpeg"')


def test_frames_are_decoded_for_whoever_wants_pixels(
    get: Callable[..., TestResponse], lossless_clip: list[np.ndarray]
) -> None:
    for accept in (OCTETS, f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.1"):
        got = Got(get(f"{AT}9/frames/1,2", accept))
        assert got.headers[0]["content-type"] == "application/octet-stream;transfer-syntax=1.2.840.10008.1.2.1"
        assert got.parts == [frame.astype("<u2").tobytes() for frame in lossless_clip]
    one = get(f"{AT}9/frames/2", "application/octet-stream")
    assert (one.content_type, one.data) == ("application/octet-stream", lossless_clip[1].astype("<u2").tobytes())
    jls = get(f"{AT}9/frames/2", "image/jls")
    assert jls.content_type == "image/jls"


def test_colour_is_decoded_to_rgb(get: Callable[..., TestResponse], colour_clip: list[bytes]) -> None:
    frame = np.frombuffer(Got(get(f"{AT}9/frames/4", OCTETS)).parts[0], np.uint8).reshape(48, 64, 3)
    assert files.number_of(frame) == 3


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.70"])
def test_frames_in_another_coding_are_not_acceptable(
    get: Callable[..., TestResponse], colour_clip: list[bytes], syntax: str
) -> None:
    assert get(f"{AT}9/frames/1", f'multipart/related; type="image/jp2"; transfer-syntax={syntax}').status_code == 406


@pytest.mark.parametrize("frames", ["0", "5", "1,,2", "-1", "x", "1-2", "1,99999999999", "²"])
def test_a_frame_that_is_not_there_is_refused(
    get: Callable[..., TestResponse], colour_clip: list[bytes], frames: str
) -> None:
    assert get(f"{AT}9/frames/{frames}").status_code == 400


def test_frames_that_would_fill_the_disk_are_refused(
    get: Callable[..., TestResponse], lossless_clip: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandboxed, "MAX_TRANSCODED_BYTES", lossless_clip[0].nbytes)
    assert get(f"{AT}9/frames/1", OCTETS).status_code == 200
    assert get(f"{AT}9/frames/1,2", OCTETS).status_code == 406


def test_native_frames_come_straight_from_the_file(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    got = Got(get(f"{AT}2/frames/1", f"{OCTETS}; transfer-syntax=*"))
    assert got.parts == [(PIXELS + 1).tobytes()]


def test_rle_frames_say_what_they_are(
    get: Callable[..., TestResponse], store_with: StoreWith, doctor_headers: Headers
) -> None:
    data = pydicom.dcmread(io.BytesIO(made(7)))
    data.compress(RLELossless, generate_instance_uid=False)
    target = io.BytesIO()
    data.save_as(target, enforce_file_format=True)
    assert store_with(doctor_headers, [target.getvalue()]).status_code == 200
    assert Got(get(f"{AT}7/frames/1", "*/*")).headers[0]["content-type"].startswith("image/dicom-rle;")
    assert Got(get(f"{AT}7/frames/1", OCTETS)).parts == [PIXELS.tobytes()]


def test_metadata_is_the_header_and_refers_to_what_is_large(
    get: Callable[..., TestResponse], store_with: StoreWith, doctor_headers: Headers
) -> None:
    data = pydicom.dcmread(io.BytesIO(made(5)))
    data.add_new(0x00091010, "LO", "MAKER")
    data.add_new(0x00091011, "OB", b"ab" * 2000)
    target = io.BytesIO()
    data.save_as(target)
    store_with(doctor_headers, [target.getvalue(), made(6)])
    header = get(f"{AT}5/metadata", "application/dicom+json").get_json(force=True)[0]
    assert header["00100010"]["Value"] == [{"Alphabetic": "One^Patient"}]
    uri = header["00091011"]["BulkDataURI"]
    assert uri == f"http://localhost{AT}5/bulkdata/00091011"
    assert Got(get(uri.removeprefix("http://localhost"), f"{OCTETS}; transfer-syntax=*")).parts == [b"ab" * 2000]
    assert get(uri.removeprefix("http://localhost"), "application/octet-stream").data == b"ab" * 2000
    pixels = Got(get(header["7FE00010"]["BulkDataURI"].removeprefix("http://localhost"), OCTETS))
    assert pixels.parts == [PIXELS.tobytes()]
    study = get("/dicomweb/studies/1.2.3/metadata").get_json(force=True)
    assert [one["00080018"]["Value"][0] for one in study] == ["1.2.3.1.5", "1.2.3.1.6"]
    assert study[1]["7FE00010"]["BulkDataURI"].startswith(f"http://localhost{AT}6/")


@pytest.mark.parametrize(
    "place", ["00091012", "00280010", "zz", "00091011/1", "../../etc/passwd", "00091011/0/00091011"]
)
def test_a_value_that_is_not_there_is_not_found(
    get: Callable[..., TestResponse], three: list[bytes], place: str
) -> None:
    assert get(f"{AT}1/bulkdata/{place}").status_code == 404


def picture_in(answer: TestResponse) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.data))


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "image/jpeg"),
        ("image/jpeg", "image/jpeg"),
        ("image/png", "image/png"),
        ("image/webp, image/png;q=0.5", "image/webp"),
        ("image/gif, image/*;q=0.1", "image/jpeg"),
    ],
)
def test_a_picture_is_drawn_in_the_type_that_is_accepted(
    get: Callable[..., TestResponse], three: list[bytes], accept: str | None, kind: str
) -> None:
    answer = get(f"{AT}1/rendered", accept)
    assert answer.content_type == kind
    assert picture_in(answer).size == (64, 48)


def test_a_picture_looks_as_it_is_asked_to(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    def pixels(query: str, path: str = f"{AT}1/rendered") -> np.ndarray:
        return np.asarray(picture_in(get(f"{path}?{query}", "image/png")))

    assert pixels("window=1000,2,linear").tolist() == (np.where(PIXELS >= 1000, 255, 0)).tolist()
    assert pixels("window=100,1,linear-exact")[-1, -1] == 255
    assert pixels("viewport=128,128").shape == (96, 128)
    assert pixels("viewport=32,32").shape == (24, 32)
    whole = pixels("")
    assert pixels("viewport=10,10,5,6,10,10").tolist() == whole[6:16, 5:15].tolist()
    assert pixels("viewport=10,10,5,6,-10,10").tolist() == whole[6:16, 14:4:-1].tolist()
    assert pixels("", f"{AT}1/frames/1/rendered").tolist() == whole.tolist()
    assert max(pixels("", f"{AT}1/thumbnail").shape) == 200
    assert max(pixels("viewport=64,64", "/dicomweb/studies/1.2.3/thumbnail").shape) == 64
    small, large = (get(f"{AT}1/rendered?quality={number}").data for number in (5, 95))
    assert len(small) < len(large)


@pytest.mark.parametrize(
    "query",
    [
        "quality=0",
        "quality=x",
        "quality=101",
        "window=1",
        "window=a,b",
        "window=1,0,linear",
        "window=1,2,sigmoid",
        "window=nan,2,linear",
        "viewport=0,5",
        "viewport=99999,5",
        "viewport=5",
        "viewport=inf,5",
    ],
)
def test_a_look_that_means_nothing_is_refused(get: Callable[..., TestResponse], three: list[bytes], query: str) -> None:
    answer = get(f"{AT}1/rendered?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["error"]["field"] == query.partition("=")[0]


def test_a_frame_of_a_clip_is_drawn(get: Callable[..., TestResponse], colour_clip: list[bytes]) -> None:
    answer = get(f"{AT}9/frames/3/rendered", "image/png")
    assert files.number_of(np.asarray(picture_in(answer))) == 2
    assert get(f"{AT}9/frames/5/rendered").status_code == 400
    assert get(f"{AT}9/frames/1,2/rendered").status_code == 406


def test_a_clip_is_given_as_video_and_a_still_is_not(
    get: Callable[..., TestResponse], colour_clip: list[bytes], three: list[bytes]
) -> None:
    answer = get(f"{AT}9/rendered", "video/mp4")
    assert answer.content_type == "video/mp4"
    assert answer.data[4:8] == b"ftyp"
    assert get(f"{AT}1/rendered", "video/mp4").status_code == 406


def test_the_accept_parameter_comes_before_the_header(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    assert get(f"{AT}1/rendered?accept=image/png", "text/html").content_type == "image/png"


def test_a_picture_that_names_another_patient_is_given_to_nobody(
    get: Callable[..., TestResponse], three: list[bytes]
) -> None:
    with db.write_transaction() as session:
        for instance in session.query(Instance).where(Instance.sop_instance_uid == "1.2.3.1.1"):
            instance.hold = {"state": "open", "fields": []}
    for path in ("", "/metadata", "/frames/1", "/rendered", "/thumbnail", "/bulkdata/7FE00010"):
        assert get(f"{AT}1{path}").status_code == 404
    assert Got(get("/dicomweb/studies/1.2.3")).parts == three[1:]


def test_looks_are_written_down(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    get(f"{AT}1/rendered")
    get("/dicomweb/studies/1.2.3")
    with db.read_session() as session:
        rows = [(row.action, json.loads(row.detail)) for row in session.query(AuditRow)][-2:]
    assert rows[0][0] == "view_instance"
    assert rows[0][1]["what"] == "rendered"
    assert rows[1] == ("retrieve_dicom", {"instances": 3, "what": "dicom"})


def test_every_part_has_headers_that_others_read(get: Callable[..., TestResponse], three: list[bytes]) -> None:
    head = get("/dicomweb/studies/1.2.3").data.split(b"\r\n\r\n")[0].split(b"\r\n", 1)[1]
    parsed = BytesHeaderParser().parsebytes(head)
    assert parsed["Content-Type"].startswith("application/dicom")
