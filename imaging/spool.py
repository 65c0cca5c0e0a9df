"""Pictures kept beside the work while a clip is encoded a second time: decoding each frame again costs far more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame

from imaging.clips import Picture


class Spool:
    """The encoder's pictures of one clip in a file, in order; `whole` is False once they were too many for it."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path, self._left = path, most_bytes
        self._file = path.open("wb")
        self._durations: list[int] = []
        self._size = (0, 0)
        self.whole = True

    def add(self, picture: Picture, duration_us: int) -> None:
        """Keep one more picture, all being of one size."""
        planes = picture.frame.to_ndarray()
        self._left -= planes.nbytes
        if self._left < 0:
            self.whole = False
        if self.whole:
            self._file.write(planes.tobytes())
            self._durations.append(duration_us)
            self._size = (picture.width, picture.height)

    def pictures(self) -> Iterator[tuple[Picture, int]]:
        """What was kept, each with its duration (us)."""
        self._file.close()
        width, height = self._size
        columns, rows = width + width % 2, (height + height % 2) * 3 // 2
        with self._path.open("rb") as file:
            for duration in self._durations:
                planes = np.frombuffer(file.read(rows * columns), np.uint8).reshape(rows, columns)
                yield Picture(VideoFrame.from_ndarray(planes, format="yuv420p"), width, height), duration
        self._path.unlink()
