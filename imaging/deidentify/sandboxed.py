"""The two tasks of this folder inside the sandbox: propose masks for a file, and write its copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from imaging import renditions
from imaging.deidentify import dicom_copy, media_copy, proposing
from imaging.deidentify.boxes import Box
from imaging.deidentify.dicom_copy import Order
from imaging.deidentify.identity import Disguise
from imaging.deidentify.presets import PRESETS
from imaging.deidentify.traces import traces_of
from imaging.refusals import Refusal
from imaging.source import Source, open_source
from imaging.workbench import Say

_SHOWN_SIDE = 1024
_SUFFIXES = {"dicom": ".dcm", "dicom_video": ".dcm"}


def propose_masks(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Say {"event": "masks", "columns", "rows", "frames", "pictures", "proposals"}. `known`: words of the patient's."""
    source = _picture(path, workspace)
    seen = proposing.look(source)
    pictures = proposing.write_pictures(seen, workspace)
    known = {str(word).casefold() for word in request.get("known", [])}
    regions: list[Box] = []
    if source.facts.media in _SUFFIXES:
        header = dicom_copy.header_of(path, workspace)
        regions = proposing.regions_of(header)
        known |= traces_of(header).names
    proposals = proposing.propose(source, seen, regions, frozenset(word for word in known if len(word) > 2))
    columns, rows = seen.size
    say(
        {
            "event": "masks",
            "columns": columns,
            "rows": rows,
            "frames": source.facts.frames,
            "pictures": pictures,
            "proposals": [proposal.as_json() for proposal in proposals],
        }
    )


def _picture(path: Path, workspace: Path) -> Source:
    """The file, when it is a picture: a document's text names whom it likes. Raises Refusal("not_an_image")."""
    source = open_source(path, workspace)
    if source.facts.kind == "document":
        raise Refusal("not_an_image", what=source.facts.modality)
    return source


def order_of(request: dict[str, Any]) -> Order:
    """An order as it travels: salt, preset, boxes [[x, y, width, height]], confirmed."""
    preset = PRESETS[request["preset"]]
    return Order(
        disguise=Disguise(str(request["salt"])),
        options=preset.options,
        boxes=tuple(Box(*map(int, box)) for box in request["boxes"]),
        preset=preset.name,
        confirmed=bool(request["confirmed"]),
    )


def copy_without_identity(path: Path, workspace: Path, say: Say, request: dict[str, Any]) -> None:
    """Write the copy and a small picture of it; said as renditions named "copy" and "shown"."""
    order = order_of(request)
    source = _picture(path, workspace)
    media = source.facts.media
    removed = replaced = 0
    if media in _SUFFIXES:
        target = workspace / "copy.dcm"
        write = dicom_copy.write_copy if media == "dicom" else media_copy.write_dicom_video
        cleaner = write(path, workspace, target, order)
        removed, replaced = cleaner.removed, cleaner.replaced
    elif source.facts.kind == "still":
        target = media_copy.write_photo(source, workspace, order)
    else:
        target = media_copy.write_video(source, workspace, order)
    detail = {"modality": source.facts.modality, "frames": source.facts.frames, "removed": removed}
    size = source.facts.columns, source.facts.rows
    _said(say, "copy", target, size, {**detail, "replaced": replaced})
    if request.get("frames"):
        _give_frames(target, workspace, say, int(request["frames"]))
    _show(target, workspace, say)


def _give_frames(copy: Path, workspace: Path, say: Say, most: int) -> None:
    """Frames of the copy as PNG, at most so many spread over it, as they are stored; said as {"event": "frame"}."""
    folder = workspace / "frames-of"
    folder.mkdir()
    made = open_source(copy, folder)
    count = made.facts.frames
    wanted = {round(step * (count - 1) / max(1, most - 1)) for step in range(most)}
    for index, frame in enumerate(made.frames()):
        if index not in wanted:
            continue
        shown = frame if frame.dtype in (np.uint8, np.uint16) else made.to_display(frame, index=index)
        target = workspace / f"frame-{index + 1:05}.png"
        Image.fromarray(shown).save(target, "PNG")
        say({"event": "frame", "file": target.name, "frame_number": index + 1})


def _show(copy: Path, workspace: Path, say: Say) -> None:
    """A picture of the copy itself, read back from its own bytes: what is shown is what leaves."""
    folder = workspace / "read-back"
    folder.mkdir()
    made = open_source(copy, folder)
    shown = workspace / "shown.webp"
    middle = made.facts.frames // 2
    size = renditions.write_webp(made.to_display(made.frame(middle), index=middle), shown, _SHOWN_SIDE)
    _said(say, "shown", shown, size, {})


def _said(say: Say, name: str, path: Path, size: renditions.Size, detail: dict[str, Any]) -> None:
    width, height = size
    say({"event": "rendition", "name": name, "file": path.name, "width": width, "height": height, "detail": detail})
