"""DICOMweb figures: instances stored a second, searches and rendered frames a second, by any DICOMweb server.

`python -m tests.bench.dicomweb` starts ours, with its worker, on a folder of its own. The functions take an address and
headers, so that the same requests can be put to another server.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import requests
from pydicom.uid import generate_uid

from app import config, db
from app.auth import tokens
from app.config import Config
from app.models import Base
from tests.cast import make_cast
from tests.consult.web_process import WebProcess
from tests.imaging import files

Headers = dict[str, str]
ROWS = COLUMNS = 512
BOUNDARY = "bench-boundary"


def make_study(count: int, seed: int = 1) -> tuple[str, str, list[bytes]]:
    """A CT-like study: its UID, its series' UID and `count` files of half a megabyte."""
    random = np.random.default_rng(seed)
    study, series = str(generate_uid()), str(generate_uid())
    made = []
    for number in range(1, count + 1):
        pixels = random.integers(0, 4096, (ROWS, COLUMNS), dtype=np.uint16)
        data = files.dicom(pixels, BitsStored=12, HighBit=11, Modality="CT", PatientName="Bench^One", PatientID="B1")
        data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID = study, series, f"{series[:50]}.{number}"
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.InstanceNumber, data.StudyDate, data.StudyTime = str(number), "20261126", "101112"
        target = io.BytesIO()
        data.save_as(target, enforce_file_format=True)
        made.append(target.getvalue())
    return study, series, made


def multipart_of(parts: list[bytes]) -> bytes:
    """A STOW-RS body."""
    head = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def store_rate(base: str, headers: Headers, parts: list[bytes], in_one: int = 20) -> float:
    """Instances a second that the server has answered for, `in_one` to a request, one request after the other."""
    sent = {**headers, "Content-Type": f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'}
    bodies = [multipart_of(parts[start : start + in_one]) for start in range(0, len(parts), in_one)]
    with requests.Session() as session:
        begun = time.perf_counter()
        for body in bodies:
            answer = session.post(f"{base}/studies", data=body, headers={**sent, "Accept": "application/dicom+json"})
            if answer.status_code != 200:
                raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
        return len(parts) / (time.perf_counter() - begun)


def wait_until_found(base: str, headers: Headers, study: str, count: int, patience: float = 300) -> float:
    """Seconds until searches give every instance of a study."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < patience:
        answer = requests.get(f"{base}/studies/{study}/instances", headers=headers, timeout=60)
        if answer.status_code == 200 and len(answer.json()) == count:
            return time.perf_counter() - begun
        time.sleep(0.2)
    raise RuntimeError("not every instance was found in time")


def search_rate(base: str, headers: Headers, study: str, seconds: float = 3.0, workers: int = 4) -> dict[str, float]:
    """Searches a second: for studies by a patient's name, and for every instance of one study."""
    return {
        "studies": _rate(lambda: _get(f"{base}/studies?PatientName=Bench*&limit=20", headers), seconds, workers),
        "instances": _rate(lambda: _get(f"{base}/studies/{study}/instances", headers), seconds, workers),
    }


def rendered_rate(
    base: str, headers: Headers, study: str, series: str, count: int, seconds: float = 5.0, workers: int = 4
) -> float:
    """Rendered JPEGs a second, of every instance of a series in turn."""
    listed = requests.get(f"{base}/studies/{study}/series/{series}/instances", headers=headers, timeout=60).json()
    uids = [one["00080018"]["Value"][0] for one in listed][:count]
    turn = iter(range(10**9))

    def one() -> None:
        uid = uids[next(turn) % len(uids)]
        _get(f"{base}/studies/{study}/series/{series}/instances/{uid}/rendered", {**headers, "Accept": "image/jpeg"})

    return _rate(one, seconds, workers)


def frames_rate(base: str, headers: Headers, study: str, series: str, seconds: float = 3.0, workers: int = 4) -> float:
    """Stored frames a second, as OHIF fetches them."""
    listed = requests.get(f"{base}/studies/{study}/series/{series}/instances", headers=headers, timeout=60).json()
    uids = [one["00080018"]["Value"][0] for one in listed]
    turn = iter(range(10**9))
    accept = {**headers, "Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}

    def one() -> None:
        uid = uids[next(turn) % len(uids)]
        _get(f"{base}/studies/{study}/series/{series}/instances/{uid}/frames/1", accept)

    return _rate(one, seconds, workers)


def _get(url: str, headers: Headers) -> None:
    answer = requests.get(url, headers=headers, timeout=60)
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} {url}: {answer.text[:300]}")


def _rate(work: Callable[[], None], seconds: float, workers: int) -> float:
    work()
    end = time.perf_counter() + seconds

    def until_the_end() -> int:
        done = 0
        while time.perf_counter() < end:
            work()
            done += 1
        return done

    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(lambda _number: until_the_end(), range(workers))) / seconds


def measure(base: str, headers: Headers, count: int = 100) -> dict[str, float]:
    """Every figure of one server (rates a second), with a study of its own."""
    study, series, parts = make_study(count)
    figures = {"stored": store_rate(base, headers, parts)}
    figures["seconds until found"] = wait_until_found(base, headers, study, count)
    figures |= {f"searches, {name}": rate for name, rate in search_rate(base, headers, study).items()}
    figures["frames as stored"] = frames_rate(base, headers, study, series)
    figures["rendered"] = rendered_rate(base, headers, study, series, 20)
    return figures


def main() -> None:
    """Ours: the web process as it is deployed, and its worker."""
    with tempfile.TemporaryDirectory(prefix="nidaan-bench-") as folder:
        settings = replace(Config.from_environment({"DATA_DIR": folder}), testing=True)
        config.use(settings)
        database = db.connect(settings.database_url)
        Base.metadata.create_all(database.engine)
        with db.write_transaction() as session:
            doctor = make_cast(session).doctor.actor()
            secret = tokens.make_own(session, doctor, "Bench", ["read", "store"], 1)[1]
        web = WebProcess(settings, os.environ.get("ASYNC_MODE", "eventlet"))
        web.start()
        worker = subprocess.Popen(
            [sys.executable, "-m", "app.worker"],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "DATA_DIR": folder, "DATABASE_URL": settings.database_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            figures = measure(f"{web.address}/dicomweb", {"Authorization": f"Bearer {secret}"})
            print(json.dumps({name: round(value, 1) for name, value in figures.items()}, indent=2))
        finally:
            web.kill()
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)


if __name__ == "__main__":
    main()
