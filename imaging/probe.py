"""`python -m imaging.probe FILE`: what ingest would say of a file, as JSON. Exit status 1 when it would be refused."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from imaging import sandbox
from imaging.reasons import sentence
from imaging.refusals import Refusal


def probe(path: Path, task: sandbox.Task = "inspect") -> dict[str, Any]:
    """{"usable": true, "facts", "renditions": [...], "cost"} or {"usable": false, "code", "reason", "facts"}.

    `cost` is processor seconds and largest resident size of the process that opened the file.
    """
    facts: dict[str, Any] = {}
    cost: dict[str, Any] = {}
    started = time.monotonic()
    made: list[dict[str, Any]] = []
    try:
        with tempfile.TemporaryDirectory(prefix="nidaan-") as workspace:
            for event in sandbox.run(task, path.resolve(), Path(workspace)):
                if event["event"] == "facts":
                    facts = event["facts"]
                if event["event"] == "rendition":
                    size = (Path(workspace) / event["file"]).stat().st_size
                    after = {"after_seconds": round(time.monotonic() - started, 3)}
                    made.append({key: event[key] for key in ("name", "width", "height")} | {"bytes": size} | after)
                if event["event"] == "done":
                    peak = round(event["peak_bytes"] / 1_000_000)
                    cost = {"cpu_seconds": event["cpu_seconds"], "peak_megabytes": peak}
    except Refusal as refusal:
        reason = sentence(refusal.code, refusal.values)
        return {"usable": False, "code": refusal.code, "reason": reason, "facts": facts or None}
    return {"usable": True, "facts": facts, "renditions": made, "cost": cost}


def main(arguments: list[str]) -> int:
    """Probe one file; `--render` makes its renditions as well (and throws them away)."""
    paths = [argument for argument in arguments if argument != "--render"]
    if len(paths) != 1:
        print("usage: python -m imaging.probe [--render] FILE", file=sys.stderr)
        return 2
    result = probe(Path(paths[0]))
    if "--render" in arguments and result["usable"]:
        result = probe(Path(paths[0]), "render")  # the second child: what it took is the file's alone
    print(json.dumps(result, indent=2, ensure_ascii=False))
    return 0 if result["usable"] else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
