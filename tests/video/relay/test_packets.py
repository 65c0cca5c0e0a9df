"""Packets are taken apart and put together as the RFCs say; what is malformed is nothing."""

from __future__ import annotations

import pytest
from aiortc import rtp
from hypothesis import given
from hypothesis import strategies as st

from video.relay import packets
from video.relay.packets import Packet

SEND_TIME, LEVEL = 2, 1


def written(payload: bytes = b"payload", level: int = -1) -> bytes:
    if level < 0:
        return packets.write(96 | 0x80, 7, 1000, 0xCAFE, SEND_TIME, 0x123456) + payload
    return packets.write_with_level(111, 7, 1000, 0xCAFE, LEVEL, level) + payload


def test_what_is_written_is_read_again() -> None:
    assert packets.parse(written(), SEND_TIME, LEVEL) == Packet(96, 0x80, 7, 1000, 0xCAFE, b"payload", 0x123456, -1)
    assert packets.parse(written(level=42), SEND_TIME, LEVEL) == Packet(111, 0, 7, 1000, 0xCAFE, b"payload", -1, 42)


def test_another_implementation_reads_the_same() -> None:
    names = rtp.HeaderExtensionsMap()
    vars(names)["_HeaderExtensionsMap__ids"].abs_send_time = SEND_TIME
    vars(names)["_HeaderExtensionsMap__ids"].audio_level = LEVEL
    voice = rtp.RtpPacket.parse(written(level=42), names)
    assert voice.extensions.audio_level == (False, 42)
    found = rtp.RtpPacket.parse(written(), names)
    assert (found.payload_type, found.sequence_number, found.timestamp, found.ssrc) == (96, 7, 1000, 0xCAFE)
    assert (found.payload, found.extensions.abs_send_time) == (b"payload", 0x123456)


def test_without_an_extension_for_it_the_header_is_bare() -> None:
    data = packets.write(96, 1, 2, 3, 0, 0) + b"x"
    assert len(data) == packets.HEADER_BYTES + 1
    found = packets.parse(data, SEND_TIME, LEVEL)
    assert found is not None
    assert found.send_time == -1


@given(st.binary(max_size=80))
def test_anything_is_a_packet_or_nothing(data: bytes) -> None:
    found = packets.parse(data, SEND_TIME, LEVEL)
    assert found is None or found.payload


@pytest.mark.parametrize("length", range(packets.HEADER_BYTES + 8))
def test_a_packet_that_was_cut_off_is_nothing(length: int) -> None:
    assert packets.parse(written()[:length], SEND_TIME, LEVEL) is None


def test_padding_is_no_payload() -> None:
    data = bytearray(written(b"abc\0\0\3"))
    data[0] |= 0x20
    found = packets.parse(bytes(data), SEND_TIME, LEVEL)
    assert found is not None
    assert found.payload == b"abc"
    data[-1] = 6
    assert packets.parse(bytes(data), SEND_TIME, LEVEL) is None


def test_a_retransmission_holds_the_original() -> None:
    data = packets.write(97, 900, 1000, 0xBEEF, SEND_TIME, 0) + packets.original_sequence(41) + b"payload"
    again = packets.parse(data, SEND_TIME, LEVEL)
    assert again is not None
    original = packets.unwrap_retransmission(again, 96, 0xCAFE)
    assert original is not None
    assert (original.sequence, original.payload_type, original.ssrc) == (41, 96, 0xCAFE)
    assert original.payload == b"payload"
    assert packets.unwrap_retransmission(again._replace(payload=b"\0"), 96, 0xCAFE) is None


def test_numbers_are_compared_around_their_end() -> None:
    assert packets.ahead(1, 0xFFFF) == 2
    assert packets.ahead(0xFFFF, 1) == -2
    assert packets.ahead(5, 5) == 0


@pytest.mark.parametrize(
    ("payload", "begins"),
    [
        (b"\x10\x00", True),
        (b"\x10\x01", False),  # an inter frame
        (b"\x00\x00", False),  # not the first of its frame
        (b"\x11\x00", False),  # another partition
        (b"\x90\x80\x05\x00", True),  # with a picture id of 7 bits
        (b"\x90\x80\x85\x05\x00", True),  # of 15 bits
        (b"\x90\xe0\x85\x05\x01\x20\x00", True),  # and layers
        (b"\x90\xe0\x85\x05\x01\x20\x01", False),
        (b"\x90", False),
        (b"", False),
    ],
)
def test_a_key_frame_is_known_by_its_first_packet(payload: bytes, begins: bool) -> None:
    assert packets.begins_vp8_keyframe(payload) is begins
