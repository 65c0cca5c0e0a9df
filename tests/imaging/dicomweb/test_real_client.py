"""A real client against a real server process: everything that dicomweb-client can ask, and OHIF's own requests."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from sqlalchemy import select

from app import db
from app.config import Config
from imaging import store
from imaging.ingest import ingest
from imaging.models import Instance, Upload
from tests.cast import Cast
from tests.consult.web_process import WebProcess
from tests.imaging import files
from tests.imaging.dicomweb.conftest import BOUNDARY, PIXELS, STORES, Headers, made, multipart_of

pytestmark = [pytest.mark.usefixtures("no_children"), pytest.mark.timeout(300)]
STUDY, SERIES, FIRST = "1.2.3", "1.2.3.1", "1.2.3.1.1"


def do_the_workers_work() -> None:
    """Check every upload that waits, as the worker would."""
    with db.read_session() as session:
        waiting = list(session.scalars(select(Upload.id).where(Upload.state == "checking")))
    for upload_id in waiting:
        ingest(upload_id)


@pytest.fixture(params=["eventlet", "gevent"])
def web(request: pytest.FixtureRequest, settings: Config, cast: Cast) -> Iterator[WebProcess]:
    process = WebProcess(settings, request.param)
    process.start()
    yield process
    process.kill()


def clip(tmp_path: Path) -> bytes:
    """A clip of five JPEG frames in the study's second series."""
    data = files.jpeg_clip(files.numbered_frames(5))
    data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = STUDY, "1.2.3.2", "1.2.3.2.1"
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    return files.save(data, tmp_path / "clip.dcm").read_bytes()


def test_dicomweb_client_and_ohif_do_all_their_work(
    web: WebProcess, doctor_headers: Headers, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    session = requests.Session()
    session.headers.update(doctor_headers)
    client = DICOMwebClient(f"{web.address}/dicomweb", session=session)
    client.set_chunk_size(2000)  # so that it stores with chunked transfer encoding
    stills = [made(number, ImageComments="x" * 50) for number in (1, 2, 3)]
    sent = [pydicom.dcmread(io.BytesIO(content)) for content in (*stills, clip(tmp_path))]

    answer = client.store_instances(sent)
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [
        data.SOPInstanceUID for data in sent
    ]
    assert "FailedSOPSequence" not in answer
    do_the_workers_work()

    as_client(client, sent)
    as_ohif(f"{web.address}/dicomweb", doctor_headers)


def as_client(client: DICOMwebClient, sent: Sequence[pydicom.Dataset]) -> None:
    found = client.search_for_studies(search_filters={"PatientName": "one*", "StudyDate": "20261101-20261130"})
    assert [pydicom.Dataset.from_json(one).StudyInstanceUID for one in found] == [STUDY]
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    series = client.search_for_series(STUDY, search_filters={"Modality": "US"})
    assert [one["0020000E"]["Value"][0] for one in series] == ["1.2.3.2"]
    instances = client.search_for_instances(STUDY, SERIES, limit=2, get_remaining=True)
    assert len(instances) == 3

    whole = client.retrieve_instance(STUDY, SERIES, FIRST)
    assert whole == sent[0]
    assert {data.SOPInstanceUID for data in client.retrieve_study(STUDY)} == {data.SOPInstanceUID for data in sent}
    assert len(list(client.iter_series(STUDY, SERIES))) == 3
    unpacked = client.retrieve_instance(
        STUDY, "1.2.3.2", "1.2.3.2.1", media_types=(("application/dicom", "1.2.840.10008.1.2.1"),)
    )
    assert files.number_of(unpacked.pixel_array[4]) == 4

    metadata = client.retrieve_instance_metadata(STUDY, SERIES, FIRST)
    read = pydicom.Dataset.from_json(metadata, bulk_data_uri_handler=lambda *_: None)
    assert read.PatientName == "One^Patient"
    assert len(client.retrieve_study_metadata(STUDY)) == 4
    assert len(client.retrieve_series_metadata(STUDY, SERIES)) == 3
    pixels = client.retrieve_bulkdata(metadata["7FE00010"]["BulkDataURI"])
    assert pixels == [PIXELS.tobytes()]

    assert client.retrieve_instance_frames(STUDY, SERIES, FIRST, [1]) == [PIXELS.tobytes()]
    octets = client.retrieve_instance_frames(
        STUDY, "1.2.3.2", "1.2.3.2.1", [5, 2], media_types=("application/octet-stream",)
    )
    assert [files.number_of(np.frombuffer(one, np.uint8).reshape(48, 64, 3)) for one in octets] == [4, 1]
    jpegs = client.retrieve_instance_frames(STUDY, "1.2.3.2", "1.2.3.2.1", [3], media_types=("image/jpeg",))
    assert Image.open(io.BytesIO(jpegs[0])).format == "JPEG"

    png = client.retrieve_instance_rendered(STUDY, SERIES, FIRST, media_types=("image/png",))
    assert Image.open(io.BytesIO(png)).size == (64, 48)
    frame = client.retrieve_instance_frames_rendered(STUDY, "1.2.3.2", "1.2.3.2.1", [4], media_types=("image/png",))
    assert files.number_of(np.asarray(Image.open(io.BytesIO(frame)).convert("RGB"))) == 3


def as_ohif(base: str, headers: Headers) -> None:
    """What OHIF 3 sends for its study list, a study and its pictures (dicomweb-client 0.10 for JavaScript)."""

    def ask(path: str, accept: str, **query: str) -> requests.Response:
        told = {**headers, "Accept": accept, "Origin": "https://ohif.example"}
        answer = requests.get(f"{base}/{path}", headers=told, params=query, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer

    json_kind = "application/dicom+json"
    listed = ask(
        "studies",
        json_kind,
        limit="101",
        offset="0",
        fuzzymatching="true",
        includefield="00081030,00080060",
        StudyDate="20260101-20271231",
        ModalitiesInStudy="CR",
    ).json()
    assert listed[0]["00201208"]["Value"] == [4]
    series = ask(f"studies/{STUDY}/series", json_kind, includefield="00080021,00080031,0008103E,00200011").json()
    assert {one["0020000E"]["Value"][0] for one in series} == {SERIES, "1.2.3.2"}
    metadata = ask(f"studies/{STUDY}/series/{SERIES}/metadata", json_kind).json()
    assert {one["00280010"]["Value"][0] for one in metadata} == {48}
    place = f"studies/{STUDY}/series/1.2.3.2/instances/1.2.3.2.1"
    frame = ask(f"{place}/frames/1", "multipart/related; type=application/octet-stream; transfer-syntax=*")
    head = frame.content.partition(b"\r\n\r\n")[0]
    assert b"transfer-syntax=1.2.840.10008.1.2.4.50" in head
    assert frame.headers["Content-Type"].startswith("multipart/related; type=")
    assert ask(f"{place}/rendered", "image/jpeg").content[:3] == b"\xff\xd8\xff"
    assert ask(f"{place}/thumbnail?accept=image/jpeg", "*/*").content[:3] == b"\xff\xd8\xff"


def test_a_server_killed_while_it_stores_loses_nothing_it_answered_for_and_doubles_nothing(
    settings: Config, cast: Cast, doctor_headers: Headers
) -> None:
    web = WebProcess(settings, "eventlet")
    web.start()
    try:
        files_sent = {f"{SERIES}.{number}": made(number) for number in range(1, 201)}
        contents = list(files_sent.values())
        sent = {**doctor_headers, "Content-Type": STORES}
        address = f"{web.address}/dicomweb/studies"
        acknowledged = stored_in(requests.post(address, headers=sent, data=multipart_of(contents[:60]), timeout=60))
        assert len(acknowledged) == 60

        def cut_short() -> Iterator[bytes]:
            body = multipart_of(contents[60:])
            for start in range(0, len(body), 20_000):
                if start > len(body) // 2:
                    web.kill()
                yield body[start : start + 20_000]

        with pytest.raises(requests.exceptions.ConnectionError):
            requests.post(address, headers=sent, data=cut_short(), timeout=60)
        web.start()
        do_the_workers_work()
        assert acknowledged <= set(kept())

        again = requests.post(address, headers=sent, data=multipart_of(contents), timeout=60)
        assert (again.status_code, stored_in(again)) == (200, set(files_sent))
        do_the_workers_work()
        assert kept() == files_sent
        assert BOUNDARY in STORES
    finally:
        web.kill()


def stored_in(answer: requests.Response) -> set[str]:
    items = json.loads(answer.content)["00081199"]["Value"]
    return {item["00081155"]["Value"][0] for item in items}


def kept() -> dict[str, bytes]:
    """Every instance there is, once, and its bytes."""
    with db.read_session() as session:
        rows = list(session.scalars(select(Instance)))
    assert len({row.sop_instance_uid for row in rows}) == len(rows)
    return {row.sop_instance_uid: store.path_of("originals", row.sha256 or "").read_bytes() for row in rows}
