"""Tiles lose nothing, whatever the shape, the depth and the sign."""

from __future__ import annotations

import io
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.tiles import TileIndex, decode_tile, encode_tile, read_tiles, write_tiles

Pixels = npt.NDArray[Any]


def through_tiles(image: Pixels, tile: int = 512) -> tuple[TileIndex, Pixels]:
    target = io.BytesIO()
    index, values_at = write_tiles(image, target, tile)
    return index, read_tiles(target.getvalue(), index, image.shape[0], image.shape[1], values_at)


@st.composite
def images(draw: st.DrawFn) -> Pixels:
    rows, columns = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    channels = draw(st.sampled_from([1, 3]))
    dtype = np.dtype(draw(st.sampled_from(["u1", "u2", "i2", "i1"])))
    limits: np.iinfo[Any] = np.iinfo(dtype)
    low = draw(st.integers(int(limits.min), int(limits.max)))
    high = draw(st.integers(low, int(limits.max)))
    step = draw(st.sampled_from([1, 1, 3, 64]))
    source = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (rows, columns) if channels == 1 else (rows, columns, 3)
    values = source.integers(low, high, shape, endpoint=True)
    return np.clip(low + (values - low) // step * step, low, high).astype(dtype)


@given(images(), st.sampled_from([16, 33, 512]))
@settings(max_examples=150, deadline=None)
def test_what_was_packed_comes_back(image: Pixels, tile: int) -> None:
    _index, back = through_tiles(image, tile)
    assert np.array_equal(back, image)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_tile_is_the_median_predictor_then_low_bytes_then_high_bytes(bits: int) -> None:
    top = (1 << bits) - 1
    tile = np.array([[5, 7, top], [6, 0, 9]], np.uint16)
    # first: 0; row: left; column: up; (0 | left 6, up 7, corner 5 -> clip(6 + 7 - 5, 6, 7) = 7);
    # (9 | left 0, up top, corner 7 -> clip(0 + top - 7, 0, top) = top - 7)
    expected = np.array([5, 2, top - 7, 1, 0 - 7, 9 - (top - 7)], np.int64) % (1 << bits)
    raw = zlib.decompress(encode_tile(tile, bits))
    planes = [expected & 0xFF] if bits == 8 else [expected & 0xFF, expected >> 8]
    assert raw == b"".join(plane.astype(np.uint8).tobytes() for plane in planes)
    assert np.array_equal(decode_tile(zlib.compress(raw), 2, 3, bits, 1), tile)


def test_few_values_are_indexed_and_the_list_of_them_is_sorted() -> None:
    image = np.array([[-1000, 400], [3000, -1000]], np.int16)
    target = io.BytesIO()
    index, (offset, length) = write_tiles(image, target)
    assert (index.bits, index.values, index.offset) == (8, {"count": 3}, 0)
    listed = np.frombuffer(zlib.decompress(target.getvalue()[offset : offset + length]), "<i4")
    assert listed.tolist() == [-1000, 400, 3000]


def test_a_signed_image_with_most_of_its_values_is_offset_by_its_least() -> None:
    image = np.arange(-300, 300, dtype=np.int16).reshape(20, 30)
    index, _back = through_tiles(image)
    assert (index.bits, index.values, index.offset) == (16, None, -300)


def test_the_index_counts_tiles_row_by_row_and_clips_the_last() -> None:
    image = np.random.default_rng(1).integers(0, 65535, (600, 1100), dtype=np.uint16)
    index, back = through_tiles(image)
    assert (index.across, index.down, len(index.tiles)) == (3, 2, 6)
    assert index.tiles[1][0] == index.tiles[0][1]
    assert np.array_equal(back, image)


def test_values_that_need_more_than_sixteen_bits_are_an_error() -> None:
    with pytest.raises(ValueError, match="16 bits"):
        write_tiles(np.array([[0, 70_000]], np.int32), io.BytesIO())
