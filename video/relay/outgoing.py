"""One stream to one receiver: the publisher's packets under a name and numbering of the receiver's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiortc import rtp

from video.relay import packets
from video.relay.incoming import Incoming, Kind
from video.relay.packets import Packet, ahead
from video.relay.repair import Answering

_FOLLOWS: Final = 8192
_REPORTS: Final = 8
KEPT: Final = 512  # packets kept for repairs; at 500 kbit/s some eight seconds

Send = Callable[[bytes], None]


@dataclass(slots=True, frozen=True)
class Names:
    """What a receiver calls a stream and its header extensions; 0 for an extension it does not want."""

    ssrc: int
    payload_type: int
    retransmission_ssrc: int = 0
    retransmission_type: int = 0
    send_time_id: int = 0
    level_id: int = 0


@dataclass(slots=True, eq=False)
class Outgoing:
    """A forwarded stream. A video stream begins, and goes on after a pause, with a key frame.

    `send` takes its RTP packets, `say` its RTCP.
    """

    names: Names
    send: Send
    kind: Kind
    cname: str = ""
    say: Send = lambda data: None
    source: Incoming | None = None
    answering: Answering = field(default_factory=Answering)
    paused: bool = False
    packets: int = 0
    octets: int = 0
    repairs: int = 0
    last_timestamp: int = 0
    timestamp_offset: int = 0
    _last_at: float = 0.0
    _offset: int = 0
    _next: int = 0  # the number after the highest that was sent
    _begins: int = -1  # the source's number from which on this run of packets counts; -1 before its key frame
    _kept: list[tuple[int, Packet, float] | None] = field(default_factory=list)
    _repair_sequence: int = 0
    _reports: dict[int, float] = field(default_factory=dict)  # the middle of a report's NTP time -> when it went out

    def __post_init__(self) -> None:
        if self.kind == "video":
            self._kept = [None] * KEPT

    def attach(self, source: Incoming) -> None:
        """Forward `source` from now on: the first one, or the publisher's next connection."""
        self.detach()
        self.source = source
        self._begins = -1
        source.add(self)
        source.keyframe_wanted = self.kind == "video"

    def detach(self) -> None:
        """Forward nothing; the numbering waits for the next source."""
        if self.source is not None:
            self.source.remove(self)
            self.source = None

    def forward(self, packet: Packet, now: float) -> None:
        """Send one of the source's packets on."""
        if self.paused:
            return
        if self._begins < 0 and not self._begin(packet, now):
            return
        age = ahead(packet.sequence, self._begins)
        if age < 0:
            return  # from before the key frame: the receiver never saw what it belongs to
        if age > _FOLLOWS:
            self._begins = (packet.sequence - _FOLLOWS // 2) & 0xFFFF  # serial numbers compare over half their range
        sequence = (packet.sequence + self._offset) & 0xFFFF
        data = self._header(packet, sequence, now) + packet.payload
        self.send(data)
        self.packets += 1
        self.octets += len(packet.payload)
        self.last_timestamp = (packet.timestamp + self.timestamp_offset) & 0xFFFFFFFF
        self._last_at = now
        if ahead(sequence, self._next) >= 0:
            self._next = (sequence + 1) & 0xFFFF
        if self._kept:
            self.answering.sent(len(data))
            self._kept[sequence % KEPT] = (sequence, packet, now)

    def _begin(self, packet: Packet, now: float) -> bool:
        source = self.source
        if source is None:
            return False
        if self.kind == "video" and not packets.begins_vp8_keyframe(packet.payload):
            source.keyframe_wanted = True
            return False
        self._begins = packet.sequence
        if self.packets:  # another source, or the same after a pause: time goes on as it did
            passed = self.last_timestamp + max(1, int((now - self._last_at) * source.clock_rate))
            self.timestamp_offset = (passed - packet.timestamp) & 0xFFFFFFFF
        self._offset = (self._next - packet.sequence) & 0xFFFF
        if self._kept:
            self._kept = [None] * KEPT  # numbered by the offset before
        return True

    def _header(self, packet: Packet, sequence: int, now: float) -> bytes:
        names = self.names
        second = names.payload_type | packet.marker
        timestamp = (packet.timestamp + self.timestamp_offset) & 0xFFFFFFFF
        if names.level_id and packet.level >= 0:
            return packets.write_with_level(second, sequence, timestamp, names.ssrc, names.level_id, packet.level)
        return packets.write(second, sequence, timestamp, names.ssrc, names.send_time_id, send_time(now))

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self.paused = True

    def resume(self) -> None:
        """Go on with the next key frame, which is asked for."""
        if self.paused:
            self.paused = False
            self._begins = -1
            if self.source is not None:
                self.source.keyframe_wanted = self.kind == "video"

    def repair(self, sequence: int, now: float) -> bool:
        """Send a packet again that the receiver missed (RFC 4588); False when it is gone or not worth it."""
        kept = self._kept[sequence % KEPT] if self._kept else None
        if kept is None or kept[0] != sequence or self.paused:
            return False
        _, packet, sent_at = kept
        if not self.answering.may_answer(sequence, len(packet.payload) + 40, sent_at, now):
            return False
        names = self.names
        if not names.retransmission_type:
            self.send(self._header(packet, sequence, now) + packet.payload)
        else:
            self._repair_sequence = (self._repair_sequence + 1) & 0xFFFF
            header = packets.write(
                names.retransmission_type | packet.marker,
                self._repair_sequence,
                (packet.timestamp + self.timestamp_offset) & 0xFFFFFFFF,
                names.retransmission_ssrc,
                names.send_time_id,
                send_time(now),
            )
            self.send(header + packets.original_sequence(sequence) + packet.payload)
        self.repairs += 1
        return True

    def report(self, ntp_timestamp: int, rtp_timestamp: int, now: float) -> None:
        """Pass the publisher's clock on (RFC 3550 section 6.4.1): lips and voice stay together."""
        if not self.packets or self.paused:
            return
        info = rtp.RtcpSenderInfo(
            ntp_timestamp=ntp_timestamp,
            rtp_timestamp=(rtp_timestamp + self.timestamp_offset) & 0xFFFFFFFF,
            packet_count=self.packets & 0xFFFFFFFF,
            octet_count=self.octets & 0xFFFFFFFF,
        )
        named = rtp.RtcpSourceInfo(ssrc=self.names.ssrc, items=[(1, self.cname.encode())])
        if len(self._reports) >= _REPORTS:
            self._reports.pop(next(iter(self._reports)))
        self._reports[(ntp_timestamp >> 16) & 0xFFFFFFFF] = now
        self.say(bytes(rtp.RtcpSrPacket(self.names.ssrc, info)) + bytes(rtp.RtcpSdesPacket([named])))

    def reported_at(self, middle: int) -> float:
        """When the report with this NTP middle went out; 0 for one that is not known any more."""
        return self._reports.get(middle, 0.0)


def send_time(now: float) -> int:
    """A moment as abs-send-time: seconds in 6.18 fixed point, 24 bits."""
    return int(now * 262_144) & 0xFFFFFF
