"""The listener's process: a port that another program has is said in a sentence, and taken as soon as it is free."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest

from app import config
from app.config import Config
from imaging.dimse import __main__ as process
from imaging.dimse.listener import Listener
from imaging.dimse.models import Device
from tests.imaging.dimse.conftest import wait_until


def test_a_taken_port_is_said_and_tried_again(listening: Config, unit: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "RETRY_SECONDS", 0.02)
    opened: list[Listener | None] = []
    stopped = threading.Event()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings = replace(listening, dimse_port=other.getsockname()[1])
        config.use(settings)
        heartbeat = settings.data_dir / "dicom.heartbeat"
        opening = threading.Thread(target=lambda: opened.append(process.open_door(settings, stopped)))
        opening.start()
        wait_until(lambda: heartbeat.exists() and "is taken by another program" in heartbeat.read_text())
    opening.join(20)
    assert opened[0] is not None
    assert opened[0].port == settings.dimse_port
    opened[0].drain()


def test_a_listener_that_is_stopped_while_it_waits_for_its_port_ends(listening: Config, unit: Device) -> None:
    stopped = threading.Event()
    stopped.set()
    assert process.open_door(listening, stopped) is None
