"""What a unit on the clinic's network meets, told by dcmtk's own tools and by hostile sockets."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.filereader import read_file_meta_info
from sqlalchemy import select

from app import config, db
from app.config import Config
from imaging import arrivals, ingest, store
from imaging.dimse import callers, receiving
from imaging.dimse.listener import Listener
from imaging.dimse.models import Device
from imaging.file_meta import skip_meta
from imaging.models import Instance, Upload
from tests.cast import Cast
from tests.imaging import files
from tests.imaging.dimse.conftest import UNIT, Peer, add_unit, wait_until

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")

Study = Callable[..., list[Path]]
SET = Path(os.environ.get("NIDAAN_DATA_SET", Path(__file__).resolve().parents[4] / "shared" / "data"))
MANIFEST = SET / "manifest.csv"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Files of one study, each its own instance."""

    def make(count: int, size: int = 16, **values: object) -> list[Path]:
        folder = tmp_path / "study"
        folder.mkdir(exist_ok=True)
        paths = []
        for number in range(1, count + 1):
            pixels = np.full((size, size), number, dtype=np.uint16)
            data = files.dicom(pixels, **{"SOPInstanceUID": f"1.2.3.{number}", "InstanceNumber": number, **values})
            paths.append(files.save(data, folder / f"{number:04}.dcm"))
        return paths

    return make


def uploads() -> list[Upload]:
    with db.read_session() as session:
        return list(session.scalars(select(Upload).order_by(Upload.created_at)))


def data_set_bytes(path: Path) -> bytes:
    """The file's bytes after its file meta header (PS3.10 section 7.1)."""
    with path.open("rb") as file:
        skip_meta(file)
        return file.read()


def test_a_known_unit_is_answered(peer: Peer) -> None:
    said = peer("echoscu")
    assert said.status == 0
    assert "Received Echo Response (Success)" in said.text


@pytest.mark.parametrize(
    ("calling", "called", "reason"),
    [("NOBODY", "NIDAAN", "Calling AE Title Not Recognized"), (UNIT, "OTHER", "Called AE Title Not Recognized")],
)
def test_a_stranger_is_refused_and_told_why(peer: Peer, calling: str, called: str, reason: str) -> None:
    said = peer("echoscu", calling=calling, called=called)
    assert said.status != 0
    assert reason in said.text


def test_a_unit_that_calls_from_another_address_is_refused_and_its_page_says_from_where(
    peer: Peer, cast: Cast, unit: Device
) -> None:
    add_unit(cast, "ELSEWHERE", "192.0.2.0/24")
    assert "Calling AE Title Not Recognized" in peer("echoscu", calling="ELSEWHERE").text
    with db.read_session() as session:
        found = session.scalar(select(Device).where(Device.ae_title == "ELSEWHERE"))
        assert found is not None
        assert (found.refused_address, found.last_seen_at) == ("127.0.0.1", None)


def test_a_unit_that_is_switched_off_is_refused(peer: Peer, unit: Device) -> None:
    assert peer("echoscu").status == 0
    with db.write_transaction() as session:
        session.get_one(Device, unit.id).active = False
    assert "Calling AE Title Not Recognized" in peer("echoscu").text


def test_a_caller_who_cannot_be_looked_up_is_refused(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_title: str, _address: str) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr(callers, "recognise", broken)
    assert "Calling AE Title Not Recognized" in peer("echoscu").text


def test_two_units_with_one_title_are_told_apart_by_their_address(
    peer: Peer, cast: Cast, unit: Device, study: Study
) -> None:
    other = add_unit(cast, UNIT, "192.0.2.7/32", cast.other_facility.id)
    assert peer("storescu", *study(1)).status == 0
    assert [one.owner_id for one in uploads()] == [unit.id]
    assert other.id != unit.id


def test_a_facility_without_room_is_out_of_resources(peer: Peer, study: Study, queued: list[str]) -> None:
    first, second = study(2)
    config.use(replace(config.current(), max_facility_bytes=first.stat().st_size + 1000))
    assert peer("storescu", first).status == 0
    assert "0xa700" in peer("storescu", "-d", second).text.lower()
    assert len(uploads()) == len(queued) == 1


def test_what_is_sent_waits_in_the_inbox_byte_for_byte(
    peer: Peer, study: Study, cast: Cast, queued: list[str], no_children: None
) -> None:
    paths = study(3)
    said = peer("storescu", *paths)
    assert said.status == 0, said.text
    arrived = uploads()
    assert [one.id for one in arrived] == queued
    assert {one.facility_id for one in arrived} == {cast.facility.id}
    for path, upload in zip(paths, arrived, strict=True):
        kept = store.upload_path(upload.id)
        assert data_set_bytes(kept) == data_set_bytes(path)
        meta = read_file_meta_info(kept)
        assert meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert meta.SourceApplicationEntityTitle == UNIT
        assert pydicom.dcmread(kept).SOPInstanceUID == meta.MediaStorageSOPInstanceUID
        assert ingest.ingest(upload.id) is not None
    assert list(store.folder("arriving-dicom").iterdir()) == []


def test_the_same_data_set_by_another_way_is_already_here(
    peer: Peer, study: Study, cast: Cast, no_children: None
) -> None:
    [path] = study(1)
    assert peer("storescu", path).status == 0
    first = ingest.ingest(uploads()[0].id)
    assert peer("storescu", path).status == 0
    add_unit(cast, "RELAY", "127.0.0.1/32")
    assert peer("storescu", path, calling="RELAY").status == 0  # another name in the file meta header
    again = [ingest.ingest(one.id) for one in uploads()[1:]]
    assert again == [first, first]
    with db.read_session() as session:
        assert len(list(session.scalars(select(Instance)))) == 1


def test_private_and_unknown_classes_are_taken_in(peer: Peer, study: Study) -> None:
    for sop_class in ("1.2.840.113619.4.2", "1.2.826.0.1.3680043.9.9"):
        [path] = study(1, SOPClassUID=sop_class)
        said = peer("dcmsend", "-nuc", path)
        assert "with status SUCCESS  : 1" in said.text, said.text


def test_other_services_are_not_offered(peer: Peer, tmp_path: Path) -> None:
    query = tmp_path / "query.dcm"
    pydicom.Dataset.from_json({}).save_as(query, implicit_vr=True, little_endian=True, enforce_file_format=False)
    findscu = shutil.which("findscu")
    assert findscu
    assert "No Acceptable Presentation Contexts" in peer("findscu", "-S", "-k", "QueryRetrieveLevel=STUDY").text


def test_several_units_send_at_once(peer: Peer, study: Study) -> None:
    paths = study(24)
    senders = [threading.Thread(target=peer, args=("storescu", *paths[part::4])) for part in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len({one.file_name for one in uploads()}) == 24


def test_one_association_too_many_is_told_to_come_again(listener: Listener, peer: Peer) -> None:
    open_ones = [calling(listener) for _ in range(4)]
    said = peer("echoscu")
    assert "Local Limit Exceeded" in said.text
    for one in open_ones:
        one.close()
    wait_until(lambda: peer("echoscu").status == 0)


# --- hostile and broken peers -------------------------------------------------------------------------------------


def associate_request(calling: str = UNIT) -> bytes:
    """An A-ASSOCIATE-RQ for CR Image Storage in Explicit VR Little Endian (PS3.8 section 9.3.2)."""

    def item(kind: int, content: bytes) -> bytes:
        return struct.pack(">BBH", kind, 0, len(content)) + content

    syntaxes = item(0x30, b"1.2.840.10008.5.1.4.1.1.1") + item(0x40, b"1.2.840.10008.1.2.1")
    body = struct.pack(">HH", 1, 0) + b"NIDAAN".ljust(16) + calling.encode().ljust(16) + b"\0" * 32
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x20, b"\x01\0\0\0" + syntaxes)
    body += item(0x50, item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3"))
    return struct.pack(">BBL", 1, 0, len(body)) + body


def calling(listener: Listener) -> socket.socket:
    """A socket whose association has been accepted."""
    line = socket.create_connection(("127.0.0.1", listener.port), timeout=20)
    line.sendall(associate_request())
    assert line.recv(1) == b"\x02"
    line.recv(65536)
    return line


def p_data(control: int, fragment: bytes) -> bytes:
    """A P-DATA-TF of one fragment (PS3.8 section 9.3.5)."""
    value = struct.pack(">LBB", len(fragment) + 2, 1, control) + fragment
    return struct.pack(">BBL", 4, 0, len(value)) + value


def store_command(sop_instance: str = "1.2.3.1") -> bytes:
    """A C-STORE-RQ command set (PS3.7 section 9.3.1.1), implicit VR little endian."""

    def element(number: int, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        return struct.pack("<HHL", 0, number, len(value)) + value

    body = element(0x0002, b"1.2.840.10008.5.1.4.1.1.1") + element(0x0100, struct.pack("<H", 1))
    body += element(0x0110, struct.pack("<H", 1)) + element(0x0700, struct.pack("<H", 0))
    body += element(0x0800, struct.pack("<H", 0)) + element(0x1000, sop_instance.encode())
    return element(0x0000, struct.pack("<L", len(body))) + body


def ended(line: socket.socket) -> bool:
    """Whether the other side has closed the connection (within the socket's patience)."""
    try:
        while line.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def status_of(answer: bytes) -> int:
    """The status of a C-STORE-RSP."""
    at = answer.index(struct.pack("<HHL", 0, 0x0900, 2))
    return int(struct.unpack("<H", answer[at + 8 : at + 10])[0])


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\n\r\n", bytes(range(7, 71)), b"\xff" * 6, b"\x04\0\0\0\0\0"])
def test_noise_on_the_port_is_hung_up_on(listener: Listener, peer: Peer, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", listener.port), timeout=20) as line:
        line.sendall(noise)
        line.shutdown(socket.SHUT_WR)
        assert ended(line)
    assert peer("echoscu").status == 0


def test_a_pdu_of_four_gigabytes_is_not_waited_for(listener: Listener, peer: Peer) -> None:
    with calling(listener) as line:
        line.sendall(struct.pack(">BBL", 4, 0, 0xFFFFFFFF) + b"x" * 1000)
        assert ended(line)
    assert peer("echoscu").status == 0


def test_whoever_connects_and_says_nothing_is_hung_up_on(
    listener: Listener, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "STALL_SECONDS", 0.2)
    lines = [socket.create_connection(("127.0.0.1", listener.port), timeout=20) for _ in range(3)]
    for line in lines:
        line.sendall(b"\x01\0\0")  # half a header
    assert all(ended(line) for line in lines)
    assert peer("echoscu").status == 0


def test_whoever_stops_in_the_middle_of_a_data_set_is_hung_up_on_and_leaves_nothing(
    listener: Listener, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "STALL_SECONDS", 0.3)
    with calling(listener) as line:
        line.sendall(p_data(3, store_command()) + p_data(0, b"x" * 5000) + b"\x04\0\0\0")
        assert ended(line)
    wait_until(lambda: not list(store.folder("arriving-dicom").iterdir()))
    assert uploads() == []


def test_an_abort_in_the_middle_of_a_data_set_leaves_nothing(listener: Listener) -> None:
    line = calling(listener)
    line.sendall(p_data(3, store_command()) + p_data(0, b"x" * 5000))
    wait_until(lambda: bool(list(store.folder("arriving-dicom").iterdir())))
    line.sendall(struct.pack(">BBL", 7, 0, 4) + b"\0\0\0\0")
    assert ended(line)
    wait_until(lambda: not list(store.folder("arriving-dicom").iterdir()))
    assert uploads() == []


def test_a_command_that_never_ends_is_not_kept_in_memory(listener: Listener, peer: Peer) -> None:
    with calling(listener) as line:
        line.sendall(p_data(1, b"x" * 16_000) * 5)
        assert line.recv(1) == b"\x07"  # an abort
        assert ended(line)
    assert peer("echoscu").status == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # how pynetdicom ends it
def test_a_command_that_names_no_instance_leaves_nothing(listener: Listener, peer: Peer) -> None:
    with calling(listener) as line:
        line.sendall(p_data(3, store_command("")) + p_data(2, b"x" * 100))
        assert ended(line)
    assert list(store.folder("arriving-dicom").iterdir()) == []
    assert peer("echoscu").status == 0


@pytest.mark.parametrize("content", [b"", b"\0" * 300, b"no data set at all" * 20])
def test_a_data_set_that_cannot_be_read_is_not_understood(listener: Listener, content: bytes) -> None:
    with calling(listener) as line:
        line.sendall(p_data(3, store_command()) + p_data(2, content))
        assert status_of(line.recv(65536)) & 0xF000 == 0xC000
    assert uploads() == []


def test_a_data_set_that_is_another_instance_is_not_taken(listener: Listener, study: Study) -> None:
    [path] = study(1)
    with calling(listener) as line:
        line.sendall(p_data(3, store_command("1.2.3.99")) + p_data(2, data_set_bytes(path)))
        assert status_of(line.recv(65536)) == 0xC000
    assert uploads() == []


def test_a_data_set_above_the_limit_is_answered_and_the_next_is_taken(
    listener: Listener, listening: Config, study: Study, peer: Peer
) -> None:
    listener.config = replace(listening, max_upload_bytes=20_000)
    small, large = study(2)[1], study(1, size=110)[0]
    said = peer("storescu", "--no-halt", large, small)
    assert "Refused: OutOfResources" in said.text
    assert [one.file_name for one in uploads()] == ["1.2.3.2.dcm"]


def test_a_full_disk_is_said_and_nothing_is_acknowledged(
    peer: Peer, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "sync", full)
    assert "Refused: OutOfResources" in peer("storescu", *study(1)).text
    assert uploads() == []
    monkeypatch.undo()


def test_a_database_that_fails_is_a_failure_and_not_a_success(
    peer: Peer, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_more: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(arrivals, "take", broken)
    said = peer("storescu", *study(1))
    assert said.status != 0 or "Error" in said.text
    assert uploads() == []


def test_draining_lets_what_is_being_received_come_to_its_end(listener: Listener, study: Study) -> None:
    [path] = study(1)
    content = data_set_bytes(path)
    line = calling(listener)
    line.sendall(p_data(3, store_command("1.2.3.1")) + p_data(0, content[:100]))
    wait_until(lambda: bool(list(store.folder("arriving-dicom").iterdir())))
    ending = threading.Thread(target=listener.drain)
    ending.start()
    wait_until(lambda: listener.draining)
    line.sendall(p_data(2, content[100:]))
    assert status_of(line.recv(65536)) == 0
    ending.join(20)
    assert len(uploads()) == 1
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", listener.port), timeout=1)


# --- every packing that the test set has and dcmtk can propose ----------------------------------------------------


@pytest.mark.skipif(not MANIFEST.exists(), reason="the set of real files is not on this machine")
def test_every_packing_arrives_as_it_was_sent(peer: Peer, tmp_path: Path) -> None:
    with MANIFEST.open(newline="") as table:
        rows = [
            row for row in csv.DictReader(table) if row["file"].startswith("dicom/") and "malformed" not in row["file"]
        ]
    smallest: dict[str, Path] = {}
    for row in sorted(rows, key=lambda row: int(row["bytes"])):
        smallest.setdefault(row["transfer_syntax"], MANIFEST.parent / row["file"])
    left_out = {"", "1.2.840.10008.1.2.1.99"} | {f"1.2.840.10008.1.2.4.{end}" for end in ("53", "201", "111")}
    plain = {"1.2.840.10008.1.2": "-xi", "1.2.840.10008.1.2.2": "-xb"}  # dcmtk turns these into one another
    sent = {syntax: path for syntax, path in smallest.items() if syntax not in left_out}
    assert len(sent) > 10
    said = peer("dcmsend", "--no-halt", "-dn", "-nuc", *(path for uid, path in sent.items() if uid not in plain))
    for uid, option in plain.items():
        assert peer("storescu", option, sent[uid]).status == 0
    arrived = {read_file_meta_info(path).TransferSyntaxUID: path for path in store.folder("uploads").iterdir()}
    assert set(sent) == set(arrived), said.text
