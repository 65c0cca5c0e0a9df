"""Pictures for the stage's own page: real and made ones, in the renditions that the product makes."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import data_store
import numpy as np
import pydicom
from numpy.typing import NDArray

from imaging import clips, overlays, renditions, tiles, windows
from imaging.dataset import open_dicom
from tests.imaging import files

Array = NDArray[Any]
REAL = Path(data_store.__file__).parent / "data"
NO_ORIENTATION = {"left": "", "right": "", "top": "", "bottom": ""}
CHEST = {"left": "R", "right": "L", "top": "H", "bottom": "F"}
CLIP_FRAMES = 120
PAUSED_ON = (12,)  # frames of a clip (from 1) whose lossless pixels were made already


class Gallery:
    """Writes pictures into `folder`; `<name>.json` is a picture's manifest, whose id is the same for the same name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stored: dict[str, Array] = {}
        self.manifests: dict[str, dict[str, Any]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def still(self, name: str, stored: Array, **said: Any) -> None:
        """A picture from stored values, (rows, columns) or (rows, columns, 3), with every rendition of a still."""
        window = said.get("window")
        display = stored.astype(np.uint8) if window is None else _windowed(stored, window)
        if said.get("photometric") == "MONOCHROME1":
            display = 255 - display
        made: dict[str, Any] = {}
        for rendition, longest in (("thumbnail", 160), ("preview", 1024), ("full", 16383)):
            path = self.folder / f"{name}-{rendition}.webp"
            width, height = renditions.write_webp(display, path, longest)
            made[rendition] = self._rendition(name, rendition, path.name, path.stat().st_size, width, height)
        made["tiles"] = self._tiles(name, stored)
        self.stored[name] = stored
        if drawn := said.pop("overlays", None):
            made["overlays"] = drawn
        self._write(name, stored.shape, "still", made, said)

    def clip(self, name: str, frames: list[Array], **said: Any) -> None:
        """A clip from display frames, with its first frame as preview."""
        made: dict[str, Any] = {}
        for rendition, options in (("clip", clips.FULL_PASS), ("clip_small", clips.SMALL_PASS)):
            timed = ((frame, 33_333) for frame in frames)
            encoded = clips.encode(timed, self.folder / f"{name}-{rendition}.mp4", options)
            index = clips.bundle(encoded, self.folder / f"{name}-{rendition}.bin")
            clips.write_index(index, self.folder / f"{name}-{rendition}-index.json")
            size = (self.folder / f"{name}-{rendition}.bin").stat().st_size
            entry = self._rendition(name, rendition, f"{name}-{rendition}.bin", size, encoded.width, encoded.height)
            made[rendition] = {**entry, "index_url": f"/pictures/{name}-{rendition}-index.json"}
        mp4 = self.folder / f"{name}-clip.mp4"
        height, width = frames[0].shape[:2]
        made["clip_mp4"] = self._rendition(name, "clip_mp4", mp4.name, mp4.stat().st_size, width, height)
        preview = self.folder / f"{name}-preview.webp"
        width, height = renditions.write_webp(frames[0], preview, 1024)
        made["preview"] = self._rendition(name, "preview", preview.name, preview.stat().st_size, width, height)
        paused = [
            {**self._tiles(f"{name}-frame{number}", frames[number - 1]), "frame_number": number} for number in PAUSED_ON
        ]
        said = {"frames": len(frames), "frame_time_ms": 1000 / 30, "frame_tiles": paused, **said}
        self._write(name, frames[0].shape, "clip", made, said)

    def overlaid(self, name: str, stored: Array, bits: Array) -> None:
        """A still of 8 bits whose file draws `bits` (rows, columns) over it."""
        data = files.with_overlay(files.dicom(stored.astype(np.uint8)), 0x6000, bits, label="Marked in the file")
        place = files.save(data, self.folder / f"{name}.dcm")
        target, index = self.folder / f"{name}-overlays.bin", self.folder / f"{name}-overlays.json"
        overlays.write(open_dicom(place, self.folder), target, index)
        made = self._rendition(name, "overlays", target.name, target.stat().st_size, *stored.shape[::-1])
        self.still(name, stored, overlays={**made, "index_url": f"/pictures/{index.name}"})

    def bare(self, name: str, state: str, **said: Any) -> None:
        """A picture that is not ready, or never will be."""
        self._write(name, (0, 0), "still", {}, {"state": state, **said})

    def _tiles(self, name: str, stored: Array) -> dict[str, Any]:
        blob = io.BytesIO()
        index, (start, length) = tiles.write_tiles(stored, blob)
        data = blob.getvalue()
        folder = self.folder / f"{name}-tiles"
        folder.mkdir(exist_ok=True)
        for number, (offset, size) in enumerate(index.tiles):
            (folder / str(number)).write_bytes(data[offset : offset + size])
        if length:
            (folder / "values").write_bytes(data[start : start + length])
        entry = self._rendition(name, "tiles", folder.name, len(data), stored.shape[1], stored.shape[0])
        return {**entry, "index": index.as_json()}

    def _rendition(self, name: str, kind: str, file: str, size: int, width: int, height: int) -> dict[str, Any]:
        return {
            "id": identity(f"{name}/{kind}"),
            "url": f"/pictures/{file}",
            "bytes": size,
            "width": width,
            "height": height,
        }

    def _write(self, name: str, shape: tuple[int, ...], kind: str, made: dict[str, Any], said: dict[str, Any]) -> None:
        colour = len(shape) == 3
        manifest: dict[str, Any] = {
            "id": identity(name),
            "sop_instance_uid": f"1.2.826.0.1.3680043.{int(identity(name)[:8], 16)}",
            "study_id": identity("study"),
            "study_instance_uid": "1.2.826.0.1",
            "kind": kind,
            "state": "ready",
            "progress": 1,
            "reason": None,
            "modality": "DX",
            "description": name,
            "file_name": f"{name}.dcm",
            "size_bytes": 1,
            "sha256": "",
            "rows": shape[0],
            "columns": shape[1],
            "frames": 1,
            "frame_time_ms": None,
            "photometric": "RGB" if colour else "MONOCHROME2",
            "bits_stored": 8 if colour else 16,
            "orientation": NO_ORIENTATION,
            "window": None,
            "modality_lut": {"slope": 1, "intercept": 0},
            "pixel_range": {"min": 0, "max": 255},
            "calibration": [],
            "renditions": made,
            **said,
        }
        self.manifests[name] = manifest
        for file in (name, identity(name)):
            (self.folder / f"{file}.json").write_text(json.dumps(manifest))


def identity(name: str) -> str:
    """Thirty-two hexadecimal digits, the same for the same name."""
    return hashlib.md5(name.encode()).hexdigest()


def adlers(stored: Array, tile: int = 512) -> list[int]:
    """Adler-32 of each tile's stored values as little-endian int32, channel after channel."""
    found: list[int] = []
    for y in range(0, stored.shape[0], tile):
        for x in range(0, stored.shape[1], tile):
            part = stored[y : y + tile, x : x + tile]
            planes = part if part.ndim == 2 else np.moveaxis(part, 2, 0)
            found.append(zlib.adler32(planes.astype("<i4").tobytes()))
    return found


def _windowed(stored: Array, window: dict[str, float]) -> Array:
    low, high = int(stored.min()), int(stored.max())
    table = windows.table_of_window(
        low, high, {"center": window["center"], "width": window["width"]}, slope=1, intercept=0
    )
    return table[stored.astype(np.int64) - low]


def coded_frames(count: int = CLIP_FRAMES, width: int = 639, height: int = 479) -> Iterator[Array]:
    """Frames that carry their number (from 1) as ten black or white fields along the top, over a moving fan."""
    y, x = np.mgrid[0:height, 0:width]
    angle, radius = np.arctan2(x - width / 2, y), np.hypot(x - width / 2, y)
    fan = (np.abs(angle) < 0.7) & (radius > 60) & (radius < height * 0.96)
    speckle = np.random.default_rng(7).normal(0, 14, (height, width))
    for number in range(1, count + 1):
        beat = 105 + 60 * np.sin(radius / 23 + number / 9) * np.cos(angle * 6)
        grey = np.where(fan, np.clip(beat + np.roll(speckle, number, axis=0), 0, 255), 4).astype(np.uint8)
        for bit in range(10):
            grey[4:36, 20 + bit * 40 : 52 + bit * 40] = 255 if number >> bit & 1 else 0
        yield np.repeat(grey[:, :, None], 3, axis=2)


def checked_plane(rows: int, columns: int) -> Array:
    """Overlay bits: squares of 20 px, every other one set, between x 100 and 300, y 80 and 200."""
    y, x = np.mgrid[0:rows, 0:columns]
    inside = (x >= 100) & (x < 300) & (y >= 80) & (y < 200)
    drawn: Array = (inside & ((x // 20 + y // 20) % 2 == 0)).astype(np.uint8)
    return drawn


def make_all(folder: Path) -> Gallery:
    """Every picture that the tests look at."""
    gallery = Gallery(folder)
    chest = pydicom.dcmread(REAL / "RG1_UNCI.dcm").pixel_array.astype(np.int32)
    window = {"center": float(np.median(chest)), "width": float(np.ptp(np.percentile(chest, (1, 99))))}
    span = {"min": int(chest.min()), "max": int(chest.max())}
    gallery.still("chest", chest, window=window, pixel_range=span, orientation=CHEST)
    hand = pydicom.dcmread(REAL / "RG3_UNCI.dcm").pixel_array.astype(np.int32)
    whole = {"x0": 0, "y0": 0, "x1": hand.shape[1], "y1": hand.shape[0], "label": "mm at detector"}
    gallery.still(
        "hand",
        hand,
        window={"center": 512.0, "width": 1024.0},
        pixel_range={"min": 0, "max": 1023},
        calibration=[{**whole, "mm_per_px_x": 0.1, "mm_per_px_y": 0.1}],
    )
    y, x = np.mgrid[0:700, 0:5000]
    wide = ((x * 3 + y * 7) % 4096 - 1024).astype(np.int32)
    gallery.still("wide", wide, window={"center": 1024.0, "width": 4096.0}, pixel_range={"min": -1024, "max": 3071})
    few = ((x[:600, :900] // 30) * 401 + (y[:600, :900] // 50) * 13).astype(np.int32)
    negative = {"photometric": "MONOCHROME1", "window": {"center": 6000.0, "width": 12000.0}}
    noted = {"advice": [{"code": "tilted", "text": "It is tilted: take it again if you can."}]}
    gallery.still("few", few, pixel_range={"min": 0, "max": int(few.max())}, **negative, **noted)
    colour = np.stack([(x[:530, :1040] * k + y[:530, :1040] * (4 - k)) % 256 for k in (1, 2, 3)], axis=2)
    gallery.still("colour", colour.astype(np.int32))
    gallery.overlaid("marked", np.full((400, 600), 60, np.int32), checked_plane(400, 600))
    gallery.clip("fan", list(coded_frames()), modality="US")
    gallery.bare("coming", "processing", progress=0.4)
    gallery.bare("broken", "unusable", reason="This file is not a picture that can be shown (it ends too early).")
    return gallery
