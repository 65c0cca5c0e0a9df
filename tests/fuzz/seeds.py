"""Files to change: real ones of the set where it is there, those that the test requirements bring, and our own."""

from __future__ import annotations

import csv
import importlib
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.imaging import files

ROOT = Path(__file__).resolve().parents[2]
SET = Path(os.environ.get("NIDAAN_DATA_SET", ROOT.parent / "shared" / "data"))
LARGEST = 300_000
_BROUGHT = ("emri_small_jpeg_ls_lossless", "SC_rgb_16bit", "OBXXXX1A_rle", "mlut_18", "CT_small")


@cache
def seeds() -> list[tuple[str, bytes]]:
    """(name, bytes), small ones: a change is more likely to hit what matters."""
    found = [*_own(), *_brought()]
    if (SET / "manifest.csv").exists():
        with (SET / "manifest.csv").open(encoding="utf-8", newline="") as file:
            rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
        small = [SET / row["file"] for row in rows if int(row["bytes"]) <= LARGEST and "bomb" not in row["file"]]
        found += [(path.name, path.read_bytes()) for path in small if "pwnlab" not in path.name]
    return found


def _brought() -> list[tuple[str, bytes]]:
    data_store: Any = importlib.import_module("data_store")
    folder = Path(str(data_store.__file__)).parent / "data"
    paths = [folder / f"{name}.dcm" for name in _BROUGHT]
    return [(path.name, path.read_bytes()) for path in paths if path.exists() and path.stat().st_size <= LARGEST]


def _own() -> list[tuple[str, bytes]]:
    frames = files.numbered_frames(4)
    grey = frames[0][:, :, 0].astype("uint16") * 16
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.dcm"
        clip = files.save(files.jpeg_clip(frames), path).read_bytes()
        still = files.save(files.dicom(grey, BitsStored=12, HighBit=11), path).read_bytes()
        video = files.video(Path(folder) / "own.mp4", frames).read_bytes()
    return [
        ("own_clip.dcm", clip),
        ("own_still.dcm", still),
        ("own.mp4", video),
        ("own.jpg", files.jpeg(frames[0])),
        ("own.png", files.png(frames[0])),
    ]
