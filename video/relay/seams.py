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
from aiortc.rtp import is_rtcp
from pylibsrtp import Error as SrtpError

CONSENT_TRIES = 2  # further tries of one consent check: 0.5 + 1 + 2 seconds, for links slower than half a second

MAX_BACKLOG = 64 * 1024  # bytes that the kernel did not take yet, a connection


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


def _nothing() -> int:
    return 0


class Handler(Protocol):
    """What takes a connection's decrypted packets; `now` is the event loop's time in seconds."""

    def rtp(self, data: bytes, now: float) -> None: ...
    def rtcp(self, data: bytes, now: float) -> None: ...


class Wire:
    """The encrypted path of one connection, below aiortc: packets in both directions without its queue and tasks."""

    def __init__(self, transport: RTCDtlsTransport, handler: Handler) -> None:
        self._transport = transport
        self._connection = transport.transport._connection
        self._handler = handler
        self._now: Callable[[], float] = asyncio.get_running_loop().time
        self.dropped = 0
        self._path: Any = None
        self._backlog: Callable[[], int] = _nothing
        self._short_cut()
        vars(transport).update(_handle_rtp_data=self._queued_rtp, _handle_rtcp_data=self._queued_rtcp)

    def _short_cut(self) -> None:
        """Take media as it arrives; STUN and DTLS go on to aioice. Protocols that appear later use the queue."""
        for protocol in self._connection._protocols:
            vars(protocol)["datagram_received"] = self._receiving(protocol.datagram_received)

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
            except SrtpError:
                self.dropped += 1  # replayed or not from the other side

        return datagram_received

    async def _queued_rtp(self, data: bytes, arrival_time_ms: int) -> None:
        self._handler.rtp(data, self._now())

    async def _queued_rtcp(self, data: bytes) -> None:
        self._handler.rtcp(data, self._now())

    def send(self, data: bytes) -> None:
        """Encrypt and send one packet; dropped while there is no path."""
        pair = self._connection._nominated.get(1)
        session = self._transport._tx_srtp
        if pair is None or session is None:
            self.dropped += 1
            return
        try:
            sealed = session.protect_rtcp(data) if is_rtcp(data) else session.protect(data)
        except SrtpError:
            self.dropped += 1
            return
        path = pair.protocol.transport
        if path is not self._path:  # the first one, or ICE changed its mind
            self._path, self._backlog = path, getattr(path, "get_write_buffer_size", _nothing)
        if self._backlog() > MAX_BACKLOG:
            self.dropped += 1  # late media is worth less than none: the newest is kept out, repairs ask for it
            return
        path.sendto(sealed, pair.remote_addr)
