"""What a receiver gets of a stream: whole, in order, in its own numbers, and repaired within limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from video.relay import packets
from video.relay.incoming import Incoming, Kind
from video.relay.outgoing import Names, Outgoing
from video.relay.packets import Packet
from video.relay.repair import ANSWER_ALLOWANCE, MAX_MISSING, MAX_TRIES, Answering, Asking

KEY = b"\x10\x00key frame"
INTER = b"\x10\x01inter frame"


def packet(sequence: int, payload: bytes = INTER, timestamp: int = 0) -> Packet:
    return Packet(96, 0, sequence & 0xFFFF, timestamp or 3000 * sequence, 1, payload, -1, -1)


@dataclass
class Receiver:
    """A receiver of one stream, and what reached it."""

    kind: Kind = "video"
    sent: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = Incoming(self.kind, 96, 90_000)
        self.stream = Outgoing(Names(77, 100, 78, 101), self.sent.append, self.kind)
        self.stream.attach(self.source)

    def take(self, *arriving: Packet, now: float = 1.0) -> None:
        for one in arriving:
            self.source.receive(one, now)

    @property
    def got(self) -> list[Packet]:
        found = [packets.parse(data, 0, 0) for data in self.sent]
        return [one for one in found if one is not None]

    @property
    def numbers(self) -> list[int]:
        return [one.sequence for one in self.got if one.ssrc == 77]


def test_a_picture_begins_with_a_key_frame_and_one_is_asked_for_until_then() -> None:
    receiver = Receiver()
    receiver.take(packet(10), packet(11))
    assert receiver.sent == []
    assert receiver.source.wants_keyframe(1.0)
    receiver.take(packet(12, KEY), packet(13))
    assert [one.payload for one in receiver.got] == [KEY, INTER]
    assert {(one.ssrc, one.payload_type) for one in receiver.got} == {(77, 100)}


def test_key_frames_are_asked_for_at_most_twice_a_second() -> None:
    source = Incoming("video", 96, 90_000, keyframe_wanted=True)
    assert source.wants_keyframe(10.0)
    source.keyframe_wanted = True
    assert not source.wants_keyframe(10.4)
    assert source.wants_keyframe(10.5)


def test_a_voice_begins_at_once() -> None:
    receiver = Receiver("audio")
    receiver.take(packet(500, b"voice"))
    assert receiver.numbers == [0]


def test_numbers_go_on_over_a_pause_and_over_the_publishers_next_connection() -> None:
    receiver = Receiver()
    receiver.take(packet(100, KEY), packet(101))
    receiver.stream.pause()
    receiver.take(packet(102), packet(103))
    receiver.stream.resume()
    receiver.take(packet(104), packet(105, KEY), packet(106))
    second = Incoming("video", 96, 90_000)
    receiver.stream.attach(second)
    second.receive(packet(9000, KEY, timestamp=5), 2.0)
    assert receiver.numbers == [0, 1, 2, 3, 4]
    assert [one.payload for one in receiver.got] == [KEY, INTER, KEY, INTER, KEY]
    times = [one.timestamp for one in receiver.got]
    assert times == sorted(times)
    assert receiver.source.outgoing == ()


def test_reordered_packets_keep_their_places() -> None:
    receiver = Receiver()
    receiver.take(packet(1, KEY), packet(3), packet(2), packet(4))
    assert receiver.numbers == [0, 2, 1, 3]


def test_a_duplicate_goes_no_further() -> None:
    receiver = Receiver()
    receiver.take(packet(1, KEY), packet(2), packet(2), packet(1, KEY))
    assert receiver.numbers == [0, 1]


def test_a_voice_of_hours_never_falls_silent() -> None:
    receiver = Receiver("audio")
    receiver.take(*(packet(number, b"v") for number in range(200_000)))
    assert receiver.stream.packets == 200_000


def test_a_lost_packet_is_sent_again_as_a_retransmission() -> None:
    receiver = Receiver()
    receiver.take(packet(1, KEY), packet(2), packet(3))
    assert receiver.stream.repair(1, 1.1)
    again = receiver.got[-1]
    assert (again.ssrc, again.payload_type, again.payload) == (78, 101, packets.original_sequence(1) + INTER)


def test_requests_that_come_too_soon_too_often_or_too_late_are_not_answered() -> None:
    receiver = Receiver()
    receiver.take(packet(1, KEY), packet(2))
    answered = [receiver.stream.repair(1, 1.0 + step * 0.2) for step in range(10)]
    assert answered.count(True) == MAX_TRIES
    assert not receiver.stream.repair(1, 1.05)
    assert not receiver.stream.repair(0, 9.0)
    assert not receiver.stream.repair(4711, 1.0)


def test_answers_spend_no_more_than_their_share() -> None:
    answering = Answering()
    asked = [answering.may_answer(sequence, 1000, 1.0, 1.0) for sequence in range(100)]
    assert asked.count(True) == ANSWER_ALLOWANCE // 1000
    for _ in range(10):
        answering.sent(1000)
    assert [answering.may_answer(900 + extra, 1000, 1.0, 1.0) for extra in range(3)] == [True, True, False]


def test_what_is_missing_is_asked_for_a_few_times_and_then_given_up() -> None:
    asking = Asking(round_trip=0.1)
    assert asking.lost(0xFFFF, 2, 0.0)
    times = [now / 100 for now in range(200)]
    asked = [(now, *asking.due(now)) for now in times]
    assert [found for _, found, _ in asked if found] == [[0xFFFF, 0]] * MAX_TRIES
    assert any(given_up for _, _, given_up in asked)
    assert not asking.missing


def test_an_outage_is_answered_by_a_key_frame_and_not_by_a_thousand_requests() -> None:
    source = Incoming("video", 96, 90_000)
    source.receive(packet(1, KEY), 1.0)
    source.receive(packet(1 + MAX_MISSING + 2), 1.1)
    assert source.keyframe_wanted
    assert not source.asking.missing


def test_losses_are_counted_as_the_standard_counts_them() -> None:
    source = Incoming("audio", 111, 48_000)
    for sequence in [*range(0xFFF0, 0x10000), *range(16)]:
        if sequence % 4:
            source.receive(packet(sequence), 1.0)
    assert source.extended_highest == (1 << 16) + 15
    assert source.lost == 7  # of 31 between the first and the last that came
    assert source.fraction_lost() == 7 * 256 // 31
    assert source.fraction_lost() == 0
