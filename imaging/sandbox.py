"""A process of its own for every file from outside: limited in memory, time and file size, killed when it overstays.

The child (forked by `zygote.py`, limited by `sandbox_child.py`) speaks JSON lines on a pipe:
{"event": "facts" | "rendition" | "progress" | "refused" | "done", ...}. Whatever a decoder does (loops, crashes, eats
memory), the parent sees events and then one end; "done" says what it cost (cpu_seconds, peak_bytes).
"""

from __future__ import annotations

import errno
import json
import os
import selectors
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from imaging import limits
from imaging.forking import Child, Ending, Lost, fork_child, warm_up
from imaging.refusals import Refusal

__all__ = ["Task", "run", "warm_up"]

Task = Literal[
    "inspect",
    "inspect_all",
    "render",
    "draw",
    "dicomweb",
    "frame_tiles",
    "propose_masks",
    "copy_without_identity",
    "check_still",
    "check_clip",
    "compare",
    "unpack",
]
_SECONDS: dict[str, int] = {
    "inspect": limits.SANDBOX_CHECK_SECONDS,
    "inspect_all": limits.SANDBOX_CHECK_SECONDS,
    "render": limits.SANDBOX_RENDER_SECONDS,
    "draw": limits.SANDBOX_FRAME_SECONDS,
    "dicomweb": limits.SANDBOX_CHECK_SECONDS,
    "frame_tiles": limits.SANDBOX_FRAME_SECONDS,
    "propose_masks": limits.SANDBOX_RENDER_SECONDS,
    "copy_without_identity": limits.SANDBOX_RENDER_SECONDS,
    "unpack": limits.SANDBOX_RENDER_SECONDS,
    **dict.fromkeys(("check_still", "check_clip", "compare"), limits.SANDBOX_PREVIEW_SECONDS),
}
# A text reader maps twice the memory that it uses; what it writes to is limited like everybody's.
_ADDRESSES: dict[str, int] = {"propose_masks": limits.SANDBOX_TEXT_ADDRESSES}
_MAX_LINE = 4 * 1024 * 1024  # the tile index of the largest picture is far below
_READ = 65536


def run(task: Task, path: Path, workspace: Path, request: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
    """Do `task` to `path` in a child process; yields its events as they come, the last one never being missing.

    When what forks the children dies, everything is said once more from the start by a child of its successor.
    Raises Refusal: what the child refused, or out_of_time, out_of_memory, crashed. Closing it kills the child.
    """
    asked = {"task": task, "path": str(path), "workspace": str(workspace), "request": request or {}}
    try:
        yield from _run_once(asked, _SECONDS[task])
    except Lost:
        try:
            yield from _run_once(asked, _SECONDS[task])
        except Lost as again:
            raise Refusal("crashed") from again


def _run_once(asked: dict[str, Any], seconds: int) -> Iterator[dict[str, Any]]:
    addresses = _ADDRESSES.get(asked["task"], limits.SANDBOX_MEMORY_BYTES)
    child = fork_child({**asked, "seconds": seconds, "addresses": addresses})
    try:
        child.wait_for_birth()
        yield from _events(child, time.monotonic() + seconds)
    finally:
        child.end()


def _require_success(child: Child) -> Ending:
    ending = child.ending()
    status = ending.status
    if status == -signal.SIGXCPU:
        raise Refusal("out_of_time")
    if status != 0:
        raise Refusal("out_of_memory" if status == -signal.SIGKILL else "crashed")
    return ending


def _events(child: Child, deadline: float) -> Iterator[dict[str, Any]]:
    for line in _lines(child, deadline):
        try:
            event = json.loads(line)
        except ValueError as error:
            raise Refusal("crashed") from error
        if event.get("event") == "refused":
            raise Refusal(event["code"], **event["values"])
        if event.get("event") == "done":
            ending = _require_success(child)
            yield {"event": "done", "cpu_seconds": ending.cpu_seconds, "peak_bytes": ending.peak_bytes}
            return
        yield event
    _require_success(child)  # the pipe closed without "done": its status says what it died of
    raise Refusal("crashed")


def _lines(child: Child, deadline: float) -> Iterator[bytes]:
    kept = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.events, selectors.EVENT_READ)
        while True:
            if not selector.select(timeout=max(0.0, deadline - time.monotonic())):
                raise Refusal("out_of_time")
            piece = os.read(child.events, _READ)
            if not piece:
                return
            *lines, kept = (kept + piece).split(b"\n")
            if len(kept) > _MAX_LINE:
                raise Refusal("crashed")
            yield from lines


@contextmanager
def _telling_a_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refusal("storage_full") from error
        raise


def _work(task: str, path: Path, workspace: Path, request: dict[str, Any], say: Any) -> None:
    from imaging import workbench
    from imaging.refusals import refusing

    with refusing("crashed"), _telling_a_full_disk():
        if task == "inspect":
            workbench.inspect(path, workspace, say)
        elif task == "inspect_all":
            workbench.inspect_all(workspace, say, request)
        elif task == "dicomweb":
            from imaging.dicomweb import sandboxed

            sandboxed.work(path, workspace, say, request)
        elif task == "render":
            workbench.render(path, workspace, say, request)
        elif task == "frame_tiles":
            workbench.frame_tiles(path, workspace, say, request)
        elif task == "draw":
            workbench.draw(path, workspace, say, request)
        elif task == "unpack":
            from imaging import unpacking

            unpacking.unpack(path, workspace, say, request)
        elif task in ("check_still", "check_clip", "compare"):
            from imaging import preview_checks

            preview_checks.TASKS[task](path, workspace, say, request)
        else:
            from imaging.deidentify import sandboxed as copies

            work = {"propose_masks": copies.propose_masks, "copy_without_identity": copies.copy_without_identity}
            work[task](path, workspace, say, request)
