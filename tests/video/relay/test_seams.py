"""The private names of aiortc and aioice that the relay holds on to: an update that moves one fails here first."""

from __future__ import annotations

import inspect
from asyncio.selector_events import _SelectorDatagramTransport  # type: ignore[attr-defined]
from importlib.metadata import version

import aioice.ice
import aioice.stun
import aiortc.codecs
import aiortc.rtcpeerconnection
import pytest
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtcrtpsender import RTCRtpSender
from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from video.relay import packets, seams


def test_the_versions_are_the_ones_that_were_read() -> None:
    assert (version("aiortc"), version("aioice")) == ("1.16.0", "0.13.0")


def test_receivers_and_senders_are_made_by_names_in_their_module() -> None:
    made = inspect.getsource(aiortc.rtcpeerconnection.RTCPeerConnection)
    assert "RTCRtpSender(sender_track or kind, dtlsTransport)" in made
    assert "RTCRtpReceiver(kind, dtlsTransport)" in made
    assert "await transceiver.sender.send(" in made
    assert "await transceiver.receiver.receive(" in made


def test_what_the_passing_classes_replace_is_there() -> None:
    for name in ("receive", "stop", "_handle_disconnect", "_set_rtcp_ssrc"):
        assert callable(getattr(RTCRtpReceiver, name))
    for name in ("send", "stop"):
        assert callable(getattr(RTCRtpSender, name))
    assert "self._ssrc = " in inspect.getsource(RTCRtpSender.__init__)
    assert "self._rtx_ssrc = " in inspect.getsource(RTCRtpSender.__init__)
    assert "self._stream_id = " in inspect.getsource(RTCRtpSender.__init__)


def test_decrypted_packets_pass_through_the_two_handlers() -> None:
    received = inspect.getsource(RTCDtlsTransport._recv_next)
    assert "await self._handle_rtp_data(data, arrival_time_ms=arrival_time_ms)" in received
    assert "await self._handle_rtcp_data(data)" in received
    assert "self._rx_srtp" in received
    assert "self._tx_srtp" in inspect.getsource(RTCDtlsTransport._setup_srtp)


def test_the_path_below_is_found() -> None:
    assert "self._connection = " in inspect.getsource(RTCIceTransport.__init__)
    made = inspect.getsource(aioice.ice.Connection.__init__)
    assert "self._nominated" in made
    assert "self._protocols" in made
    assert callable(aioice.ice.StunProtocol.datagram_received)
    assert callable(aioice.ice.get_host_addresses)


def test_what_seals_and_sends_without_layers_does_what_the_layers_do() -> None:
    policy = Policy(bytes(30), Policy.SSRC_ANY_OUTBOUND)
    theirs, ours = Session(policy), seams.Sealing(Session(policy))
    for sequence in range(3):
        data = packets.write(96, sequence, 7, 0xCAFE, 2, 5) + b"payload"
        assert ours.seal(data) == theirs.protect(data)
    with pytest.raises(SrtpError):
        ours.seal(bytes(1500))
    with pytest.raises(SrtpError):
        ours.seal(b"short")
    made = inspect.getsource(_SelectorDatagramTransport)
    assert "self._sock.recvfrom(self.max_size)" in made
    assert "self._sock.sendto(data, addr)" in made


def test_consent_is_asked_for_as_it_is_replaced() -> None:
    asked = inspect.getsource(aioice.ice.Connection.query_consent)
    for name in ("CONSENT_INTERVAL", "CONSENT_FAILURES", "_nominated", "build_request", "_query_consent_task"):
        assert name in asked
    assert aioice.stun.RETRY_RTO == 0.5


def test_opus_is_the_first_audio_codec() -> None:
    assert aiortc.codecs.CODECS["audio"][0].mimeType == "audio/opus"
