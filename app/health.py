"""`GET /healthz`: whether this installation can do its work, for load balancers, alarms and `make run`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import clock, config, db

blueprint = Blueprint("health", __name__)

WORKER_SILENCE_SECONDS = 30.0
HEARTBEAT = "worker.heartbeat"
DICOM_SILENCE_SECONDS = 30.0
DICOM_HEARTBEAT = "dicom.heartbeat"
OK = "ok"


@blueprint.get("/healthz")
def healthz() -> tuple[Response, int]:
    """200 when every part is well, else 503; either way each part in a word or a sentence.

    The DICOM listener is told of too, but is none of the parts: where its port is taken, everything else still works.
    """
    folder = config.current().data_dir
    parts = {"database": check_database(), "storage": check_storage(folder), "worker": check_worker(folder)}
    well = all(said == OK for said in parts.values())
    answer = jsonify(status=OK if well else "failing", version=config.VERSION, **parts, dicom=check_dicom(folder))
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if well else 503


def check_database() -> str:
    """Whether the database answers."""
    try:
        with db.read_session() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "does not answer"
    return OK


def check_storage(folder: Path) -> str:
    """Whether a file can be written in the data folder: a full disk and a read-only one fail here."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"\0" * 4096)
    except OSError as error:
        return f"cannot be written: {(error.strerror or 'unknown reason').lower()}"
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return OK


def check_worker(folder: Path, now: Callable[[], float] = lambda: clock.now().timestamp()) -> str:
    """Whether the worker has touched its heartbeat file within WORKER_SILENCE_SECONDS."""
    try:
        silence = now() - (folder / HEARTBEAT).stat().st_mtime
    except FileNotFoundError:
        return "has not started"
    return OK if silence < WORKER_SILENCE_SECONDS else f"silent for {silence:.0f} s"


def check_dicom(folder: Path, now: Callable[[], float] = lambda: clock.now().timestamp()) -> str:
    """What the DICOM listener last said of itself: ok, off, or a sentence on its port."""
    path = folder / DICOM_HEARTBEAT
    try:
        silence = now() - path.stat().st_mtime
        said = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return "has not started"
    if said == "off" or silence < DICOM_SILENCE_SECONDS:
        return said
    return f"silent for {silence:.0f} s"
