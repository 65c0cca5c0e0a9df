"""The limited process in which one file is opened: what it may use, what it may say, and that it does not outlive."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from imaging import limits
from imaging.refusals import Refusal

_VOICE = 3  # the one descriptor besides 0, 1 and 2, which lead nowhere
_SPARED_BY_KERNEL = 500  # out of 1000: when the machine runs out of memory, this goes before the database
_libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None  # found before the fork: it costs 10 ms


def live(request: dict[str, Any], events: int, parent: int) -> NoReturn:
    """The whole life of a forked child: limit itself, do the task, say how it ended, and be gone."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.dup2(events, _VOICE)
        os.closerange(_VOICE + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        limit_this_process(int(request["seconds"]), int(request.get("addresses", limits.SANDBOX_MEMORY_BYTES)))
        if os.getppid() == parent:  # or it died before this could be told of it
            status = speak(request)
    finally:
        os._exit(status)


def speak(request: dict[str, Any]) -> int:
    """Do the task, its events on the voice; the exit status."""
    from imaging import sandbox

    with os.fdopen(_VOICE, "w", encoding="ascii") as voice:

        def say(event: dict[str, Any]) -> None:
            voice.write(json.dumps(event) + "\n")
            voice.flush()

        path, workspace = Path(request["path"]), Path(request["workspace"])
        os.environ["TMPDIR"] = str(workspace)
        try:
            sandbox._work(request["task"], path, workspace, request["request"], say)
            say({"event": "done"})
        except Refusal as refusal:
            say({"event": "refused", "code": refusal.code, "values": refusal.values})
    return 0


def limit_this_process(seconds: int, addresses: int = limits.SANDBOX_MEMORY_BYTES) -> None:
    """Memory, processor time and file size of this process, for good; the process dies with its parent (Linux)."""
    resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    resource.setrlimit(resource.RLIMIT_DATA, (limits.SANDBOX_MEMORY_BYTES, limits.SANDBOX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.SANDBOX_FILE_BYTES, limits.SANDBOX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        os.nice(5)  # calls go first
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_SPARED_BY_KERNEL), encoding="ascii")
    if _libc is not None:
        _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
