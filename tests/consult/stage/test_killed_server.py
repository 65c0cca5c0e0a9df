"""Two people draw through a web process that is killed under them: nothing acknowledged is lost, nothing doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import socketio
from flask import Flask

from app import db
from app.config import Config
from consult.models import Consult
from consult.stage import queries
from tests.cast import Cast, consult_in
from tests.consult.stage.drawing import Copy, annotation
from tests.consult.web_process import WebProcess, cookie_of

ROUND = 15  # strokes that everybody gets acknowledged between two kills
OFFLINE = 30  # strokes that somebody draws without a line before they wait for it
SECONDS_BETWEEN = 0.05
ANSWER_SECONDS = 3
PATIENCE_SECONDS = 60


class Party:
    """One person's page: draws at a steady pace whether the line holds or not, and syncs when it is back."""

    def __init__(self, address: str, cookie: str, consult_id: str, number: int) -> None:
        self.copy, self.lock = Copy(client_id=1000 + number), threading.RLock()
        self.drawn: set[str] = set()
        self.acknowledged: set[str] = set()
        self.refusals: list[dict[str, Any]] = []
        self.syncs = 0
        self.stop, self.finished = threading.Event(), threading.Event()
        self._address, self._cookie, self._consult_id, self._number = address, cookie, consult_id, number
        self._line: socketio.Client | None = None
        self._me = ""
        self._pause = threading.Event()

    def draw(self) -> None:
        """Draw until told to stop; then sync until the server has every stroke."""
        waiting = 0
        while not self.stop.is_set():
            if waiting < OFFLINE:
                self._draw(f"{self._number}{len(self.drawn):031x}")
            elif self._come_back():
                waiting = 0
            waiting = waiting + 1 if self._line is None else 0
            self._pause.wait(SECONDS_BETWEEN)
        while self.acknowledged != self.drawn and not self._pause.wait(SECONDS_BETWEEN):
            self._come_back()
        self.finished.set()

    def _draw(self, key: str) -> None:
        if self._line is None and not self._come_back():
            self._put(key)
            return
        update = self._put(key)
        self._send(update, {key})

    def _put(self, key: str) -> bytes:
        self.drawn.add(key)
        with self.lock:
            return self.copy.put("annotations", key, annotation(self._me or "0" * 32, text=key[:8]))

    def _send(self, update: bytes, keys: set[str]) -> None:
        answer = self._ask("update_stage", {"update": update})
        if answer is not None and answer["ok"]:
            self.acknowledged |= keys
        elif answer is not None:
            self.refusals.append(answer["error"])

    def _ask(self, command: str, message: dict[str, Any]) -> dict[str, Any] | None:
        try:
            assert self._line is not None
            answer: dict[str, Any] = self._line.call(command, message, timeout=ANSWER_SECONDS)
            return answer
        except socketio.exceptions.SocketIOError:  # no answer in time, or no line
            self.hang_up()
            return None

    def _come_back(self) -> bool:
        if self._line is None and not self._connect():
            return False
        with self.lock:
            known = self.copy.doc.get_state()
        synced = self._ask("sync_stage", {"state_vector": known})
        if synced is None or not synced["ok"]:
            return False
        self.syncs += 1
        with self.lock:
            self.copy.take_in(synced["update"])
            missing = self.copy.doc.get_update(synced["state_vector"])
        self._send(missing, set(self.drawn))
        return self._line is not None

    def _connect(self) -> bool:
        line = socketio.Client(reconnection=False)
        line.on("stage_updated", self._updated)
        try:
            line.connect(self._address, headers={"Cookie": self._cookie}, transports=["websocket"], wait_timeout=5)
            self._line = line
        except socketio.exceptions.ConnectionError:
            return False
        session_id = f"page-{self._number:04d}"
        joined = self._ask("join_consult", {"consult_id": self._consult_id, "session_id": session_id})
        if joined is not None:
            self._me = str(joined["participant_id"])
        return joined is not None

    def _updated(self, fact: dict[str, Any]) -> None:
        with self.lock:
            self.copy.take_in(fact["update"])

    def hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.disconnect()

    def sync(self) -> dict[str, Any]:
        """Everything the server has; what this copy then holds."""
        assert self._come_back()
        with self.lock:
            return self.copy.content()

    def join_before_drawing(self) -> None:
        assert self._connect()


def wait_for(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        if happened():
            return
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")


def all_have(parties: list[Party], strokes: list[int], syncs: int) -> bool:
    return all(
        len(party.acknowledged) >= wanted and party.syncs >= syncs
        for party, wanted in zip(parties, strokes, strict=True)
    )


@pytest.fixture(params=["eventlet", "gevent"])
def web(request: pytest.FixtureRequest, settings: Config, app: Flask) -> Iterator[WebProcess]:
    process = WebProcess(settings, request.param)
    process.start()
    yield process
    process.kill()


@pytest.mark.timeout(300)  # four starts of a whole web process
def test_every_acknowledged_stroke_survives_two_kills_and_is_there_once(
    web: WebProcess, app: Flask, cast: Cast
) -> None:
    with db.write_transaction() as session:
        consult: Consult = consult_in(session, cast, "in_progress")
    parties = [
        Party(web.address, cookie_of(app, user), consult.id, number)
        for number, user in enumerate((cast.doctor, cast.specialist), start=1)
    ]
    for party in parties:
        party.join_before_drawing()
        threading.Thread(target=party.draw, daemon=True).start()
    for kills in range(3):
        wanted = [len(party.acknowledged) + ROUND for party in parties]
        wait_for(partial(all_have, parties, wanted, kills))
        if kills < 2:
            web.kill()
            web.start()
    for party in parties:
        party.stop.set()
    wait_for(lambda: all(party.finished.is_set() for party in parties))
    contents = [party.sync() for party in parties]
    cold = Party(web.address, cookie_of(app, cast.doctor), consult.id, 9)
    cold.join_before_drawing()
    everything = cold.sync()
    for party in (*parties, cold):
        party.hang_up()
    web.kill()
    with db.read_session() as session:
        stored = queries.load(session, consult.id)[0].annotations()
    assert [party.refusals for party in parties] == [[], []]
    assert set(everything["annotations"]) == parties[0].acknowledged | parties[1].acknowledged
    assert [party.acknowledged for party in parties] == [party.drawn for party in parties]
    assert contents[0] == contents[1] == everything
    assert stored == everything["annotations"]
