"""Programs that carry a token, and a facility with pictures to find."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import config, db
from app.auth import tokens
from app.auth.models import User
from app.extensions import limiter
from app.jobs import huey
from imaging.ingest import ingest
from tests.cast import Cast
from tests.imaging import files

Headers = dict[str, str]
PIXELS = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)


@pytest.fixture(autouse=True)
def no_failures_counted(app: Flask) -> None:
    """Refusals of one test are not counted in the next."""
    limiter.limiter.storage.reset()


@pytest.fixture
def jobs_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is queued for the worker is done before the request that queued it is answered."""
    monkeypatch.setattr(huey, "_immediate", True)


def headers_of(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def token_of(cast: Cast) -> Callable[..., Headers]:
    """The Authorization header of a new token of somebody's, or of a device of a facility for None."""

    def make(user: User | None, scopes: str = "read store", facility_id: str | None = None) -> Headers:
        with db.write_transaction() as session:
            if user is not None:
                return headers_of(tokens.make_own(session, user.actor(), "Weasis", scopes.split(), 30)[1])
            place = facility_id or cast.facility.id
            device = tokens.make_for_device(session, cast.administrator.actor(), place, "X-ray", scopes.split(), 365)
            return headers_of(device[1])

    return make


@pytest.fixture
def doctor_headers(token_of: Callable[..., Headers], cast: Cast) -> Headers:
    return token_of(cast.doctor)


@pytest.fixture
def door(app: Flask) -> FlaskClient:
    """A program without a cookie."""
    return app.test_client(use_cookies=False)


def made(number: int = 1, study: str = "1.2.3", series: str = "1.2.3.1", **elements: Any) -> bytes:
    """A small radiograph with UIDs of its own."""
    wanted = {
        "StudyInstanceUID": study,
        "SeriesInstanceUID": series,
        "SOPInstanceUID": f"{series}.{number}",
        "InstanceNumber": str(number),
        "PatientName": "One^Patient",
        "PatientID": "P1",
        "StudyDate": "20261126",
        "StudyTime": "101112",
        **elements,
    }
    pixels = wanted.pop("pixels", PIXELS)
    target = io.BytesIO()
    data = files.dicom(pixels, **wanted)
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(target, enforce_file_format=True)
    return target.getvalue()


BOUNDARY = "a-boundary"


def multipart_of(parts: list[bytes], kind: str = "application/dicom", boundary: str = BOUNDARY) -> bytes:
    head = f"--{boundary}\r\nContent-Type: {kind}\r\n\r\n".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


STORES = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@pytest.fixture
def store_with(door: FlaskClient) -> Callable[..., TestResponse]:
    """Store files with a token, as one request."""

    def sent(headers: Headers, parts: list[bytes], path: str = "/dicomweb/studies", **more: str) -> TestResponse:
        return door.post(path, headers={**headers, **more}, data=multipart_of(parts), content_type=STORES)

    return sent


def found_by(answer: TestResponse) -> list[dict[str, Any]]:
    """The results of a search."""
    assert answer.status_code in (200, 204), answer.text
    results: list[dict[str, Any]] = json.loads(answer.data) if answer.data else []
    return results


def put_into_case(send: Callable[..., str], content: bytes, **more: Any) -> str:
    """Have a file in the cast's case, checked; its instance's id."""
    instance_id = ingest(send(content, **more))
    assert instance_id is not None
    return instance_id


def path_to(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file.dcm"
    path.write_bytes(content)
    return path


@pytest.fixture
def use_config(app: Flask) -> Iterator[Callable[..., None]]:
    """Change some of the configuration for one test."""
    before = config.current()
    yield lambda **changes: config.use(replace(before, **changes))
    config.use(before)
