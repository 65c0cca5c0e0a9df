"""What a relay tells a Prometheus server: rooms, streams, what was forwarded, repaired, held back and lost, its load.

Counters are read when they are asked for; nothing is counted twice. Connections that are gone keep their share in the
totals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Final

from prometheus_client import ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from video.relay.engine import MediaEngine, Totals
from video.relay.rooms import Rooms

PREFIX: Final = "nidaan_relay_"


WHAT: Final = {
    "forwarded_packets": "RTP packets sent on to receivers",
    "forwarded_bytes": "Bytes of their payloads",
    "retransmitted_packets": "Packets sent again to receivers that missed them",
    "received_packets": "RTP packets that came from publishers",
    "dropped_packets": "Packets that were forged, replayed, too many, or not taken by the network",
}


@dataclass(slots=True)
class Clockwork:
    """How late the event loop runs: `worst` seconds since the last look."""

    worst: float = 0.0
    _due: float = field(default=0.0)

    def beat(self, now: float, every: float) -> None:
        """Called each `every` seconds."""
        if self._due:
            self.worst = max(self.worst, now - self._due)
        self._due = now + every

    def take(self) -> float:
        """The worst since the last look, which begins anew."""
        worst, self.worst = self.worst, 0.0
        return max(0.0, worst)


class Figures(Collector):
    """An engine's figures, collected when asked for."""

    def __init__(self, engine: MediaEngine, clockwork: Clockwork) -> None:
        self._engine = engine
        self._clockwork = clockwork

    def collect(self) -> Iterable[Metric]:
        """Every figure now; Janus keeps most of them to itself."""
        load = self._engine.load()
        yield GaugeMetricFamily(PREFIX + "rooms", "Calls that are carried", load.rooms)
        yield GaugeMetricFamily(PREFIX + "streams", "One participant's media sent to one other", load.streams)
        yield GaugeMetricFamily(PREFIX + "draining", "Whether it takes nobody more", float(self._engine.draining))
        lag = self._clockwork.take()
        yield GaugeMetricFamily(PREFIX + "loop_lag_seconds", "How late it ran at worst since it was last asked", lag)
        if isinstance(self._engine, Rooms):
            yield from _of_rooms(self._engine)


def _of_rooms(rooms: Rooms) -> Iterable[Metric]:
    every = list(rooms.all.values())  # asked from another thread: nothing may change under the counting
    peers = sum(len(one.publishers) + len(one.subscribers) for one in every)
    paused = sum(subscriber.starved for one in every for subscriber in list(one.subscribers.values()))
    yield GaugeMetricFamily(PREFIX + "connections", "Connections to browsers", peers)
    yield GaugeMetricFamily(PREFIX + "paused_pictures", "Receivers whose line carries the voice only", paused)
    for name, value in ((one.name, getattr(rooms.totals(), one.name)) for one in fields(Totals)):
        yield CounterMetricFamily(PREFIX + name, WHAT[name], value)


def serve(port: int, figures: Figures) -> None:
    """Answer `GET /metrics` on the loopback from a thread of its own."""
    registry = CollectorRegistry()
    registry.register(figures)
    ProcessCollector(registry=registry)  # its CPU and memory
    start_http_server(port, addr="127.0.0.1", registry=registry)
