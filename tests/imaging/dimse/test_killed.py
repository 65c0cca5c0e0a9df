"""Whatever is killed in the middle: what was acknowledged is there, once, with the bytes that were sent.

The default kills the listener twice and the worker once in the middle of 40 instances; ALL_KILLS=1 sends 200 and kills
the listener, the worker and the web process several times each.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import ComputedRadiographyImageStorage  # type: ignore[attr-defined]
from sqlalchemy import select

from app import db
from app.config import Config
from imaging import store
from imaging.dimse.models import Device
from imaging.file_meta import data_set_hash
from imaging.models import Instance, Upload
from tests.imaging import files
from tests.imaging.dimse.conftest import UNIT, wait_until

ALL = os.environ.get("ALL_KILLS") == "1"
COUNT = 200 if ALL else 40
ROOT = Path(__file__).resolve().parents[3]
EXPLICIT = "1.2.840.10008.1.2.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Process:
    """One process of the product, started again after each kill."""

    command: list[str]
    environment: dict[str, str]
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.running = subprocess.Popen(
            self.command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def end(self, number: signal.Signals) -> None:
        assert self.running is not None
        self.running.send_signal(number)
        self.running.wait(30)


@dataclass
class Product:
    """The processes on a data directory of the test's own."""

    port: int
    processes: dict[str, Process] = field(default_factory=dict)

    def kill(self, name: str) -> None:
        """kill -9, and start it again as the supervisor does."""
        self.processes[name].end(signal.SIGKILL)
        self.processes[name].start()

    def listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def product(settings: Config, unit: Device) -> Iterator[Product]:
    """Listener, worker and (for ALL_KILLS) the web process, on this test's database."""
    made = Product(free_port())
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": "only for tests",
        "DIMSE_PORT": str(made.port),
        "PORT": str(free_port()),
        "ASYNC_MODE": "eventlet",
    }
    commands = {"dicom": ["-m", "imaging.dimse"], "worker": ["-m", "app.worker"]}
    if ALL:
        commands["web"] = ["-m", "gunicorn", "app.wsgi:app"]
    for name, command in commands.items():
        made.processes[name] = Process([sys.executable, *command], environment)
        made.processes[name].start()
    yield made
    for process in made.processes.values():
        process.end(signal.SIGKILL)


@pytest.fixture
def sent(tmp_path: Path) -> dict[str, Path]:
    """Files by their SOP Instance UID: no two alike, of four studies."""
    noise = np.random.default_rng(5)
    found = {}
    for number in range(COUNT):
        uid = f"1.2.3.{number}"
        pixels = noise.integers(0, 4096, (64, 64), dtype=np.uint16)
        data = files.dicom(pixels, SOPInstanceUID=uid, StudyInstanceUID=f"1.2.{number % 4}", BitsStored=12, HighBit=11)
        found[uid] = files.save(data, tmp_path / f"{number}.dcm")
    return found


class Sender:
    """A unit that sends until everything was acknowledged, and writes down what was."""

    def __init__(self, product: Product, files_by_uid: dict[str, Path]) -> None:
        self.product = product
        self.files = files_by_uid
        self.acknowledged: list[str] = []
        self._entity = AE(UNIT)
        self._entity.add_requested_context(ComputedRadiographyImageStorage, EXPLICIT)
        self._entity.acse_timeout = self._entity.dimse_timeout = self._entity.network_timeout = 10

    def _call(self) -> Association | None:
        wait_until(self.product.listens, 60)
        line = self._entity.associate("127.0.0.1", self.product.port, ae_title="NIDAAN")
        return line if line.is_established else None

    def send(self, uids: list[str], after: Callable[[int], None] = lambda _count: None) -> None:
        """Send each until it is acknowledged, on a new association after each that broke."""
        left, line = list(uids), None
        while left:
            line = line if line is not None and line.is_established else self._call()
            if line is None:
                continue
            try:
                status = line.send_c_store(str(self.files[left[0]]))
            except (RuntimeError, ValueError):  # the association broke before it was sent
                line = None
                continue
            if status and status.Status == 0:
                self.acknowledged.append(left.pop(0))
                after(len(self.acknowledged))
        if line is not None and line.is_established:
            line.release()


def everything_is_checked() -> bool:
    with db.read_session() as session:
        return session.scalar(select(Upload.id).where(Upload.state == "checking").limit(1)) is None


def test_what_was_acknowledged_is_there_once_whatever_is_killed(
    product: Product, sent: dict[str, Path], settings: Config
) -> None:
    chosen = random.Random(11)
    moments = sorted(chosen.sample(range(3, COUNT - 3), 12 if ALL else 3))
    victims = (["dicom", "worker", "web"] * 4) if ALL else ["dicom", "worker", "dicom"]
    plan = dict(zip(moments, victims, strict=True))
    sender = Sender(product, sent)
    killers: list[threading.Thread] = []

    def strike(count: int) -> None:
        if count in plan:  # while the next instance is being sent
            killers.append(threading.Thread(target=product.kill, args=(plan.pop(count),)))
            killers[-1].start()

    sender.send(list(sent), strike)
    for killer in killers:
        killer.join()
    acknowledged = list(sender.acknowledged)
    sender.send(list(sent)[::3])  # a unit that was not sure sends some again
    wait_until(everything_is_checked, 300 if ALL else 100)
    with db.read_session() as session:
        kept = list(session.scalars(select(Instance)))
        refused = list(session.scalars(select(Upload.reason_code).where(Upload.state == "refused")))
    assert refused == []
    assert sorted(acknowledged) == sorted(sent)
    assert sorted(one.sop_instance_uid for one in kept) == sorted(sent)  # each once
    for one in kept:
        assert one.sha256 is not None
        original = store.path_of("originals", one.sha256)
        assert store.hash_of(original) == one.sha256
        assert data_set_hash(original) == data_set_hash(sent[one.sop_instance_uid])
