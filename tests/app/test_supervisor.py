"""The supervisor, by its effects on real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.greeting import Greeting
from app.supervisor import child_environment, read_procfile

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 30.0

RUN = """
import sys
from pathlib import Path
from app.supervisor import Supervisor, child_environment, read_procfile
import app.supervisor, os
app.supervisor.STOP_SECONDS = float(sys.argv[2])
commands = read_procfile(Path(sys.argv[1]).read_text())
Supervisor(commands, child_environment(os.environ), sys.stdout, Path(sys.argv[1]).parent).run()
print("stopped")
"""

STUBBORN = "from signal import *; signal(SIGTERM, SIG_IGN); print('deaf', flush=True); pause()"


def eventually(happened: Callable[[], Any]) -> Any:
    pause = threading.Event()
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        value = happened()
        if value:
            return value
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Run:
    """A supervisor in a process of its own, on a Procfile of the test's."""

    def __init__(self, folder: Path, procfile: str, patience: float = 10.0) -> None:
        (folder / "Procfile").write_text(procfile)
        self.folder = folder
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder / "Procfile"), str(patience)], cwd=ROOT, stdout=self.log.open("wb")
        )

    def said(self) -> str:
        return self.log.read_text()

    def pids(self, name: str) -> list[int]:
        """What the command wrote into the file `name`, one process id a start."""
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    started: list[Run] = []

    def start(procfile: str, patience: float = 10.0) -> Run:
        started.append(Run(tmp_path, procfile, patience))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


SLEEPER = "/bin/sh -c 'echo $$ >> {name}; echo hello from {name}; exec sleep 99'"


def two() -> str:
    return f"web: {SLEEPER.format(name='web')}\nworker: {SLEEPER.format(name='worker')}\n"


def test_output_lines_carry_the_name_of_their_process(run: Callable[..., Run]) -> None:
    one = run(two())
    eventually(lambda: "web    | hello from web\n" in one.said() and "worker | hello from worker\n" in one.said())


def test_a_killed_process_is_started_again_and_the_other_is_left_alone(run: Callable[..., Run]) -> None:
    one = run(two())
    first = eventually(lambda: one.pids("web"))[0]
    worker = eventually(lambda: one.pids("worker"))[0]
    os.kill(first, signal.SIGKILL)
    again = eventually(lambda: one.pids("web")[1:])[0]
    assert alive(again)
    assert alive(worker)
    assert "web was killed by SIGKILL; starting it again in 0.5 s" in one.said()


def test_pauses_between_starts_grow(run: Callable[..., Run]) -> None:
    one = run("web: /bin/sh -c 'exit 3'\n")
    eventually(lambda: "web ended with status 3; starting it again in 1 s" in one.said())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything(run: Callable[..., Run], number: signal.Signals) -> None:
    one = run(two())
    pids = eventually(lambda: (a := one.pids("web")) and (b := one.pids("worker")) and a + b)
    one.process.send_signal(number)
    assert one.process.wait(PATIENCE_SECONDS) == 0
    assert [pid for pid in pids if alive(pid)] == []
    assert one.said().endswith("stopped\n")


def test_a_process_that_ignores_the_request_to_stop_is_killed(run: Callable[..., Run]) -> None:
    one = run(f'web: {sys.executable} -c "{STUBBORN}"\n', patience=0.3)
    eventually(lambda: "deaf" in one.said())
    one.process.terminate()
    assert one.process.wait(PATIENCE_SECONDS) == 0
    assert "web does not stop; it is killed" in one.said()


def test_asking_twice_ends_the_patience(run: Callable[..., Run]) -> None:
    one = run(f'web: {sys.executable} -c "{STUBBORN}"\n', patience=60)
    eventually(lambda: "deaf" in one.said())
    one.process.send_signal(signal.SIGINT)
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(PATIENCE_SECONDS) == 0


def test_nothing_outlives_a_supervisor_that_is_killed(run: Callable[..., Run]) -> None:
    one = run(two())
    pids = eventually(lambda: (a := one.pids("web")) and (b := one.pids("worker")) and a + b)
    one.process.kill()
    eventually(lambda: not any(alive(pid) for pid in pids))


def test_what_a_process_started_goes_with_it(run: Callable[..., Run]) -> None:
    one = run("web: /bin/sh -c 'sleep 98 & echo $! >> inner; echo $$ >> web; wait'\n")
    inner = eventually(lambda: one.pids("inner"))[0]
    os.kill(eventually(lambda: one.pids("web"))[0], signal.SIGKILL)
    eventually(lambda: not alive(inner))


def test_a_process_that_closes_its_output_goes_on_running(run: Callable[..., Run]) -> None:
    one = run("web: /bin/sh -c 'echo $$ >> web; exec >&- 2>&-; exec sleep 99'\n")
    pid = eventually(lambda: one.pids("web"))[0]
    one.process.terminate()
    assert one.process.wait(PATIENCE_SECONDS) == 0
    assert not alive(pid)


def test_the_procfile_names_the_processes_of_the_product() -> None:
    commands = read_procfile((ROOT / "Procfile").read_text())
    assert {"web", "worker"} <= set(commands)


def test_a_procfile_may_have_comments_and_says_which_line_is_wrong() -> None:
    assert read_procfile("# processes\n\nweb: serve --port=1:2\n") == {"web": "serve --port=1:2"}
    with pytest.raises(ValueError, match="'nonsense' is not"):
        read_procfile("nonsense")


def test_processes_find_the_programs_of_our_own_python_first() -> None:
    assert child_environment({"PATH": "/usr/bin"})["PATH"] == f"{Path(sys.executable).parent}:/usr/bin"


def test_the_greeting_says_where_the_product_is() -> None:
    greeting = Greeting.from_environment({"PORT": "8123"})
    assert greeting.addresses == ["http://localhost:8123"]
    assert "Nidaan is ready at http://localhost:8123 (after 4.2 s)" in greeting.text(4.2)


def test_the_greeting_names_what_is_failing() -> None:
    said: list[str] = []
    greeting = Greeting(port=1, https=False, demo=False, began=time.monotonic() - 60)
    greeting.look(said.append)
    assert said == ["Not ready after 20 s: the web process does not answer yet. Still trying."]
