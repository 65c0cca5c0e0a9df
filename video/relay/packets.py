"""RTP packets as bytes (RFC 3550 section 5.1, RFC 8285 one-byte header extensions, RFC 4588 retransmissions).

Nothing here keeps state. A packet is taken apart once when it arrives and put together once for each receiver.
"""

from __future__ import annotations

from struct import Struct, unpack_from
from typing import Final, NamedTuple

HEADER_BYTES: Final = 12
SEQUENCES: Final = 1 << 16

_HEADER = Struct("!BBHII")
_WITH_WORD = Struct("!BBHIIHHI")  # header, one-byte extension profile, one word of extensions
_OSN = Struct("!H")
_ONE_BYTE_PROFILE: Final = 0xBEDE


class Packet(NamedTuple):
    """One RTP packet without its wrapping. `level` is the audio level octet (RFC 6464), -1 where there is none."""

    payload_type: int
    marker: int  # 0 or 0x80, as it stands in the header's second byte
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    send_time: int  # abs-send-time, 24 bits of 6.18 fixed point seconds; -1 where there is none
    level: int


def parse(data: bytes, send_time_id: int, level_id: int) -> Packet | None:
    """Take a decrypted packet apart; None for anything malformed and for bare padding."""
    if len(data) < HEADER_BYTES:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    at = HEADER_BYTES + 4 * (first & 0x0F)
    send_time = level = -1
    if first & 0x10:
        if len(data) < at + 4:
            return None
        end = at + 4 + 4 * (data[at + 2] << 8 | data[at + 3])
        if data[at] == 0xBE and data[at + 1] == 0xDE and end <= len(data):
            send_time, level = _extensions(data, at + 4, end, send_time_id, level_id)
        at = end
    end = len(data)
    if first & 0x20 and end:
        end -= data[-1]
    if at >= end:
        return None
    return Packet(second & 0x7F, second & 0x80, sequence, timestamp, ssrc, data[at:end], send_time, level)


def _extensions(data: bytes, at: int, end: int, send_time_id: int, level_id: int) -> tuple[int, int]:
    send_time = level = -1
    while at < end:
        head = data[at]
        at += 1
        if head == 0:  # padding
            continue
        length = (head & 0x0F) + 1
        name = head >> 4
        if name == 15 or at + length > end:
            break
        if name == send_time_id and length == 3:
            send_time = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
        elif name == level_id and length == 1:
            level = data[at]
        at += length
    return send_time, level


def write(
    payload_type_and_marker: int, sequence: int, timestamp: int, ssrc: int, send_time_id: int, send_time: int
) -> bytes:
    """A header for one receiver, stamped with when it leaves; the payload is appended by the caller."""
    if not send_time_id:
        return _HEADER.pack(0x80, payload_type_and_marker, sequence, timestamp, ssrc)
    word = send_time_id << 28 | 2 << 24 | send_time
    return _WITH_WORD.pack(0x90, payload_type_and_marker, sequence, timestamp, ssrc, _ONE_BYTE_PROFILE, 1, word)


def write_with_level(
    payload_type_and_marker: int, sequence: int, timestamp: int, ssrc: int, level_id: int, level: int
) -> bytes:
    """The same for a voice, with its level (RFC 6464), which says who talks without decoding anything."""
    word = level_id << 28 | level << 16
    return _WITH_WORD.pack(0x90, payload_type_and_marker, sequence, timestamp, ssrc, _ONE_BYTE_PROFILE, 1, word)


def unwrap_retransmission(packet: Packet, payload_type: int, ssrc: int) -> Packet | None:
    """The original inside a retransmission packet (RFC 4588 section 4); None for the padding that probes a path."""
    if len(packet.payload) < 3:
        return None
    (sequence,) = _OSN.unpack_from(packet.payload)
    return packet._replace(payload_type=payload_type, ssrc=ssrc, sequence=sequence, payload=packet.payload[2:])


def original_sequence(sequence: int) -> bytes:
    """The two bytes that a retransmission's payload begins with."""
    return _OSN.pack(sequence)


def ahead(later: int, earlier: int) -> int:
    """How far `later` is ahead of `earlier`, in packets, -32768 to 32767 (RFC 1982 serial numbers)."""
    return ((later - earlier + 0x8000) & 0xFFFF) - 0x8000


def begins_vp8_keyframe(payload: bytes) -> bool:
    """Whether a VP8 payload is the first of a key frame (RFC 7741 sections 4.2 and 4.3)."""
    if not payload or payload[0] & 0x1F != 0x10:  # S=1 and partition 0
        return False
    at = 1
    if payload[0] & 0x80:  # X: extended control bits
        if len(payload) < 2:
            return False
        bits = payload[1]
        at = 2
        if bits & 0x80:  # I: picture id of 7 or 15 bits
            if len(payload) <= at:
                return False
            at += 2 if payload[at] & 0x80 else 1
        at += bool(bits & 0x40)  # L: TL0PICIDX
        at += bool(bits & 0x30)  # T or K: one octet for both
    return len(payload) > at and not payload[at] & 0x01


def is_rtcp(data: bytes) -> bool:
    """Whether a packet on a shared port is RTCP (RFC 5761 section 4)."""
    return 192 <= data[1] <= 223 if len(data) > 1 else False


def ssrc_of(data: bytes) -> int:
    """The sender of an RTP packet of at least 12 bytes."""
    return int(unpack_from("!I", data, 8)[0])
