"""A real model of the smallest kind, for tests: it measures the mean grey of what it is given and says so.

Run as the contract has it (docs/site-models.md). `--mood` makes it break the contract in one way.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(mood: str) -> int:
    """Read the request, look at the first frame, write the result."""
    import numpy as np
    from PIL import Image

    request = json.loads(Path(os.environ["NIDAAN_REQUEST"]).read_text(encoding="utf-8"))
    frame = request["frames"][0]
    with Image.open(frame["file"]) as image:
        mean = float(np.asarray(image).mean())
    statement = {"text": f"Mean grey {mean:.0f}", "probability": 0.5, "frame_number": frame["frame_number"]}
    result = {"contract": 1, "name": request["name"], "version": request["version"], "statements": [statement]}
    if mood == "other":
        result["name"] = "Somebody else"
    if mood == "extra":
        result["opinion"] = "Sign this."
    if mood == "frame":
        statement["frame_number"] = 99
    if mood == "spy":
        seen = sorted(os.environ) + sorted(os.listdir("."))
        result["statements"] = [{"text": " ".join(seen)[:300]}, {"text": str(request)[:300]}]
    Path(os.environ["NIDAAN_RESULT"]).write_text(json.dumps(result), encoding="utf-8")
    return 0


def start(mood: str) -> int:
    """The moods that need no picture."""
    result = Path(os.environ["NIDAAN_RESULT"])
    if mood == "crash":
        os.abort()
    if mood == "loop":
        while True:
            pass
    if mood == "greedy":
        _eaten = bytearray(3 * 1024**3)
    if mood == "silent":
        return 0
    if mood == "garbage":
        result.write_bytes(b"\xff{" * 100)
        return 0
    if mood == "flood":
        result.write_text(" " * 200_000, encoding="ascii")
        return 0
    if mood == "link":
        result.symlink_to("/etc/hostname")
        return 0
    return main(mood)


if __name__ == "__main__":
    raise SystemExit(start(sys.argv[1] if len(sys.argv) > 1 else ""))
