"""`python -m tests.imaging.sweep`: opens many files, each in a limited process of its own, and tells what came of it.

Reads one path a line on standard input and answers each with one line of JSON, in the order of the questions:
{"path", "code", "facts", "sha256", "low", "high", "mean", "seconds", "rss_mb"}. The libraries are loaded once and the
processes are forked, so a file costs its decoding and little else. `code` is the refusal's, or null.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from imaging import limits, sandbox_child
from imaging.codecs import load_decoders
from imaging.refusals import Refusal
from imaging.source import open_source

_SECONDS = limits.SANDBOX_CHECK_SECONDS


def look(path: Path, workspace: Path, dtype: str) -> dict[str, Any]:
    """Open a file and decode all of its frames. Raises Refusal."""
    source = open_source(path, workspace)
    stored = getattr(source, "stored", source.frame)
    digest, total, pixels = hashlib.sha256(), 0.0, 0
    low, high = float("inf"), float("-inf")
    if source.facts.kind == "document":
        return {"facts": source.facts.as_json()}
    frames = source.facts.frames if hasattr(source, "stored") else min(3, source.facts.frames)
    for index in range(frames):
        frame = stored(index)
        shown = source.to_display(source.frame(index), index=index)
        assert shown.dtype == np.uint8
        assert shown.shape[:2] == frame.shape[:2] == (source.facts.rows, source.facts.columns)
        digest.update((frame.astype(np.dtype(dtype)) if dtype else frame).tobytes())
        low, high = min(low, float(frame.min())), max(high, float(frame.max()))
        total, pixels = total + float(frame.sum(dtype=np.float64)), pixels + frame.size
    return {
        "facts": source.facts.as_json(),
        "sha256": digest.hexdigest(),
        "low": low,
        "high": high,
        "mean": total / pixels,
    }


def child(path: str, dtype: str, answer: int) -> None:
    """The forked process: never returns."""
    started = time.perf_counter()
    sandbox_child.limit_this_process(_SECONDS)
    found: dict[str, Any] = {"path": path, "code": None}
    try:
        with tempfile.TemporaryDirectory(prefix="nidaan-sweep-") as workspace:
            found |= look(Path(path), Path(workspace), dtype)
    except Refusal as refusal:
        found |= {"code": refusal.code, "values": refusal.values}
    except MemoryError:
        found["code"] = "out_of_memory"
    except BaseException as error:
        found |= {"code": "crashed", "error": repr(error)}
    found["seconds"] = round(time.perf_counter() - started, 2)
    found["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with os.fdopen(answer, "w") as pipe:
        pipe.write(json.dumps(found))
    os._exit(0)


def main() -> None:
    """Answer until standard input ends."""
    load_decoders()
    for line in sys.stdin:
        path, _, dtype = line.rstrip("\n").partition("\t")
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            child(path, dtype, writer)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            said = pipe.read()
        os.waitpid(pid, 0)
        print(said or json.dumps({"path": path, "code": "crashed", "error": "died"}), flush=True)


if __name__ == "__main__":
    main()
