"""One frame of an instance as a picture file: for documents that show a key image."""

from __future__ import annotations

from pathlib import Path

from imaging import sandbox, store
from imaging.refusals import Refusal
from imaging.source import Window

LONGEST_SIDE = 1600


def draw_frame(
    original: Path,
    frame_number: int,
    *,
    window: Window | None = None,
    invert: bool = False,
    longest: int = LONGEST_SIDE,
) -> bytes:
    """PNG bytes of one frame (frame_number from 1), upright, through `window` (modality units; None: the default one).

    The picture keeps the frame's proportions, at most `longest` px a side: an annotation's image coordinates times
    (PNG width / instance columns) are its place. Decodes in the sandbox. Raises Refusal.
    """
    request = {"frame_index": frame_number - 1, "window": window, "invert": invert, "longest": longest}
    if frame_number < 1:
        raise Refusal("cannot_decode", frame=frame_number)
    with store.refusing_when_full(), store.workspace() as workspace:
        drawn: bytes | None = None
        for event in sandbox.run("draw", original, workspace, request):
            if event["event"] == "rendition":
                drawn = (workspace / event["file"]).read_bytes()
    if drawn is None:
        raise Refusal("crashed")
    return drawn
