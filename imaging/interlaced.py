"""Pictures whose lines were taken at two moments (MPEG-2 from older ultrasound units, DV): each field its own lines."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from av.filter import Graph
from av.video.frame import VideoFrame

# One picture for each that came, and only for those that say that they are interlaced; the others pass as they are.
_FILTER = ("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
_UNTIMED = Fraction(1, 25)


def woven(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """The same frames in the same number and order, the interlaced ones made whole from their neighbours in time.

    Nothing is filtered before the first interlaced frame comes: most videos have none.
    """
    graph: Graph | None = None
    shape: tuple[int, int, str] | None = None
    for frame in frames:
        now = (frame.width, frame.height, frame.format.name)
        if graph is not None and now != shape:  # a live recording may change midway
            yield from _rest(graph)
            graph = None
        if graph is None and not frame.interlaced_frame:
            yield frame
            continue
        if graph is None:
            graph, shape = _begin(frame), now
        graph.push(frame)
        yield from _ready(graph)
    if graph is not None:
        yield from _rest(graph)


def _begin(frame: VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or _UNTIMED
    )
    graph.link_nodes(source, graph.add(*_FILTER), graph.add("buffersink")).configure()
    return graph


def _ready(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            found = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(found, VideoFrame)
        yield found


def _rest(graph: Graph) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _ready(graph)
