"""What of a stream is kept, and what never: only what a signed order names, only until it ends, never in clear."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from video import orders
from video.orders import BadOrder
from video.relay import segments
from video.relay.incoming import Incoming
from video.relay.packets import Packet
from video.relay.recording import Recorder
from video.relay.segments import Writer
from video.relay.tape import HOLD, PATIENCE, Tape
from video.sealed import Sealed
from video.tickets import Ticket

SECRET = "a secret of this test's own"
START = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
KEY = bytes(range(32))
FRAME = 960  # 20 ms at 48 kHz
KEYFRAME = b"\x10\x00key frame"
INTER = b"\x10\x01inter frame"


@cache
def opus(count: int = 100) -> list[bytes]:
    """Packets of a tone, 20 ms each."""
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.open()
    made: list[bytes] = []
    for number in range(count + 8):
        samples = np.sin((np.arange(FRAME) + number * FRAME) * 2 * np.pi * 440 / 48_000) * 9000
        frame = av.AudioFrame.from_ndarray(samples.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * FRAME
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return made[:count]


def decoded_seconds(data: bytes) -> float:
    """How much sound PyAV finds in a file."""
    container: Any = av.open(io.BytesIO(data))
    return float(sum(frame.samples for frame in container.decode(audio=0))) / 48_000


@dataclass
class Kept:
    """A tape's sink that remembers."""

    frames: list[tuple[bytes, int]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)

    def frame(self, data: bytes, pts: int, came: float, keyframe: bool) -> bool:
        self.frames.append((data, pts))
        return True

    def note(self, note: dict[str, Any], came: float) -> None:
        self.notes.append(note)


@dataclass
class Deck:
    """A tape, its sink, and how often it asked for a key frame."""

    kind: Any = "audio"
    kept: Kept = field(default_factory=Kept)
    asked: int = 0

    def __post_init__(self) -> None:
        self.tape = Tape(self.kind, self.kept, self._ask)

    def _ask(self) -> None:
        self.asked += 1

    def take(self, *numbers: int, at: float, payload: bytes = b"voice", marker: int = 0x80) -> None:
        for number in numbers:
            packet = Packet(96, marker, number & 0xFFFF, (number * FRAME) & 0xFFFFFFFF, 1, payload, -1, -1)
            self.tape.packet(packet, at)


def test_the_newest_moment_is_held_back_and_thrown_away_when_recording_must_stop() -> None:
    deck = Deck()
    deck.take(1, 2, at=10.0)
    deck.take(3, at=10.2)
    deck.tape.tick(10.0 + HOLD)
    deck.tape.close(10.3, keep=False)
    deck.take(4, at=10.31)
    deck.tape.tick(20.0)
    assert [pts for _, pts in deck.kept.frames] == [0, FRAME]


def test_what_waits_is_kept_when_a_stream_ends_by_itself() -> None:
    deck = Deck()
    deck.take(1, 2, at=10.0)
    deck.tape.close(10.0, keep=True)
    assert len(deck.kept.frames) == 2


def test_packets_are_put_into_order_over_the_wrap_of_their_numbers() -> None:
    deck = Deck()
    deck.take(65_534, 65_536, 65_535, 65_537, at=10.0)
    deck.tape.tick(11.0)
    assert [pts for _, pts in deck.kept.frames] == [0, FRAME, 2 * FRAME, 3 * FRAME]


def test_a_lost_voice_packet_leaves_a_gap_of_its_length() -> None:
    deck = Deck()
    deck.take(1, 3, at=10.0)
    deck.tape.tick(11.0)
    assert [pts for _, pts in deck.kept.frames] == [0, 2 * FRAME]
    assert deck.tape.lost == 1


def test_a_picture_waits_for_what_is_asked_for_again() -> None:
    deck = Deck("video")
    deck.take(1, at=10.0, payload=KEYFRAME)
    deck.take(3, at=10.1, payload=INTER)
    deck.tape.tick(10.1 + PATIENCE / 2)
    assert len(deck.kept.frames) == 1
    deck.take(2, at=10.1 + PATIENCE / 2, payload=INTER)
    deck.tape.tick(12.0)
    assert len(deck.kept.frames) == 3
    assert deck.asked == 0


def test_after_a_real_gap_a_picture_goes_on_with_the_next_key_frame_and_one_is_asked_for() -> None:
    deck = Deck("video")
    deck.take(1, at=10.0, payload=KEYFRAME)
    deck.take(3, at=10.1, payload=INTER)
    deck.tape.tick(10.1 + PATIENCE)
    assert deck.asked
    deck.take(4, at=12.0, payload=INTER)
    deck.take(5, at=12.0, payload=KEYFRAME)
    deck.take(6, at=12.0, payload=INTER)
    deck.tape.tick(13.0)
    assert [pts for _, pts in deck.kept.frames] == [0, 4 * FRAME, 5 * FRAME]


def test_a_picture_of_several_packets_is_put_together() -> None:
    deck = Deck("video")
    for number, payload, marker in ((1, b"\x10\x00ab", 0), (2, b"\x00cd", 0x80)):
        deck.tape.packet(Packet(96, marker, number, 5000, 1, payload, -1, -1), 10.0)
    deck.tape.tick(11.0)
    assert deck.kept.frames == [(b"\x00abcd", 0)]


@dataclass
class FakePublisher:
    """As much of a publisher as is looked at."""

    ticket: Ticket
    streams: dict[str, Incoming]
    ready: bool = True


def publisher(name: str, room: str = "room") -> Any:
    ticket = Ticket(room, name, "session", "publish", "", 0, "")
    streams = {"audio": Incoming("audio", 111, 48_000), "video": Incoming("video", 96, 90_000)}
    return FakePublisher(ticket, streams)


@dataclass
class Studio:
    """A recorder with two people in a room, a clock moved by hand, and everything that it told."""

    folder: Path
    now: float = 100.0
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = Writer(self.folder, lambda name: self.told.append(("failed", {"segment": name})))
        self.recorder = Recorder(SECRET, self.writer, self.clock, lambda news, said: self.told.append((news, said)))
        self.people = {name: publisher(name) for name in ("anna", "bela")}
        self._sent = 0

    def clock(self) -> datetime:
        return START + timedelta(seconds=self.now - 100)

    def order(self, take: str = "one", people: dict[str, list[str]] | None = None, secret: str = SECRET) -> str:
        return orders.make(
            secret,
            self.clock(),
            room="room",
            recording="r" * 32,
            take=take,
            people=people or {"anna": ["voice"]},
            key=KEY,
        )

    def obey(self, text: str) -> None:
        self.recorder.order(text, lambda room: self.people.values(), self.now)

    def talk(self, seconds: float, name: str = "anna") -> None:
        """Somebody's voice, packet by packet, and the recorder's ticks."""
        stream = self.people[name].streams["audio"]
        for payload in islice(cycle(opus()), round(seconds * 50)):
            self._sent += 1
            stream.receive(Packet(111, 0, self._sent & 0xFFFF, self._sent * FRAME, 1, payload, -1, -1), self.now)
            self.now += 0.02
            self.recorder.tick(self.now)

    def files(self) -> list[Path]:
        self.writer.finish()
        return sorted(self.folder.glob("*.sealed"))


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path)
    yield made
    made.writer.finish()


def media(path: Path, key: bytes = KEY) -> bytes:
    with path.open("rb") as file:
        return b"".join(Sealed(file, key).content())


def test_a_voice_is_kept_as_it_came_and_sealed(studio: Studio) -> None:
    studio.obey(studio.order())
    studio.talk(2.0)
    studio.recorder.unpublished(studio.people["anna"], studio.now)
    [path] = studio.files()
    assert decoded_seconds(media(path)) == pytest.approx(2.0, abs=0.05)
    kept = path.read_bytes()
    for clear in (b"\x1a\x45\xdf\xa3", b"OpusHead", b"A_OPUS", *opus()[50:60]):
        assert clear not in kept


def test_nothing_is_recorded_without_an_order(studio: Studio) -> None:
    studio.talk(0.5)
    assert studio.files() == []


def test_a_forged_order_records_nothing(studio: Studio) -> None:
    with pytest.raises(BadOrder):
        studio.obey(studio.order(secret="another"))
    studio.talk(0.5)
    assert studio.files() == []
    assert studio.told == []


def test_an_order_is_not_taken_twice(studio: Studio) -> None:
    text = studio.order()
    studio.obey(text)
    studio.recorder.stop("room", studio.now)
    with pytest.raises(BadOrder) as refused:
        studio.obey(text)
    assert refused.value.code == "used"
    assert not studio.recorder.recording("room")


def test_who_did_not_agree_is_not_recorded_nor_a_picture_where_only_voices_were_agreed(studio: Studio) -> None:
    studio.obey(studio.order())
    assert studio.people["anna"].streams["audio"].tap is not None
    assert studio.people["anna"].streams["video"].tap is None
    assert studio.people["bela"].streams["audio"].tap is None


def test_no_packet_after_the_end_is_in_the_file(studio: Studio) -> None:
    studio.obey(studio.order())
    studio.talk(1.0)
    withdrawn_at = studio.clock()
    studio.talk(0.1)  # while the word is on its way
    studio.recorder.stop("room", studio.now)
    studio.talk(1.0)
    [path] = studio.files()
    assert 0.8 < decoded_seconds(media(path)) <= 1.0
    with path.open("rb") as file:
        assert max(one.moment for one in Sealed(file, KEY).chunks) <= withdrawn_at.timestamp() * 1000


def test_an_order_that_is_not_renewed_ends_by_itself(studio: Studio) -> None:
    studio.obey(studio.order())
    studio.talk(orders.LEASE.total_seconds() + 0.5)
    assert not studio.recorder.recording("room")
    assert [news for news, _ in studio.told if news == "lapsed"]
    studio.obey(studio.order("two"))
    studio.talk(orders.LEASE.total_seconds() - 0.5)
    studio.obey(studio.order("two"))
    studio.talk(1.0)
    assert studio.recorder.recording("room")


def test_a_new_take_is_a_new_segment(studio: Studio) -> None:
    studio.obey(studio.order("one"))
    studio.talk(0.5)
    studio.obey(studio.order("two", {"anna": ["voice"], "bela": ["voice"]}))
    studio.talk(0.5)
    assert len(studio.files()) == 3


def test_when_the_line_is_gone_nothing_more_is_recorded(studio: Studio) -> None:
    studio.obey(studio.order())
    studio.talk(0.5)
    studio.recorder.stop_all(studio.now)
    assert studio.people["anna"].streams["audio"].tap is None


def test_a_full_disk_ends_the_recording_and_not_the_call(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    studio.obey(studio.order())
    studio.talk(0.5)

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("video.sealed.os.write", full)
    studio.talk(1.5)
    studio.writer.finish()
    assert "failed" in [news for news, _ in studio.told]


KILLED = """
import sys
from pathlib import Path
from tests.video.relay.test_recording import Studio
studio = Studio(Path(sys.argv[1]))
studio.obey(studio.order())
studio.talk(5.0)
while studio.writer.waiting:
    pass
print("talked", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_relay_had_written_plays_but_for_about_its_last_second(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"talked\n"
    [path] = tmp_path.glob("*.part")
    os.utime(path, (0, 0))
    segments.left_behind(tmp_path)
    assert path.exists(), "a file that is still being written is nobody else's"
    child.send_signal(signal.SIGKILL)
    child.wait()
    segments.left_behind(tmp_path)
    [left] = tmp_path.glob("*.sealed")
    with left.open("rb") as file:
        found = Sealed(file, KEY)
        assert not found.ended
        assert 5.0 - 1.2 <= decoded_seconds(b"".join(found.content())) <= 5.0
