"""/healthz, part by part."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app import clock, config, db
from app.config import Config
from app.health import check_storage


@pytest.fixture
def beating(settings: Config) -> Path:
    heartbeat = settings.data_dir / "worker.heartbeat"
    heartbeat.touch()
    return heartbeat


def test_all_well_is_200_and_says_the_version(app: Flask, beating: Path) -> None:
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {
        "status": "ok",
        "version": config.VERSION,
        "database": "ok",
        "storage": "ok",
        "worker": "ok",
        "dicom": "has not started",
    }
    assert answer.headers["Cache-Control"] == "no-store"
    assert not list(beating.parent.glob(".probe*"))


def test_a_worker_that_never_started_is_503(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert (answer.json["status"], answer.json["worker"]) == ("failing", "has not started")


def test_a_worker_that_fell_silent_is_503(app: Flask, beating: Path) -> None:
    then = clock.now().timestamp() - 95
    os.utime(beating, (then, then))
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["worker"] in ("silent for 95 s", "silent for 96 s")


def test_a_database_that_does_not_answer_is_503(app: Flask, beating: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("SELECT 1", None, Exception("gone"))

    monkeypatch.setattr(db, "read_session", fail)
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["database"] == "does not answer"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    assert check_storage(tmp_path / "gone") == "cannot be written: no such file or directory"


def test_the_dicom_listener_is_told_of_and_fails_nothing(app: Flask, beating: Path) -> None:
    heartbeat = beating.parent / "dicom.heartbeat"
    for said in ("ok", "off", "port 11112 is taken by another program"):
        heartbeat.write_text(said)
        answer = app.test_client().get("/healthz")
        assert (answer.status_code, answer.json and answer.json["dicom"]) == (200, said)
    then = clock.now().timestamp() - 95
    os.utime(heartbeat, (then, then))
    answer = app.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["dicom"].startswith("silent for 9")
