"""Code and CSS that each page needs before it works: `python -m tests.bench.page_bytes` (after `npm run build`).

Counts an entry and everything it imports statically, brotli 11 as served, and apart from them what is loaded only later
(workers, decoders and other dynamic imports).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import brotli

DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
LIMIT_KB = 150


def brotli_bytes(name: str) -> int:
    """Size of one built file as a browser fetches it."""
    return len(brotli.compress((DIST / name).read_bytes(), quality=11))


def files_of(manifest: dict[str, Any], entry: str) -> set[str]:
    """The entry's own files and those of its static imports, CSS included."""
    found: set[str] = set()
    todo, seen = [entry], set()
    while todo:
        key = todo.pop()
        if key in seen:
            continue
        seen.add(key)
        chunk = manifest[key]
        found.update([chunk["file"], *chunk.get("css", [])])
        todo.extend(chunk.get("imports", []))
    return found


def page_sizes(*wanted: str) -> dict[str, int]:
    """Brotli bytes of every page's code (or of the wanted pages') with the site's own styles."""
    manifest = json.loads((DIST / "manifest.json").read_text())
    shared = {name for key in manifest if key.startswith("src/styles/site") for name in files_of(manifest, key)}
    entries = [key for key, chunk in manifest.items() if chunk.get("isEntry") and key.startswith("src/pages/")]
    site = files_of(manifest, "src/pages/site.ts") | shared
    return {entry: sum(map(brotli_bytes, site | files_of(manifest, entry))) for entry in wanted or entries}


def main() -> None:
    """Print the table."""
    print(f"{'page':32} {'brotli KB':>10}   (reach for the consult room: <= {LIMIT_KB})")
    for entry, size in sorted(page_sizes().items(), key=lambda item: -item[1]):
        print(f"{entry:32} {size / 1000:10.1f}")


if __name__ == "__main__":
    main()
