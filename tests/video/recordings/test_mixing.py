"""Several voices become one sound: each at its own time, whatever their clocks say, and nothing after a withdrawal."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.video.recordings.sound import loudness, samples, segment
from video.recordings.mixing import Clock, mix
from video.sealed import Broken, Sealed

KEY = bytes(range(32))
BEGAN = 1_795_683_600_000


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    return {
        "key": base64.b64encode(KEY).decode(),
        "target": str(tmp_path / "mix.sealed"),
        "label": {"segment": "mix"},
        "segments": [],
    }


def add(given: dict[str, Any], name: str, take: str = "one", until: int | None = None, **voice: Any) -> Path:
    began = BEGAN + int(voice.pop("after", 0) * 1000)
    folder = Path(given["target"]).parent
    path = segment(folder, KEY, {"segment": name, "began": began, "recording": "r"}, **voice)
    given["segments"].append({"id": name, "take": take, "path": str(path), "until": until})
    return path


def heard(given: dict[str, Any]) -> Any:
    with Path(given["target"]).open("rb") as file:
        found = Sealed(file, KEY)
        assert found.ended
        return samples(b"".join(found.content()))


def test_each_voice_is_heard_when_it_spoke_though_their_clocks_disagree_by_hours(given: dict[str, Any]) -> None:
    add(given, "a" * 32, seconds=3, hertz=440, skew=-7200)
    add(given, "b" * 32, seconds=1.5, hertz=1200, after=1.0, skew=+3600, delay=0.3)
    made = mix(given)
    sound = heard(given)
    assert made["seconds"] == pytest.approx(3, abs=0.1)
    assert made["bytes"] > 1000
    assert loudness(sound, 440, 0.1, 0.9) > 0.9
    assert loudness(sound, 1200, 0.1, 0.9) < 0.05
    assert loudness(sound, 440, 1.2, 2.3) > 0.2
    assert loudness(sound, 1200, 1.2, 2.3) > 0.2
    assert loudness(sound, 1200, 2.7, 2.95) < 0.05
    assert made["index"] == [{"at": 0, "began": pytest.approx(BEGAN, abs=50), "seconds": pytest.approx(3, abs=0.1)}]


def test_a_pause_is_left_out_and_the_index_says_when_everything_was(given: dict[str, Any]) -> None:
    add(given, "a" * 32, seconds=1, hertz=440)
    add(given, "b" * 32, "two", seconds=1, hertz=1200, after=600)
    made = mix(given)
    first, second = made["index"]
    assert made["seconds"] == pytest.approx(2, abs=0.1)
    assert (first["at"], second["at"]) == (0, pytest.approx(1, abs=0.05))
    assert second["began"] - first["began"] == pytest.approx(600_000, abs=50)


def test_nothing_after_the_end_of_a_take_is_heard(given: dict[str, Any]) -> None:
    add(given, "a" * 32, seconds=4, hertz=440, until=BEGAN + 1970)
    made = mix(given)
    assert 1.0 < made["seconds"] <= 2.0


def test_a_segment_that_was_changed_is_left_out_and_named(given: dict[str, Any]) -> None:
    add(given, "a" * 32, seconds=1, hertz=440)
    path = add(given, "b" * 32, seconds=1, hertz=1200)
    data = bytearray(path.read_bytes())
    data[-200] ^= 1
    path.write_bytes(data)
    made = mix(given)
    assert made["broken"] == ["b" * 32]
    assert loudness(heard(given), 440, 0.1, 0.9) > 0.9


def test_a_segment_that_was_cut_is_heard_up_to_where_it_was_cut(given: dict[str, Any]) -> None:
    path = add(given, "a" * 32, seconds=4, hertz=440)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    made = mix(given)
    assert 1.0 < made["seconds"] < 3.0
    assert made["broken"] == []


def test_where_there_is_nothing_nothing_is_made(given: dict[str, Any]) -> None:
    assert mix(given) == {"seconds": None, "bytes": None, "index": [], "broken": []}
    assert not Path(given["target"]).exists()


def test_without_the_key_the_mix_cannot_be_read_and_nothing_of_it_is_in_clear(given: dict[str, Any]) -> None:
    add(given, "a" * 32, seconds=1, hertz=440)
    mix(given)
    data = Path(given["target"]).read_bytes()
    assert b"OpusHead" not in data
    assert b"\x1a\x45\xdf\xa3" not in data
    with Path(given["target"]).open("rb") as file, pytest.raises(Broken):
        list(Sealed(file, bytes(32)).content())
    assert sorted(path.suffix for path in Path(given["target"]).parent.iterdir()) == [".sealed", ".sealed"]


def test_a_clock_that_runs_wrong_is_corrected_by_its_reports() -> None:
    notes = [
        {"rtp": second * 48_100, "ntp": 1000.0 + second, "at": (5000.05 + second) * 1000} for second in range(0, 600, 5)
    ]
    clock = Clock(notes, 48_000, 0.0)
    assert clock.at(500 * 48_100) == pytest.approx(5500.05, abs=0.02)


def test_the_limited_child_does_it(given: dict[str, Any]) -> None:
    add(given, "a" * 32, seconds=1, hertz=440)
    command = [sys.executable, "-m", "video.recordings.mixing"]
    done = subprocess.run(command, input=json.dumps(given).encode(), capture_output=True, check=True)
    assert json.loads(done.stdout)["seconds"] == pytest.approx(1, abs=0.1)
