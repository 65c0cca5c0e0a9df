"""The model's process: a command in a folder of its own, limited in memory, time and file size, without the network
where the kernel allows it, and killed with everything it started when it overstays."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from imaging.refusals import Refusal
from imaging.site_models.protocol import MOST_RESULT_BYTES, REQUEST_FILE, RESULT_FILE, SiteModel

_FILE_BYTES: Final = 256 * 1024 * 1024
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # unshare(2)
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None


def run(model: SiteModel, folder: Path) -> bytes:
    """Start the command in `folder`, which holds the request; returns result.json as it was written.

    It sees PATH, HOME and TMPDIR (the folder), NIDAAN_REQUEST and NIDAAN_RESULT, and nothing else of this process.
    Raises Refusal: model_missing, model_late, model_failed, model_silent.
    """
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "NIDAAN_REQUEST": str(folder / REQUEST_FILE),
        "NIDAAN_RESULT": str(folder / RESULT_FILE),
    }
    try:
        process = subprocess.Popen(
            model.command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what it says there may quote a picture's file
            start_new_session=True,
            preexec_fn=_limits(model),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Refusal("model_missing") from error
    try:
        status = process.wait(timeout=model.seconds)
    except subprocess.TimeoutExpired as error:
        raise Refusal("model_late") from error
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if status == -signal.SIGXCPU:
        raise Refusal("model_late")
    if status != 0:
        raise Refusal("model_failed")
    return _result(folder / RESULT_FILE)


def _result(path: Path) -> bytes:
    """The result's bytes; a link that leads elsewhere is no result."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(MOST_RESULT_BYTES + 1)
    except OSError as error:
        raise Refusal("model_silent") from error


def _limits(model: SiteModel) -> Callable[[], None]:
    memory = model.memory_mb * 1024 * 1024

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (model.seconds, model.seconds + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.nice(10)  # calls and pictures go first
        if _libc is not None:
            _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
            if (
                _libc.unshare(_NEW_NETWORK) != 0
            ):  # as root at once, else in a user's own namespace where that is allowed
                _libc.unshare(_NEW_USER | _NEW_NETWORK)

    return limit
