"""The connection on which one participant's media comes in."""

from __future__ import annotations

from typing import Any, Final

from aiortc import rtp
from aiortc.rate import RemoteBitrateEstimator

from video.relay import packets, seams
from video.relay.connection import Connection
from video.relay.engine import Totals
from video.relay.incoming import Incoming, Track

REPORT_EVERY: Final = 1.0
MOST_BYTES: Final = 750_000.0  # a second, of everything one participant sends: 6 Mbit/s
FASTEST: Final = 2_000_000  # bit/s: what a publisher is told where nothing limits it


class Publisher(Connection):
    """One participant's streams, from the browser to the relay; `streams` is filled once it is ready."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.streams: dict[Track, Incoming] = {}
        self.small_wanted = False  # somebody's line takes the small picture only
        self.limit = FASTEST  # what the receivers can take, bit/s
        self.estimate = FASTEST  # what this path can take, bit/s
        self._by_ssrc: dict[int, Incoming] = {}
        self._by_type: dict[int, Incoming] = {}
        self._repairs: dict[int, Incoming] = {}  # by the SSRC of retransmissions
        self._send_time_id = self._level_id = 0
        self._estimator = RemoteBitrateEstimator()
        self._own_ssrc = 0
        self._reported_at = 0.0
        self._allowance = MOST_BYTES
        self._allowed_at = 0.0
        self.refused = 0  # packets beyond what anybody may send
        self._told: tuple[int, float] = (0, 0.0)

    def _prepare(self) -> None:
        for transceiver in self.peer.getTransceivers():
            transceiver.direction = "recvonly"
            self._prefer(transceiver)

    async def _negotiated(self) -> None:
        for track, transceiver in self._carried():
            self._own_ssrc = self._own_ssrc or transceiver.sender._ssrc
            self._name(track, await seams.parameters(transceiver.receiver))

    def _name(self, track: Track, parameters: Any) -> None:
        codecs = [codec for codec in parameters.codecs if codec.name.lower() != "rtx"]
        if not codecs:
            return
        codec = codecs[0]
        stream = Incoming("audio" if track == "voice" else "video", codec.payloadType, codec.clockRate)
        self.streams[track] = stream
        self._by_type.setdefault(codec.payloadType, stream)
        for other in parameters.codecs:
            if other.name.lower() == "rtx" and other.parameters.get("apt") == codec.payloadType:
                stream.retransmission_type = other.payloadType
        for encoding in parameters.encodings:
            stream.ssrc = encoding.ssrc
            self._by_ssrc[encoding.ssrc] = stream
            if encoding.rtx is not None:
                stream.retransmission_ssrc = encoding.rtx.ssrc
                self._repairs[encoding.rtx.ssrc] = stream
        for extension in parameters.headerExtensions:
            if extension.uri.endswith("abs-send-time"):
                self._send_time_id = extension.id
            elif extension.uri.endswith("ssrc-audio-level"):
                self._level_id = extension.id

    def rtp(self, data: bytes, now: float) -> None:
        """One decrypted packet of the browser's."""
        packet = packets.parse(data, self._send_time_id, self._level_id)
        if packet is None:
            return
        self._allowance -= len(data)
        if self._allowance < 0:
            self.refused += 1
            return
        stream = self._by_ssrc.get(packet.ssrc)
        if stream is None or packet.payload_type != stream.payload_type:
            stream, packet = self._other(packet)
            if stream is None or packet is None:
                return
        if packet.send_time >= 0 and stream.kind == "video":
            self._measure(packet, len(data), now)
        stream.receive(packet, now)
        if stream.keyframe_wanted and stream.wants_keyframe(now):
            self._ask_for_keyframe(stream)

    def _other(self, packet: packets.Packet) -> tuple[Incoming | None, packets.Packet | None]:
        """A retransmission, or a stream that the description did not name by its SSRC."""
        stream = self._repairs.get(packet.ssrc)
        if stream is not None and packet.payload_type == stream.retransmission_type:
            return stream, packets.unwrap_retransmission(packet, stream.payload_type, stream.ssrc)
        stream = self._by_type.get(packet.payload_type)
        if stream is None or stream.ssrc:
            return None, None
        stream.ssrc = packet.ssrc
        self._by_ssrc[packet.ssrc] = stream
        return stream, packet

    def _measure(self, packet: packets.Packet, size: int, now: float) -> None:
        found = self._estimator.add(
            arrival_time_ms=int(now * 1000), abs_send_time=packet.send_time, payload_size=size, ssrc=packet.ssrc
        )
        if found is not None:
            self.estimate = found[0]

    def rtcp(self, data: bytes, now: float) -> None:
        """The browser's reports: when a stream's clock stood where."""
        for packet in parsed(data):
            if isinstance(packet, rtp.RtcpSrPacket):
                stream = self._by_ssrc.get(packet.ssrc)
                if stream is None:
                    continue
                stream.report = ((packet.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF, now)
                for one in (*stream.outgoing, *((stream.tap,) if stream.tap else ())):
                    one.report(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp, now)

    def totals(self) -> Totals:
        """What came on it."""
        received = sum(stream.packets for stream in self.streams.values())
        return super().totals().plus(Totals(received_packets=received, dropped_packets=self.refused))

    def tick(self, now: float) -> None:
        """Ask for what was lost, and report; called some twenty times a second."""
        passed = min(1.0, now - self._allowed_at)
        self._allowed_at = now
        self._allowance = min(MOST_BYTES, self._allowance + passed * MOST_BYTES)
        for stream in self.streams.values():
            if stream.asking.missing:
                asked, given_up = stream.asking.due(now)
                stream.keyframe_wanted = stream.keyframe_wanted or given_up
                if asked:
                    self._send(
                        rtp.RtcpRtpfbPacket(rtp.RTCP_RTPFB_NACK, self._own_ssrc, stream.ssrc, lost=sorted(asked))
                    )
            if stream.ssrc and (stream.outgoing or stream.tap) and stream.wants_keyframe(now):
                self._ask_for_keyframe(stream)
        if now - self._reported_at >= REPORT_EVERY:
            self._reported_at = now
            self._report(now)

    def _ask_for_keyframe(self, stream: Incoming) -> None:
        self._send(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_PLI, self._own_ssrc, stream.ssrc))

    def _report(self, now: float) -> None:
        reports = [_reception(stream, now) for stream in self.streams.values() if stream.packets]
        if reports:
            self._send(rtp.RtcpRrPacket(self._own_ssrc, reports))
        pictures = [stream.ssrc for stream in self.streams.values() if stream.kind == "video" and stream.ssrc]
        if pictures:
            most = min(self.estimate, self.limit)
            self._send(rtp.RtcpPsfbPacket(rtp.RTCP_PSFB_APP, self._own_ssrc, 0, fci=rtp.pack_remb_fci(most, pictures)))

    def _send(self, packet: Any) -> None:
        if self.wire is not None:
            self.wire.send_rtcp(bytes(packet))


def parsed(data: bytes) -> list[Any]:
    """The parts of a compound RTCP packet; none of what cannot be read."""
    try:
        return list(rtp.RtcpPacket.parse(data))
    except ValueError:
        return []


def _reception(stream: Incoming, now: float) -> rtp.RtcpReceiverInfo:
    middle, came = stream.report
    return rtp.RtcpReceiverInfo(
        ssrc=stream.ssrc,
        fraction_lost=stream.fraction_lost(),
        packets_lost=rtp.clamp_packets_lost(stream.lost),
        highest_sequence=stream.extended_highest,
        jitter=int(stream.jitter),
        lsr=middle,
        dlsr=int(min(now - came, 65_000) * 65_536) if middle else 0,
    )
