"""One stream that a publisher sends: counted (RFC 3550 appendix A), repaired, and handed to every receiver."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol

from video.relay.packets import Packet, ahead
from video.relay.repair import Asking

if TYPE_CHECKING:
    from video.relay.outgoing import Outgoing

Kind = Literal["audio", "video"]
Track = Literal["voice", "picture", "low", "second", "probe"]  # what a participant sends, as `video/protocol.py` has it
KEYFRAME_SPACING: Final = 0.5  # seconds between two requests for a key frame
ALIVE_SECONDS: Final = 1.5
OUTAGE: Final = 500  # packets: a jump this long is a sender that started anew


class Tap(Protocol):
    """Somebody who looks on: each packet that came, once, in whatever order; and the sender's reports of its clock."""

    def packet(self, packet: Packet, now: float) -> None: ...
    def report(self, ntp: int, timestamp: int, now: float) -> None: ...


@dataclass(slots=True, eq=False)
class Incoming:
    """A published stream. `outgoing` is replaced, never changed, so that a packet's round is not disturbed."""

    kind: Kind
    payload_type: int
    clock_rate: int
    retransmission_type: int | None = None
    ssrc: int = 0
    retransmission_ssrc: int | None = None
    outgoing: tuple[Outgoing, ...] = ()
    tap: Tap | None = None
    asking: Asking = field(default_factory=Asking)
    packets: int = 0
    octets: int = 0
    jitter: float = 0.0  # units of `clock_rate`
    keyframe_wanted: bool = False
    keyframe_asked_at: float = -KEYFRAME_SPACING
    last_at: float = 0.0
    report: tuple[int, float] = (0, 0.0)  # the middle of the last sender report's NTP time, and when it came
    _highest: int = -1
    _cycles: int = 0
    _first: int = 0
    _reported: tuple[int, int] = (0, 0)  # expected and received at the last report
    _transit: float = 0.0

    def receive(self, packet: Packet, now: float) -> None:
        """Count one packet and pass it on; a duplicate goes no further."""
        if not self._follow(packet, now):
            return
        self.packets += 1
        self.octets += len(packet.payload)
        self.last_at = now
        for one in self.outgoing:
            one.forward(packet, now)
        if self.tap is not None:
            self.tap.packet(packet, now)

    def _follow(self, packet: Packet, now: float) -> bool:
        sequence = packet.sequence
        if self._highest < 0:
            self._highest = self._first = sequence
            self._time(packet, now)
            return True
        step = ahead(sequence, self._highest)
        if step <= 0:
            return self.asking.came(sequence) if self.kind == "video" else step < 0
        if step > 1:
            self._missed(step - 1, now)
        if sequence < self._highest:
            self._cycles += 1
        self._highest = sequence
        self._time(packet, now)
        return True

    def _missed(self, count: int, now: float) -> None:
        if self.kind == "video" and not self.asking.lost((self._highest + 1) & 0xFFFF, count, now):
            self.keyframe_wanted = True
        if count > OUTAGE:
            self._first, self._cycles, self._reported = self._highest, 0, (0, 0)
            self.packets = 0

    def _time(self, packet: Packet, now: float) -> None:
        transit = now * self.clock_rate - packet.timestamp
        change = abs(transit - self._transit)
        if self._transit and change < 10 * self.clock_rate:  # not a timestamp that wrapped
            self.jitter += (change - self.jitter) / 16
        self._transit = transit

    @property
    def extended_highest(self) -> int:
        """The highest sequence number with its cycles (32 bits)."""
        return (self._cycles << 16 | max(self._highest, 0)) & 0xFFFFFFFF

    @property
    def lost(self) -> int:
        """Packets expected and not received, in all; negative where duplicates came."""
        expected = (self._cycles << 16) + self._highest - self._first + 1 if self._highest >= 0 else 0
        return expected - self.packets

    def fraction_lost(self) -> int:
        """Of the packets since the last call, the lost part in 1/256 (RFC 3550 section 6.4.1)."""
        expected = self.lost + self.packets
        before, received_before = self._reported
        self._reported = (expected, self.packets)
        new, received = expected - before, self.packets - received_before
        return 0 if new <= 0 or received >= new else min(255, (new - received) * 256 // new)

    def wants_keyframe(self, now: float) -> bool:
        """Whether to ask for a key frame now; at most one request each `KEYFRAME_SPACING`."""
        if not self.keyframe_wanted or now - self.keyframe_asked_at < KEYFRAME_SPACING:
            return False
        self.keyframe_wanted = False
        self.keyframe_asked_at = now
        return True

    def is_alive(self, now: float) -> bool:
        """Whether something came lately."""
        return self.packets > 0 and now - self.last_at < ALIVE_SECONDS

    def add(self, one: Outgoing) -> None:
        """Pass packets on to one more receiver."""
        self.outgoing = (*self.outgoing, one)

    def remove(self, one: Outgoing) -> None:
        """Stop passing packets on to a receiver; harmless when it is not there."""
        self.outgoing = tuple(other for other in self.outgoing if other is not one)
