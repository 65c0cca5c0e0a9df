"""The connection on which one participant receives another's media."""

from __future__ import annotations

from typing import Any, Final

from aiortc import rtp

from video.relay import seams
from video.relay.connection import Connection
from video.relay.engine import Totals
from video.relay.incoming import Incoming, Kind, Track
from video.relay.outgoing import Names, Outgoing
from video.relay.publisher import FASTEST, Publisher, parsed

VOICE: Final = 40_000  # bit/s kept for the voice with its wrapping
STARVED: Final = 60_000  # below it a picture costs the voice more than it is worth
WELL_FED: Final = 100_000
STARVED_SECONDS: Final = 2.0
TRY_AGAIN_SECONDS: Final = (8.0, 16.0, 32.0, 64.0)
MUCH_LOST: Final = 0.15
UNMEASURED: Final = 240_000  # bit/s: what is tried on a path that has not been filled
RATE_SECONDS: Final = 0.5
WRAPPING: Final = 40  # bytes around a packet's payload


class Subscriber(Connection):
    """One participant's streams of one other, from the relay to the browser."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.prepare_figures()

    def prepare_figures(self) -> None:
        """What is known of the receiver before anything was sent."""
        self.streams: dict[Track, Outgoing] = {}
        self.publisher: Publisher | None = None
        self.estimate = FASTEST  # what this path can take by the browser's own measure, bit/s
        self.rate = 0.0  # what it is sent now, bit/s
        self.round_trip = 0.1
        self.loss = 0.0
        self.starved = False
        self.held = False
        self._starving_since: float | None = None
        self._resume_at = 0.0
        self._pauses = 0
        self.small = False  # gets the publisher's small picture, where there is one
        self.small_until = 0.0
        self.spared = 0
        self._now = 0.0
        self._rated: tuple[float, int] = (0.0, 0)
        self._by_ssrc: dict[int, Outgoing] = {}

    def _prepare(self) -> None:
        for transceiver in self.peer.getTransceivers():
            transceiver.direction = "sendonly"
            transceiver.sender._stream_id = self.ticket.publisher  # keeps lips and voice together (RFC 8830)
            self._prefer(transceiver)

    async def _negotiated(self) -> None:
        for track, transceiver in self._carried():
            self._name(track, transceiver.sender, await seams.parameters(transceiver.sender))

    def _name(self, track: Track, sender: Any, parameters: Any) -> None:
        codecs = [codec for codec in parameters.codecs if codec.name.lower() != "rtx"]
        if not codecs:
            return
        again = [
            codec.payloadType
            for codec in parameters.codecs
            if codec.name.lower() == "rtx" and codec.parameters.get("apt") == codecs[0].payloadType
        ]
        extensions = {one.uri.rpartition(":")[2].rpartition("/")[2]: one.id for one in parameters.headerExtensions}
        names = Names(
            ssrc=sender._ssrc,
            payload_type=codecs[0].payloadType,
            retransmission_ssrc=sender._rtx_ssrc,
            retransmission_type=again[0] if again else 0,
            send_time_id=extensions.get("abs-send-time", 0),
            level_id=extensions.get("ssrc-audio-level", 0),
        )
        kind: Kind = "audio" if track == "voice" else "video"
        stream = Outgoing(names, _nowhere, kind, cname=self.ticket.publisher)
        self.streams[track] = stream
        self._by_ssrc[names.ssrc] = stream
        if self.held and kind == "video":
            stream.pause()

    def _connected(self) -> None:
        assert self.wire is not None
        for stream in self.streams.values():
            stream.send, stream.say = self.wire.send, self.wire.send_rtcp
        if self.publisher is not None:
            self.follow(self.publisher)

    def follow(self, publisher: Publisher | None) -> None:
        """Forward what `publisher` sends from now on; None: it is gone, and may come back on another connection."""
        self.publisher = publisher
        for track, stream in self.streams.items():
            source = self._source(publisher, track) if publisher is not None else None
            if source is None:
                stream.detach()
            elif stream.source is not source:
                stream.attach(source)

    def _source(self, publisher: Publisher, track: Track) -> Incoming | None:
        low = publisher.streams.get("low")
        if track == "picture" and self.small and low is not None and low.is_alive(self._now):
            return low
        return publisher.streams.get(track)

    def rtcp(self, data: bytes, now: float) -> None:
        """The browser's reports and requests."""
        for packet in parsed(data):
            if isinstance(packet, rtp.RtcpRrPacket | rtp.RtcpSrPacket):
                for report in packet.reports:
                    self._reported(report, now)
            elif isinstance(packet, rtp.RtcpRtpfbPacket) and packet.fmt == rtp.RTCP_RTPFB_NACK:
                self._repair(packet, now)
            elif isinstance(packet, rtp.RtcpPsfbPacket):
                self._picture_feedback(packet)

    def _reported(self, report: rtp.RtcpReceiverInfo, now: float) -> None:
        stream = self._by_ssrc.get(report.ssrc)
        if stream is None:
            return
        self.loss = report.fraction_lost / 256
        sent_at = stream.reported_at(report.lsr)
        if sent_at and report.dlsr:
            measured = max(0.0, now - sent_at - report.dlsr / 65_536)
            self.round_trip += (measured - self.round_trip) / 4
            stream.answering.round_trip = self.round_trip

    def _repair(self, packet: rtp.RtcpRtpfbPacket, now: float) -> None:
        stream = self._by_ssrc.get(packet.media_ssrc)
        if stream is not None:
            for sequence in packet.lost:
                stream.repair(sequence, now)

    def _picture_feedback(self, packet: rtp.RtcpPsfbPacket) -> None:
        if packet.fmt in (rtp.RTCP_PSFB_PLI, rtp.RTCP_PSFB_FIR):
            stream = self._by_ssrc.get(packet.media_ssrc) or self.streams.get("picture")  # FIR names it elsewhere
            if stream is not None and stream.source is not None:
                stream.source.keyframe_wanted = True
        elif packet.fmt == rtp.RTCP_PSFB_APP:
            try:
                self.estimate = rtp.unpack_remb_fci(packet.fci)[0]
            except ValueError:
                return

    def totals(self) -> Totals:
        """What was sent on it."""
        streams = self.streams.values()
        return (
            super()
            .totals()
            .plus(
                Totals(
                    forwarded_packets=sum(one.packets for one in streams),
                    forwarded_bytes=sum(one.octets for one in streams),
                    retransmitted_packets=sum(one.repairs for one in streams),
                )
            )
        )

    def hold(self, held: bool) -> None:
        """The other side wants no picture, or wants it again."""
        self.held = held
        for picture in self._pictures:
            if held:
                picture.pause()
            elif not self.starved:
                picture.resume()

    @property
    def _pictures(self) -> list[Outgoing]:
        return [stream for stream in self.streams.values() if stream.kind == "video"]

    def tick(self, now: float) -> None:
        """Stop the picture where it would starve the voice, and try again, ever less often."""
        self._now = now
        self._measure(now)
        if self.publisher is not None and "low" in self.publisher.streams:
            self.follow(self.publisher)
        if self.held or not self._pictures:
            return
        if self.starved:
            if now >= self._resume_at:
                self.estimate = FASTEST  # nothing was sent that it could have measured
                self._starving_since = None
                self.starved = False
                for picture in self._pictures:
                    picture.resume()
            return
        if not self._is_starving():
            self._starving_since = None
        elif self._starving_since is None:
            self._starving_since = now
        elif now - self._starving_since >= STARVED_SECONDS:
            self._starve(now)

    def _measure(self, now: float) -> None:
        before, bits_before = self._rated
        if now - before >= RATE_SECONDS:
            bits = sum(8 * (one.octets + WRAPPING * one.packets) for one in self.streams.values())
            self._rated = (now, bits)
            self.rate = (bits - bits_before) / (now - before)

    @property
    def measured(self) -> bool:
        """Whether the estimate says what the path can take: a browser's follows what it is sent, half as much again."""
        return self.rate > 0.8 * self.estimate

    @property
    def capacity(self) -> int:
        """What this receiver can take, as far as is known; bit/s."""
        return self.estimate if self.measured else max(self.estimate, UNMEASURED)

    def _is_starving(self) -> bool:
        if not self.measured:
            return False
        much_lost = self.loss > MUCH_LOST and self.estimate < WELL_FED + VOICE
        return self.estimate < STARVED + VOICE or much_lost

    def _starve(self, now: float) -> None:
        for picture in self._pictures:
            picture.pause()
        self.starved = True
        self._resume_at = now + TRY_AGAIN_SECONDS[min(self._pauses, len(TRY_AGAIN_SECONDS) - 1)]
        self._pauses += 1

    def release(self) -> None:
        """Stop forwarding; the connection is going."""
        self.follow(None)


def _nowhere(data: bytes) -> None:
    """Before there is a path."""
