"""`python -m tests.bench` (`make bench`): every figure; a bench of its own for each."""

from __future__ import annotations

import subprocess
import sys

BENCHES = ("page_bytes", "renditions", "sockets", "first_picture", "dicomweb", "doors", "relay")


def main() -> int:
    """Run each bench in a process of its own, one after the other; the worst exit status."""
    worst = 0
    for name in BENCHES:
        print(f"\n== {name}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
