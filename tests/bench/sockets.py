"""How many live consults one web process carries, and how fast a stroke arrives: `python -m tests.bench.sockets`.

Each consult has two parties with a real sign-in and seat; each draws ten strokes of a hundred points a minute, settles
their view twice, and tells twice what it sends in the call. A stroke's time is from when it was due to be sent until
the other party has it, stored: so a server that falls behind cannot hide it. Loopback; server and load share the cores,
so compare the CPU time an event, and read the number of consults as what was reached at least.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="nidaan-bench-")  # before anything opens files there

from app import db
from app.config import Config
from app.factory import create_app
from app.models import Base
from tests.bench.strokes import Pen
from tests.bench.wire import Socket
from tests.cast import consult_in, make_cast
from tests.consult.web_process import WebProcess, cookie_of

STROKES, VIEWS, CALLS = 10, 2, 2  # a minute, each party
LIMIT_MS: Final = 100.0
STEPS: Final = (100, 250, 500, 1000, 1500, 1900)
JOINING_AT_ONCE: Final = 40
MODES: Final = ("eventlet", "gevent")
# Stroke times as the other party saw them, ms; p99 over strokes and call facts; traffic a minute and party.
HEAD: Final = (
    f"{'mode':9} {'consults':>8} {'strokes/s':>9} {'p50':>8} {'p95':>8} {'p99 all':>8} {'call p95':>8} {'CPU %':>6} "
    f"{'us/event':>9} {'KB up':>8} {'KB down':>8} {'lost':>6} {'refused':>7}"
)


@dataclass
class Tally:
    """What one step saw, in milliseconds."""

    strokes: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    due: int = 0
    refused: int = 0


class Party:
    """One page of one consult."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.socket: Socket | None = None
        self.partner: Party | None = None
        self.stroke_due: list[float] = []  # of those that the partner has not seen yet, oldest first
        self.call_due: list[float] = []
        self.tally = Tally()

    async def come(self, port: int, cookie: str, consult_id: str) -> None:
        self.socket = await Socket.connect(port, cookie, self._heard)
        page = f"bench-page-{self.number:06d}"
        joined = await self._asked("join_consult", {"consult_id": consult_id, "session_id": page})
        self.me = str(joined["participant_id"])
        await self._asked("sync_stage", {"state_vector": b"\0"})
        await self._asked("join_call", {"session_id": page, "audio": True, "video": True})
        self._pen = Pen(1_000 + self.number, self.me)

    async def _asked(self, command: str, message: dict[str, Any]) -> dict[str, Any]:
        assert self.socket is not None
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.socket.ask(command, message, answer.set_result)
        reply = await asyncio.wait_for(answer, 60)
        if not reply["ok"]:
            raise RuntimeError(f"{command}: {reply['error']}")
        return reply

    def _heard(self, name: str, fact: Any) -> None:
        assert self.partner is not None
        waiting = {"stage_updated": self.partner.stroke_due, "media_changed": self.partner.call_due}.get(name)
        if waiting:
            taken = (time.perf_counter() - waiting.pop(0)) * 1000
            (self.tally.strokes if name == "stage_updated" else self.tally.calls).append(taken)

    def do(self, what: str, due: float) -> None:
        assert self.socket is not None
        self.tally.due += 1
        if what == "call":
            self.call_due.append(due)
            media = {"audio": True, "video": bool(self.tally.due % 2), "camera": None}
            self.socket.ask("change_media", media, self._answered)
        else:
            self.stroke_due.append(due)
            self.socket.ask("update_stage", {"update": self._pen.stroke()}, self._answered)

    def _answered(self, answer: dict[str, Any]) -> None:
        self.tally.refused += not answer["ok"]


async def load(parties: list[Party], seconds: float) -> Tally:
    """Everybody does what they do in `seconds`, each at moments of their own; settled views cost what strokes do."""
    for party in parties:
        party.tally = Tally()
    jobs = []
    for party in parties:
        for what, rate in (("stroke", STROKES + VIEWS), ("call", CALLS)):
            at = random.uniform(0, 60 / rate)
            while at < seconds:
                jobs.append((at, party, what))
                at += 60 / rate
    jobs.sort(key=lambda job: job[0])
    began = time.perf_counter()
    for at, party, what in jobs:
        while (ahead := began + at - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        party.do(what, began + at)
    deadline = time.perf_counter() + 5
    while time.perf_counter() < deadline and any(party.stroke_due or party.call_due for party in parties):
        await asyncio.sleep(0.05)
    seen = Tally()
    for party in parties:
        seen.strokes += party.tally.strokes
        seen.calls += party.tally.calls
        seen.due += party.tally.due
        seen.refused += party.tally.refused
        party.stroke_due.clear()
        party.call_due.clear()
    return seen


def quantile(values: list[float], share: float) -> float:
    """Nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def prepare(folder: Path, consults: int) -> tuple[list[str], tuple[str, str]]:
    """A database with that many running consults in `folder`; their ids, and the cookies of the two doctors."""
    config = settings(folder)
    app = create_app(config)
    Base.metadata.create_all(db.database().engine)
    with db.write_transaction() as session:
        cast = make_cast(session)
        ids = [consult_in(session, cast, "in_progress").id for _ in range(consults)]
    with db.database().engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return ids, (cookie_of(app, cast.doctor), cookie_of(app, cast.specialist))


def settings(folder: Path) -> Config:
    return Config(folder, f"sqlite:///{folder / 'nidaan.sqlite3'}", secret_key="only for the bench")


async def come_in(port: int, cookies: tuple[str, str], consult_ids: list[str], first: int) -> list[Party]:
    """Both parties of each consult, some at a time."""
    slots = asyncio.Semaphore(JOINING_AT_ONCE)

    async def both(number: int, consult_id: str) -> list[Party]:
        pair = [Party(2 * number), Party(2 * number + 1)]
        pair[0].partner, pair[1].partner = pair[1], pair[0]
        async with slots:
            for party, cookie in zip(pair, cookies, strict=True):
                await party.come(port, cookie, consult_id)
        return pair

    pairs = await asyncio.gather(*(both(first + index, one) for index, one in enumerate(consult_ids)))
    return [party for pair in pairs for party in pair]


async def climb(web: WebProcess, ids: list[str], cookies: tuple[str, str], give_up_at: float, seconds: float) -> None:
    """More and more consults, until strokes come too late, the time is up or there are no more."""
    parties: list[Party] = []
    pid = web.worker_pid()
    best = 0
    for wanted in STEPS:
        if time.monotonic() > give_up_at - seconds - 5:
            print(f"{web.mode:9} the time is up before {wanted} consults")
            break
        try:
            parties += await come_in(web.port, cookies, ids[len(parties) // 2 : wanted], len(parties) // 2)
        except (OSError, TimeoutError, RuntimeError) as error:
            print(f"{web.mode:9} {wanted} consults could not all come in: {type(error).__name__} {error}")
            break
        await asyncio.sleep(1)
        before, bytes_before, began = cpu_seconds(pid), traffic(parties), time.perf_counter()
        seen = await load(parties, seconds)
        passed = time.perf_counter() - began
        busy = (cpu_seconds(pid) - before) / passed
        up, down = (
            (after - earlier) / len(parties) / passed * 60 / 1024
            for after, earlier in zip(traffic(parties), bytes_before, strict=True)
        )
        missing = seen.due - len(seen.strokes) - len(seen.calls)
        p99 = quantile(seen.strokes + seen.calls, 0.99)
        print(
            f"{web.mode:9} {wanted:8} {len(seen.strokes) / passed:9.0f} {statistics.median(seen.strokes):8.1f} "
            f"{quantile(seen.strokes, 0.95):8.1f} {p99:8.1f} {quantile(seen.calls, 0.95):8.1f} {busy * 100:6.0f} "
            f"{busy / seen.due * passed * 1e6:9.0f} {up:8.1f} {down:8.1f} {missing:6} {seen.refused:7}",
            flush=True,
        )
        if p99 > LIMIT_MS or missing or seen.refused:
            break
        best = wanted
    for party in parties:
        if party.socket is not None:
            party.socket.hang_up()
    print(f"{web.mode:9} carries {best} consults at p99 < {LIMIT_MS:.0f} ms", flush=True)


def traffic(parties: list[Party]) -> tuple[int, int]:
    """Bytes that all pages together have sent and received."""
    sockets = [party.socket for party in parties if party.socket is not None]
    return sum(one.sent_bytes for one in sockets), sum(one.received_bytes for one in sockets)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    parser.add_argument("--most-seconds", type=float, default=180, help="for each mode")
    parser.add_argument("--step-seconds", type=float, default=12, help="of load at each step")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nidaan-bench-") as folder:
        made = Path(folder) / "made"
        made.mkdir()
        ids, cookies = prepare(made, STEPS[-1])
        print(HEAD, flush=True)
        for mode in arguments.modes:
            own = Path(folder) / mode
            own.mkdir()
            shutil.copy(made / "nidaan.sqlite3", own)
            web = WebProcess(settings(own), mode, **({"port": arguments.port} if arguments.port else {}))
            give_up_at = time.monotonic() + arguments.most_seconds
            web.start()
            try:
                asyncio.run(climb(web, ids, cookies, give_up_at, arguments.step_seconds))
            finally:
                web.kill()


if __name__ == "__main__":
    main()
