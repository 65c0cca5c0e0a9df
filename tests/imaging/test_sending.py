"""The public tus client against the deployed web process: killed, left on a dead line, and asked by strangers."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app import config, db
from app.auth.models import User
from imaging import store
from imaging.models import Upload
from tests.cast import Cast
from tests.consult.web_process import ROOT, WebProcess, cookie_of

SENDER = Path(__file__).with_name("tus_sender.mjs")
PACKAGES = ROOT / "static" / "package.json"
CHUNK = 64 * 1024


@dataclass
class Person:
    """Somebody's program: their cookie and the token that goes with it."""

    web: WebProcess
    cookie: str
    token: str

    @classmethod
    def of(cls, app: Flask, web: WebProcess, user: User) -> Person:
        cookie = cookie_of(app, user)
        answer = _ask(web, "GET", "/account", {"Cookie": cookie})
        token = re.search(r'name="csrf-token" content="([^"]+)"', answer.read().decode())
        assert token is not None
        fresh = answer.getheader("Set-Cookie", "").split(";")[0]
        return cls(web, fresh or cookie, token.group(1))

    @property
    def headers(self) -> dict[str, str]:
        own = {"Cookie": self.cookie, "X-CSRFToken": self.token, "Referer": f"{self.web.address}/"}
        return {**own, "Tus-Resumable": "1.0.0"}

    def send(self, path: Path, case_id: str, **more: object) -> subprocess.Popen[str]:
        """Start the public client on a file."""
        options = {
            "address": self.web.address,
            "cookie": self.cookie,
            "token": self.token,
            "path": str(path),
            "metadata": {"filename": path.name, "case_id": case_id},
            "chunk": CHUNK,
            **more,
        }
        node = shutil.which("node")
        assert node is not None
        command = [node, str(SENDER), str(PACKAGES), json.dumps(options)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _ask(web: WebProcess, method: str, path: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=20)
    connection.request(method, path, headers=headers)
    return connection.getresponse()


def events(sender: subprocess.Popen[str]) -> Iterator[dict[str, object]]:
    assert sender.stdout is not None
    for line in sender.stdout:
        yield json.loads(line)


@pytest.fixture
def web(app: Flask) -> Iterator[WebProcess]:
    """The deployed web process on this test's data."""
    made = WebProcess(config.current(), "eventlet")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def doctor(app: Flask, web: WebProcess, cast: Cast) -> Person:
    """The treating doctor's program."""
    return Person.of(app, web, cast.doctor)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Something of many pieces."""
    path = tmp_path / "large.dcm"
    path.write_bytes(bytes(range(256)) * 4096)
    return path


def offset_of(person: Person, path: str) -> int:
    answer = _ask(person.web, "HEAD", path, person.headers)
    assert answer.status == 200, answer.status
    return int(answer.getheader("Upload-Offset", "-1"))


def test_a_server_killed_in_mid_upload_keeps_what_it_had_and_the_client_goes_on(
    doctor: Person, cast: Cast, file: Path
) -> None:
    sender, address, killed_at = doctor.send(file, cast.case.id), "", 0
    for event in events(sender):
        if event["event"] == "url":
            address = urlsplit(str(event["url"])).path
        if event["event"] == "accepted" and not killed_at:
            killed_at = int(str(event["accepted"]))
            doctor.web.kill()
            doctor.web.start()
            assert offset_of(doctor, address) >= killed_at
        assert event["event"] != "error"
    assert sender.wait(60) == 0
    upload_id = address.rsplit("/", 1)[1]
    assert store.upload_path(upload_id).read_bytes() == file.read_bytes()
    with db.read_session() as session:
        assert session.get_one(Upload, upload_id).state == "checking"


def test_a_sender_on_a_new_network_need_not_wait_for_the_dead_line(doctor: Person, cast: Cast, file: Path) -> None:
    whole = file.read_bytes()
    opening = doctor.send(file, cast.case.id, chunk=len(whole))
    address = next(urlsplit(str(event["url"])).path for event in events(opening) if event["event"] == "url")
    opening.kill()
    opening.wait(20)
    here = offset_of(doctor, address)
    headers = {**doctor.headers, "Content-Type": "application/offset+octet-stream"}
    dead = socket.create_connection(("127.0.0.1", doctor.web.port))
    told = {**headers, "Host": "localhost", "Upload-Offset": str(here), "Content-Length": str(len(whole) - here)}
    lines = "".join(f"{key}: {value}\r\n" for key, value in told.items())
    dead.sendall(f"PATCH {address} HTTP/1.1\r\n{lines}\r\n".encode())
    dead.sendall(whole[here : here + 100])  # and then nothing more, for ever
    again = doctor.send(file, cast.case.id, uploadUrl=f"{doctor.web.address}{address}", chunk=len(whole))
    assert [event["event"] for event in events(again)][-1] == "done"
    again.wait(20)
    dead.close()
    assert store.upload_path(address.rsplit("/", 1)[1]).read_bytes() == whole


def test_nobody_else_learns_of_an_upload_or_adds_to_it(app: Flask, doctor: Person, cast: Cast, file: Path) -> None:
    opening = doctor.send(file, cast.case.id)
    address = next(urlsplit(str(event["url"])).path for event in events(opening) if event["event"] == "url")
    opening.kill()
    opening.wait(20)
    strangers = {
        "a colleague": (Person.of(app, doctor.web, cast.colleague), 403),
        "another facility": (Person.of(app, doctor.web, cast.far_doctor), 404),
        "another program": (Person.of(app, doctor.web, cast.outside_doctor), 404),
        "nobody": (Person(doctor.web, "nidaan=forged", doctor.token), 404),
    }
    before = offset_of(doctor, address)
    for who, (person, status) in strangers.items():
        assert _ask(doctor.web, "HEAD", address, person.headers).status == status, who
        answer = _ask(doctor.web, "DELETE", address, person.headers)
        assert answer.status == (400 if who == "nobody" else status), who  # a token of somebody else's session
    assert _ask(doctor.web, "HEAD", f"/imaging/uploads/{'0' * 32}", doctor.headers).status == 404
    assert offset_of(doctor, address) == before
