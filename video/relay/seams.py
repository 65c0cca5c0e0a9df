"""Where aiortc and aioice are held by private names: here and nowhere else (`tests/video/relay/test_seams.py`).

aiortc has no public way to pass encoded packets on. SDP, ICE, DTLS and SRTP stay its own; its receivers and senders are
replaced by ones that start neither decoder nor encoder, and decrypted packets come here instead of to its router.
The pinned versions are aiortc 1.16.0 and aioice 0.13.0.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import aioice.ice
import aiortc.rtcpeerconnection
from aioice import stun
from aiortc import RTCBundlePolicy, RTCPeerConnection
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from pylibsrtp import SRTP_MAX_TRAILER_LEN
from pylibsrtp import Error as SrtpError
from pylibsrtp._binding import ffi, lib  # type: ignore[import-not-found]

CONSENT_TRIES = 2  # further tries of one consent check: 0.5 + 1 + 2 seconds, for links slower than half a second

_protect = lib.srtp_protect

MAX_DATAGRAM = 2048  # bytes: no path carries more


class PassingReceiver(RTCRtpReceiver):
    """A receiver that decodes nothing; `parameters` is what it negotiated, once it is connected."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        super().__init__(kind, transport)
        self.parameters: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def receive(self, parameters: Any) -> None:
        if not self.parameters.done():
            self.parameters.set_result(parameters)

    async def stop(self) -> None:
        return None

    def _handle_disconnect(self) -> None:
        return None


class PassingSender(RTCRtpSender):
    """A sender that encodes nothing; `parameters` is what it negotiated, once it is connected."""

    def __init__(self, track_or_kind: Any, transport: RTCDtlsTransport) -> None:
        super().__init__(track_or_kind, transport)
        self.parameters: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def send(self, parameters: Any) -> None:
        if not self.parameters.done():
            self.parameters.set_result(parameters)

    async def stop(self) -> None:
        return None


async def parameters(side: Any) -> Any:
    """What a receiver or sender negotiated; waits until it is connected."""
    return await side.parameters


async def _query_consent(self: Any) -> None:
    """RFC 7675 with more than one try for each check: aioice's own gives up on every link slower than 0.5 s."""
    failures = 0
    while True:
        await asyncio.sleep(aioice.ice.CONSENT_INTERVAL * (0.8 + 0.4 * random.random()))
        for pair in list(self._nominated.values()):
            try:
                await pair.protocol.request(
                    self.build_request(pair, nominate=False),
                    pair.remote_addr,
                    integrity_key=self.remote_password.encode(),
                    retransmissions=CONSENT_TRIES,
                )
                failures = 0
            except stun.TransactionError:
                failures += 1
            if failures >= aioice.ice.CONSENT_FAILURES:
                self._query_consent_task = None
                await self.close()
                return


def install(addresses: Sequence[str] = ()) -> None:
    """Put the passing receivers and senders in place, in this process. `addresses`: listen on these only."""
    names = vars(aiortc.rtcpeerconnection)
    names["RTCRtpReceiver"], names["RTCRtpSender"] = PassingReceiver, PassingSender
    aioice.ice.Connection.query_consent = _query_consent  # type: ignore[method-assign]
    parameters = aiortc.codecs.CODECS["audio"][0].parameters
    parameters.update({"minptime": 10, "useinbandfec": 1})  # Opus repairs single losses by itself
    if addresses:
        chosen = list(addresses)
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: chosen


def new_connection(configuration: Any) -> RTCPeerConnection:
    """A connection without aiortc's default STUN server (it would wait five seconds for it where there is none).

    Everything shares one path from the first: of several pictures that are bundled later, aiortc leaves the third
    section on a transport that it has closed.
    """
    return RTCPeerConnection(replace(configuration, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


class Handler(Protocol):
    """What takes a connection's decrypted packets; `now` is the event loop's time in seconds."""

    def rtp(self, data: bytes, now: float) -> None: ...
    def rtcp(self, data: bytes, now: float) -> None: ...


class Sealing:
    """An SRTP session's sealing of RTP, called as the library calls it but without its three layers a packet."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._context = session._srtp[0]
        self._bytes = session._cdata
        self._buffer = session._buffer
        self._room = len(session._cdata) - SRTP_MAX_TRAILER_LEN
        self._length = ffi.new("int *")

    def seal(self, data: bytes) -> bytes:
        """The packet, encrypted. Raises SrtpError; a packet that is too long is one too."""
        size = len(data)
        if size > self._room:
            raise SrtpError("the packet is too long")
        length = self._length
        length[0] = size
        buffer = self._buffer
        buffer[0:size] = data
        if _protect(self._context, self._bytes, length):
            raise SrtpError("the packet could not be sealed")
        sealed: bytes = buffer[0 : length[0]]
        return sealed


class Wire:
    """The encrypted path of one connection, below aiortc: packets in both directions without its queue and tasks.

    What the kernel does not take at once is dropped: late media is worth less than none, and repairs ask for it.
    """

    def __init__(self, transport: RTCDtlsTransport, handler: Handler) -> None:
        self._transport = transport
        self._connection = transport.transport._connection
        self._handler = handler
        self._now: Callable[[], float] = asyncio.get_running_loop().time
        self.dropped = 0
        self._pair: Any = None
        self._address: Any = None
        self._put: Callable[[bytes, Any], Any] = _nowhere
        self._sealing: Sealing | None = None
        self._short_cut()
        vars(transport).update(_handle_rtp_data=self._queued_rtp, _handle_rtcp_data=self._queued_rtcp)

    def _short_cut(self) -> None:
        """Take media as it arrives; STUN and DTLS go on to aioice. Protocols that appear later use the queue."""
        for protocol in self._connection._protocols:
            vars(protocol)["datagram_received"] = self._receiving(protocol.datagram_received)
            path: Any = getattr(protocol, "transport", None)
            if hasattr(path, "max_size"):
                path.max_size = MAX_DATAGRAM  # asyncio would take 256 KB of memory for each packet

    def _receiving(self, others: Callable[[Any, Any], None]) -> Callable[[bytes, Any], None]:
        transport, handler, now = self._transport, self._handler, self._now

        def datagram_received(data: bytes, address: Any) -> None:
            session = transport._rx_srtp
            if session is None or len(data) < 12 or not 127 < data[0] < 192:
                others(data, address)
                return
            try:
                if 192 <= data[1] <= 223:
                    handler.rtcp(session.unprotect_rtcp(data), now())
                else:
                    handler.rtp(session.unprotect(data), now())
            except (SrtpError, ValueError):
                self.dropped += 1  # replayed, not from the other side, or longer than any packet

        return datagram_received

    async def _queued_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        self._handler.rtp(data, self._now())

    async def _queued_rtcp(self, data: bytes) -> None:
        self._handler.rtcp(data, self._now())

    def send(self, data: bytes) -> None:
        """Encrypt and send one RTP packet; dropped while there is no path."""
        sealing = self._sealing
        if sealing is None or self._connection._nominated.get(1) is not self._pair:
            sealing = self._choose()
            if sealing is None:
                self.dropped += 1
                return
        try:
            self._put(sealing.seal(data), self._address)
        except (SrtpError, OSError):
            self.dropped += 1

    def send_rtcp(self, data: bytes) -> None:
        """The same for RTCP."""
        if self._choose() is None:
            self.dropped += 1
            return
        try:
            self._put(self._transport._tx_srtp.protect_rtcp(data), self._address)
        except (SrtpError, OSError, ValueError):
            self.dropped += 1

    def _choose(self) -> Sealing | None:
        """Take the path that ICE nominated, the first one or another by now; None while there is none."""
        pair, session = self._connection._nominated.get(1), self._transport._tx_srtp
        if pair is None or session is None:
            return None
        if self._sealing is None:
            self._sealing = Sealing(session)
        if pair is not self._pair:
            path = pair.protocol.transport
            self._pair, self._address = pair, pair.remote_addr
            # A TURN allocation wraps what it sends; a socket of our own is written to directly.
            own = getattr(path, "_sock", None)
            self._put = path.sendto if own is None else own.sendto
        return self._sealing


def _nowhere(data: bytes, address: Any) -> None:
    """Before there is a path."""
