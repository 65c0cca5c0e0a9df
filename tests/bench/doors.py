"""Pictures a second through every door, beside Debian's orthanc in one run: `python -m tests.bench.doors`.

The same files go to both: small CT slices, large radiographs and ultrasound clips, by C-STORE (dcmsend, one and four
associations) and by STOW-RS (one and four connections). Two rates each: until the last was acknowledged, and until all
can be found. Ours checks each file in a sandbox before it can be found and makes its renditions later; orthanc reads
the header in the same process and makes nothing. CPU is that of the server's processes alone, per instance. Then
rendered frames a second by WADO-RS, one and four connections.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import data_store
import pydicom
from pydicom.uid import generate_uid

ROOT = Path(__file__).resolve().parents[2]
PICTURES = Path(next(iter(data_store.__path__))) / "data"
KINDS = {  # what it is: the real file that is copied, how many by default
    "CT 0.5 MB": ("693_UNCI.dcm", 60),
    "X-ray 7 MB": ("RG1_UNCI.dcm", 8),
    "clip 6 MB": ("color3d_jpeg_baseline.dcm", 8),
}
DOORS = (("C-STORE", 1), ("C-STORE", 4), ("STOW", 1), ("STOW", 4))
TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 300.0
HEAD = f"{'files':<11} {'door':<11} {'server':<8} {'acknowledged/s':>14} {'to be found/s':>14} {'CPU ms each':>12}"


@dataclass
class Server:
    """A program under test: its processes, its ports, and how many instances it can find."""

    name: str
    called: str
    dicom_port: int
    http_port: int
    stow_path: str
    headers: dict[str, str]
    found: Callable[[], int]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def cpu(self) -> float:
        """Seconds of CPU that its processes and their children have used."""
        return sum(_cpu_of(pid) for one in self.processes for pid in _tree(one.pid))

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        found = [int(word) for word in children.read_text().split()]
    except OSError:
        found = []
    return [pid, *(below for child in found for below in _tree(child))]


def _cpu_of(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(int(word) for word in words[11:15]) / TICK  # user, system, and those of children that have ended


def start_nidaan(folder: Path) -> Server:
    """Listener, worker and web process on an installation of their own."""
    dicom, web = free_port(), free_port()
    environment = {
        **os.environ,
        "DATA_DIR": str(folder),
        "DATABASE_URL": "",
        "PORT": str(web),
        "DIMSE_PORT": str(dicom),
        "DEMO": "1",
        "ASYNC_MODE": "eventlet",
        "MAX_CASE_BYTES": "0",
    }
    run = [sys.executable, "-m"]

    def command(*words: str) -> str:
        done = subprocess.run([*run, "app.cli", *words], cwd=ROOT, env=environment, capture_output=True, check=True)
        return done.stdout.decode().strip()

    command("migrate")
    command("seed-demo")
    token = command("make-token", "--email", "doctor.a@demo.example")
    database = folder / "nidaan.sqlite3"

    def found() -> int:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute("select count(*) from instance").fetchone()[0])

    server = Server("nidaan", "NIDAAN", dicom, web, "/dicomweb/studies", {"Authorization": f"Bearer {token}"}, found)
    for words in (["imaging.dimse"], ["app.worker"], ["gunicorn", "app.wsgi:app"]):
        server.processes.append(_start([*run, *words], environment))
    return server


def start_orthanc(folder: Path) -> Server | None:
    """Debian's orthanc with its DICOMweb plugin, files synced to the disk as it does by default; None when missing."""
    program = shutil.which("Orthanc")
    if program is None:
        return None
    dicom, web = free_port(), free_port()
    plugin = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
    settings = {
        "DicomAet": "ORTHANC",
        "DicomPort": dicom,
        "HttpPort": web,
        "StorageDirectory": str(folder),
        "IndexDirectory": str(folder),
        "Plugins": [plugin] if Path(plugin).exists() else [],
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "DicomCheckCalledAet": False,
        "SyncStorageArea": True,
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings))

    def found() -> int:
        line = http.client.HTTPConnection("127.0.0.1", web, timeout=60)
        line.request("GET", "/statistics")
        return int(json.loads(line.getresponse().read())["CountInstances"])

    server = Server("orthanc", "ORTHANC", dicom, web, "/dicom-web/studies", {}, found)
    server.processes.append(_start([program, str(path)], dict(os.environ)))
    return server


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(holds: Callable[[], bool], what: str) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > give_up_at:
            raise SystemExit(f"{what}: it did not come in {PATIENCE:.0f} s")
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def copies(kind: str, count: int, folder: Path) -> list[Path]:
    """The same picture as so many instances of one study, none of which either server has seen."""
    folder.mkdir(parents=True)
    data = pydicom.dcmread(PICTURES / KINDS[kind][0])
    data.StudyInstanceUID, data.SeriesInstanceUID = generate_uid(), generate_uid()
    found = []
    for number in range(count):
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        data.InstanceNumber = number
        path = folder / f"{number:04}.dcm"
        data.save_as(path)
        found.append(path)
    return found


def by_c_store(server: Server, files: list[Path]) -> None:
    command = ["dcmsend", "-nuc", "-aet", "DEMO_US", "-aec", server.called, "127.0.0.1", str(server.dicom_port)]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True)


def by_stow(server: Server, files: list[Path]) -> None:
    """Up to ten instances a request, as gateways send them."""
    line = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=300)
    for start in range(0, len(files), 10):
        parts = [
            b"--frontier\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() + b"\r\n"
            for path in files[start : start + 10]
        ]
        body = b"".join(parts) + b"--frontier--\r\n"
        kind = 'multipart/related; type="application/dicom"; boundary=frontier'
        line.request(
            "POST",
            server.stow_path,
            body,
            {"Content-Type": kind, "Accept": "application/dicom+json", **server.headers},
        )
        answer = line.getresponse()
        said = answer.read()
        if answer.status not in (200, 202):
            raise RuntimeError(f"{server.name} answered {answer.status} to STOW: {said[:300]!r}")


WAYS = {"C-STORE": by_c_store, "STOW": by_stow}


def measure(server: Server, door: str, lines: int, files: list[Path]) -> tuple[float, float, float]:
    """Instances a second acknowledged and to be found; milliseconds of the server's CPU for each."""
    before, cpu, began = server.found(), server.cpu(), time.monotonic()
    with ThreadPoolExecutor(lines) as senders:
        done = [senders.submit(WAYS[door], server, files[part::lines]) for part in range(lines)]
        for one in done:
            one.result()
    acknowledged = time.monotonic() - began
    wait_for(lambda: server.found() >= before + len(files), f"{server.name}, {door} x {lines}")
    found = time.monotonic() - began
    return len(files) / acknowledged, len(files) / found, (server.cpu() - cpu) * 1000 / len(files)


def rendered(server: Server, path: Path, lines: int, count: int) -> tuple[float, float]:
    """Rendered frames a second (WADO-RS, JPEG), each frame once in turn; milliseconds of the server's CPU for each."""
    data = pydicom.dcmread(path, stop_before_pixels=True)
    series = f"{server.stow_path}/{data.StudyInstanceUID}/series/{data.SeriesInstanceUID}"
    frames = int(data.get("NumberOfFrames", 1))
    addresses = [f"{series}/instances/{data.SOPInstanceUID}/frames/{n % frames + 1}/rendered" for n in range(count)]

    def fetch(part: list[str]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=120)
        for address in part:
            line.request("GET", address, headers={"Accept": "image/jpeg", **server.headers})
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200 or b"\xff\xd8" not in body[:2048]:
                raise RuntimeError(f"{server.name} answered {answer.status} to {address}: {body[:200]!r}")

    fetch(addresses[:1])  # what is opened once for all
    cpu, began = server.cpu(), time.monotonic()
    with ThreadPoolExecutor(lines) as readers:
        for one in [readers.submit(fetch, addresses[part::lines]) for part in range(lines)]:
            one.result()
    return count / (time.monotonic() - began), (server.cpu() - cpu) * 1000 / count


def measure_rendered(servers: list[Server], folder: Path, share: float) -> None:
    """A row for each picture, number of connections and server."""
    print(f"\n{'rendered':<11} {'lines':<11} {'server':<8} {'frames/s':>14} {'CPU ms each':>12}")
    for number, kind in enumerate(("CT 0.5 MB", "X-ray 7 MB", "clip 6 MB")):
        for server in servers:
            [path] = copies(kind, 1, folder / f"rendered-{number}-{server.name}")
            before = server.found()
            by_c_store(server, [path])
            wait_for(lambda server=server, before=before: server.found() > before, server.name)  # type: ignore[misc]
            for lines in (1, 4):
                rate, cpu = rendered(server, path, lines, max(lines, int(40 * share)))
                print(f"{kind:<11} {lines:<11} {server.name:<8} {rate:>14.1f} {cpu:>12.1f}", flush=True)


def main() -> int:
    """Print a row for each kind of file, door and server."""
    if shutil.which("dcmsend") is None:
        print("dcmsend is missing: install the package dcmtk")
        return 1
    share = float(os.environ.get("SHARE", "1"))  # of the default number of files
    with tempfile.TemporaryDirectory(prefix="doors-", dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        (folder / "nidaan").mkdir()
        (folder / "orthanc").mkdir()
        servers = [start_nidaan(folder / "nidaan")]
        try:
            other = start_orthanc(folder / "orthanc")
            if other is None:
                print("orthanc is not installed (apt-get install orthanc orthanc-dicomweb): measuring ours alone")
            else:
                servers.append(other)
            for server in servers:
                wait_for(lambda server=server: listens(server.dicom_port), f"{server.name}, DICOM")  # type: ignore[misc]
                wait_for(lambda server=server: listens(server.http_port), f"{server.name}, HTTP")  # type: ignore[misc]
            print(HEAD)
            number = 0
            for kind, (_source, most) in KINDS.items():
                for door, lines in DOORS:
                    for server in servers:
                        number += 1
                        files = copies(kind, max(lines, int(most * share)), folder / f"sent-{number}")
                        rates = measure(server, door, lines, files)
                        shutil.rmtree(files[0].parent)
                        cells = " ".join(f"{one:>{wide}.1f}" for one, wide in zip(rates, (14, 14, 12), strict=True))
                        print(f"{kind:<11} {door + ' x ' + str(lines):<11} {server.name:<8} {cells}", flush=True)
            measure_rendered(servers, folder, share)
        finally:
            for server in servers:
                server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
