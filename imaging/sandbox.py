"""A process of its own for every file from outside: limited in memory, time and file size, killed when it overstays.

The child speaks JSON lines on a pipe: {"event": "facts" | "rendition" | "progress" | "refused" | "done", ...}.
Whatever a decoder does (loops, crashes, eats memory), the parent sees events and then one end.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from imaging import limits
from imaging.refusals import Refusal

Task = Literal["inspect", "render", "draw"]
_ROOT = Path(__file__).resolve().parent.parent
_SECONDS: dict[str, int] = {
    "inspect": limits.SANDBOX_CHECK_SECONDS,
    "render": limits.SANDBOX_RENDER_SECONDS,
    "draw": limits.SANDBOX_FRAME_SECONDS,
}
_MAX_LINE = 4 * 1024 * 1024  # the tile index of the largest picture is far below
_READ = 65536
# One thread each: the limits are per process and the cores belong to the calls.
_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def run(task: Task, path: Path, workspace: Path, request: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Do `task` to `path` in a child process; yields its events as they come, the last one never being missing.

    Raises Refusal: what the child refused, or out_of_time, out_of_memory, crashed. Closing it kills the child.
    """
    seconds = _SECONDS[task]
    command = [sys.executable, "-m", "imaging.sandbox", task, str(path), str(workspace), json.dumps(request or {})]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT), "LANG": "C.UTF-8", **_THREADS}
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # decoders print what they find, and what they find may be a name
        env=environment,
        cwd=_ROOT,
        start_new_session=True,
    )
    assert child.stdout is not None
    try:
        yield from _events(child.stdout, time.monotonic() + seconds)
        code = child.wait(timeout=10)
        if code != 0:
            raise Refusal("out_of_memory" if code == -signal.SIGKILL else "crashed")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.stdout.close()
        child.wait()


def _events(pipe: IO[bytes], deadline: float) -> Iterator[dict[str, Any]]:
    for line in _lines(pipe, deadline):
        try:
            event = json.loads(line)
        except ValueError as error:
            raise Refusal("crashed") from error
        if event.get("event") == "refused":
            raise Refusal(event["code"], **event["values"])
        yield event
        if event.get("event") == "done":
            return
    # The pipe closed without "done": the child died; its exit status (read by `run`) cannot say more than this.
    raise Refusal("crashed")


def _lines(pipe: IO[bytes], deadline: float) -> Iterator[bytes]:
    kept = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                raise Refusal("out_of_time")
            piece = os.read(pipe.fileno(), _READ)
            if not piece:
                return
            *lines, kept = (kept + piece).split(b"\n")
            if len(kept) > _MAX_LINE:
                raise Refusal("crashed")
            yield from lines


def limit_this_process(seconds: int) -> None:
    """Memory, processor time and file size of this process, for good; the process dies with its parent (Linux)."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.SANDBOX_MEMORY_BYTES, limits.SANDBOX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.SANDBOX_FILE_BYTES, limits.SANDBOX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(5)  # calls go first
    _die_with_parent()


def _die_with_parent() -> None:
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _work(task: str, path: Path, workspace: Path, request: dict[str, Any], say: Any) -> None:
    from imaging import workbench
    from imaging.refusals import refusing

    with refusing("crashed"):
        if task == "inspect":
            workbench.inspect(path, workspace, say)
        elif task == "render":
            workbench.render(path, workspace, say)
        else:
            workbench.draw(path, workspace, say, request)


def _child(arguments: list[str]) -> None:
    task, path, workspace, request = arguments
    limit_this_process(_SECONDS[task])
    pipe = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what a library prints must not be taken for an event

    def say(event: dict[str, Any]) -> None:
        pipe.write(json.dumps(event) + "\n")
        pipe.flush()

    try:
        _work(task, Path(path), Path(workspace), json.loads(request), say)
        say({"event": "done"})
    except Refusal as refusal:
        say({"event": "refused", "code": refusal.code, "values": refusal.values})


if __name__ == "__main__":
    _child(sys.argv[1:])
