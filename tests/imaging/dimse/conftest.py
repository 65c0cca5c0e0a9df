"""A listener on a free port, the unit that it knows, and the real dcmtk tools as peers."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app import clock, config, db
from app.config import Config
from imaging import jobs
from imaging.dimse import listener as listener_module
from imaging.dimse.listener import Listener
from imaging.dimse.models import Device
from tests.cast import Cast

UNIT = "PORTABLE_US"


@dataclass(frozen=True, slots=True)
class Said:
    """What a dcmtk tool said, and its exit status."""

    status: int
    text: str


Peer = Callable[..., Said]


@pytest.fixture
def unit(cast: Cast) -> Device:
    """A portable ultrasound of the doctor's facility, on this machine."""
    return add_unit(cast, UNIT, "127.0.0.1/32")


def add_unit(cast: Cast, title: str, addresses: str, facility_id: str | None = None) -> Device:
    with db.write_transaction() as session:
        device = Device(
            program_id=cast.program.id,
            facility_id=facility_id or cast.facility.id,
            name="Portable",
            ae_title=title,
            addresses=addresses,
            created_at=clock.now(),
        )
        session.add(device)
        session.flush()
    return device


@pytest.fixture
def listening(settings: Config) -> Config:
    """The configuration of a listener on a port of its own; tests replace what they are about."""
    return replace(settings, dimse_port=0, dimse_associations=4, dimse_bytes_per_second=0)


@pytest.fixture
def listener(listening: Config, unit: Device, queued: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Listener]:
    """A listener that listens, and gives nobody long to say who they are."""
    config.use(listening)
    monkeypatch.setattr(listener_module, "_NEGOTIATION_SECONDS", 1.0)
    running = Listener(listening)
    running.start()
    yield running
    running.drain()
    wait_until(lambda: not any("AcceptorThread" in one.name for one in threading.enumerate()))


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The uploads that the worker was told of."""
    told: list[str] = []
    monkeypatch.setattr(jobs, "ingest_upload", told.append)
    return told


@pytest.fixture
def peer(listener: Listener) -> Peer:
    """Run a dcmtk tool against the listener, as the known unit unless told otherwise."""

    def run(
        tool: str, *arguments: str | Path, calling: str = UNIT, called: str = "NIDAAN", host: str = "127.0.0.1"
    ) -> Said:
        path = shutil.which(tool)
        assert path, f"{tool} is missing: `make test` installs the package dcmtk"
        command = [path, "-v", "-aet", calling, "-aec", called, host, str(listener.port), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, errors="replace")
        return Said(done.returncode, done.stdout + done.stderr)

    return run


def wait_until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition; fails when it does not come."""
    over = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if holds():
            return
        over.wait(0.01)
    raise AssertionError("it did not come")
