"""A sealed file opens with its own key only, whole and in order, and says when its end is missing."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from video import sealed
from video.sealed import Broken, Sealed, Sealer

KEY = bytes(range(32))
PARTS = [b"first part " * 50, b"second part " * 10, b"third"]
WHOLE = b"".join(PARTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "one.sealed"
    sealer = Sealer(path, KEY, {"segment": "one"})
    for number, part in enumerate(PARTS):
        sealer.add("media", part, 1000 + number)
        sealer.add("note", b'{"number": %d}' % number, 1000 + number)
    sealer.close(2000)
    return path


def opened(data: bytes, key: bytes = KEY) -> Sealed:
    return Sealed(io.BytesIO(data), key)


def test_what_was_sealed_comes_back_in_order_with_its_notes_and_its_end(path: Path) -> None:
    found = opened(path.read_bytes())
    assert b"".join(found.content()) == WHOLE
    assert found.notes() == [{"number": number} for number in range(3)]
    assert found.ended
    assert found.label == {"segment": "one"}


def test_nothing_of_the_content_stands_on_the_disk_in_clear(path: Path) -> None:
    assert b"part" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("start", [0, 1, 549, 550, 551, 669, 670, 674])
def test_any_stretch_is_read_by_opening_the_chunks_that_hold_it(path: Path, start: int) -> None:
    found = opened(path.read_bytes())
    for length in (1, 7, 130, 1000):
        assert b"".join(found.read(start, length)) == WHOLE[start : start + length]


def test_another_key_opens_nothing(path: Path) -> None:
    with pytest.raises(Broken) as refused:
        list(opened(path.read_bytes(), bytes(32)).content())
    assert refused.value.code == "changed"


def test_every_changed_byte_is_noticed(path: Path) -> None:
    data = path.read_bytes()
    for at in range(0, len(data), 7):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            found = opened(changed)
            found.verify()
        except Broken:
            continue
        assert not found.ended, f"byte {at} was changed and everything still opened"


def test_a_chunk_in_anothers_place_does_not_open(path: Path) -> None:
    data, chunks = path.read_bytes(), opened(path.read_bytes()).chunks
    without_second = data[: chunks[1].offset] + data[chunks[2].offset :]
    with pytest.raises(Broken):
        opened(without_second).verify()


def test_a_file_that_was_cut_opens_up_to_its_last_whole_chunk_and_says_that_it_was_cut(path: Path) -> None:
    data = path.read_bytes()
    last = opened(data).chunks[-1]
    for cut in (last.offset, last.offset + 5, len(data) - 1):
        found = opened(data[:cut])
        found.verify()
        assert not found.ended
        assert b"".join(found.content()) == WHOLE


def test_an_end_cannot_be_made_of_another_chunk(path: Path) -> None:
    data = path.read_bytes()
    third = opened(data).chunks[3]
    forged = data[: third.offset + 4] + b"\x02" + data[third.offset + 5 :]
    with pytest.raises(Broken):
        opened(forged).verify()


def test_what_came_after_a_moment_is_left_out(path: Path) -> None:
    found = opened(path.read_bytes())
    assert b"".join(found.content(until=1001)) == PARTS[0] + PARTS[1]
    assert b"".join(found.content(until=999)) == b""


@pytest.mark.parametrize(
    "junk", [b"", b"NDNSEAL1", b"NDNSEAL1\xff\xff{}", b"NDNSEAL1\x00\x02[]" + bytes(16), b"x" * 99]
)
def test_what_is_no_sealed_file_is_said_to_be_none(junk: bytes) -> None:
    with pytest.raises(Broken) as refused:
        opened(junk)
    assert refused.value.code == "not_sealed"


@pytest.mark.parametrize("changed", [{"secret": "other"}, {"purpose": "other"}, {"owner": "other"}])
def test_a_wrapped_key_comes_back_under_its_secret_purpose_and_owner_only(changed: dict[str, Any]) -> None:
    given = {"secret": "secret", "purpose": "purpose", "owner": "owner"}
    wrapped = sealed.wrap(**given, key=KEY)
    assert KEY not in wrapped
    assert sealed.unwrap(**given, wrapped=wrapped) == KEY
    with pytest.raises(Broken):
        sealed.unwrap(**{**given, **changed}, wrapped=wrapped)
