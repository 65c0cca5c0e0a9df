"""What every kind of file becomes once opened: facts and frames of pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt

from imaging.facts import Facts

Array = npt.NDArray[Any]
Window = dict[str, float]  # {"center", "width"} in modality units
TimedFrame = tuple[Array, int]  # a frame, and for how many microseconds it is shown


class Source(Protocol):
    """An opened file. Monochrome frames are (rows, columns) stored values; colour ones (rows, columns, 3) RGB."""

    facts: Facts

    def frame(self, index: int) -> Array:
        """The frame with this frame_index (from 0)."""
        ...

    def frames(self) -> Iterator[Array]:
        """Every frame in order, one in memory at a time."""
        ...

    def to_display(self, frame: Array, window: Window | None = None, index: int = 0) -> Array:
        """uint8 as it should look: window applied (the default one unless told), MONOCHROME1 inverted.

        `index` is the frame's frame_index: frames of one file may mean different things.
        """
        ...


@runtime_checkable
class TimedSource(Protocol):
    """A source whose frames know their own times only as they come: facts may say another count, or none."""

    def timed_frames(self) -> Iterator[TimedFrame]:
        """Every frame in order with its own duration, one in memory at a time."""
        ...


@runtime_checkable
class OverlaidSource(Protocol):
    """A source that may have drawings of its own over its frames."""

    def write_overlays(self, target: Path, index: Path) -> bool:
        """Write them as `overlays.write` does; False where there are none."""
        ...


def open_source(path: Path, workspace: Path) -> Source:
    """Open any file that may be shown; `workspace` takes temporary copies. Raises Refusal."""
    from imaging.detection import detect

    kind = detect(path)
    if kind == "dicom":
        from imaging.documents import is_document, open_dicom_document
        from imaging.pixels import open_pixels

        if is_document(path):
            return open_dicom_document(path, workspace)
        return open_pixels(path, workspace)
    if kind == "video":
        from imaging.videos import VideoSource

        return VideoSource(path)
    if kind == "pdf":
        from imaging.documents import open_pdf

        return open_pdf(path)
    from imaging.animations import open_picture_file
    from imaging.pictures import PictureSource

    return open_picture_file(path, kind) or PictureSource(path, kind)
