"""Lossless tiles: what the viewport draws when every grey level counts.

A tile is zlib (RFC 1950) over MED residuals (the LOCO-I predictor of ITU-T T.87 A.4.1) modulo 2**bits, local to the
tile, channel after channel; 16-bit tiles carry all low bytes, then all high bytes. A picture that uses few of its
possible values is re-indexed first: the tiles hold indexes into the sorted list of values.
"""

from __future__ import annotations

import zlib
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

import numpy as np

from imaging.source import Array

TILE = 512
_LEVEL = 6
_COUNTING, _SEARCHING = zlib.Z_HUFFMAN_ONLY, zlib.Z_DEFAULT_STRATEGY
_TRIED = 4096  # bytes at eight places of a plane, by which it is told which of the two is shorter
_ZLIB_HEADER = b"\x78\x9c"  # deflate with a window of 32 KB


@dataclass(frozen=True, slots=True)
class TileIndex:
    """The index of the manifest: sizes in pixels, `tiles` as [byte_offset, byte_length], row-major.

    Without `values`: stored value = pixel + offset. With them: stored value = values[pixel].
    """

    tile: int
    across: int
    down: int
    bits: int
    channels: int
    offset: int
    values: dict[str, int] | None
    tiles: list[list[int]]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How stored values become the unsigned samples that are packed."""

    bits: int
    offset: int
    values: Array | None  # sorted distinct values, int64


def write_tiles(image: Array, target: BinaryIO, tile: int = TILE) -> tuple[TileIndex, tuple[int, int]]:
    """Pack stored values, (rows, columns) or (rows, columns, 3), of any integer type up to 16 bits of range.

    Returns the index and where the list of values lies in `target` (offset, length; 0, 0 when there is none).
    Raises ValueError when the values span more than 16 bits.
    """
    scale = _scale_of(image)
    rows, columns = image.shape[:2]
    down, across = -(-rows // tile), -(-columns // tile)
    spans: list[list[int]] = []
    position = 0
    for y in range(0, rows, tile):
        for x in range(0, columns, tile):
            payload = encode_tile(_to_samples(image[y : y + tile, x : x + tile], scale), scale.bits)
            target.write(payload)
            spans.append([position, len(payload)])
            position += len(payload)
    channels = 3 if image.ndim == 3 else 1
    if scale.values is None:
        return TileIndex(tile, across, down, scale.bits, channels, scale.offset, None, spans), (0, 0)
    packed = zlib.compress(scale.values.astype("<i4").tobytes(), _LEVEL)
    target.write(packed)
    count = {"count": int(scale.values.size)}
    return TileIndex(tile, across, down, scale.bits, channels, 0, count, spans), (position, len(packed))


def _scale_of(image: Array) -> _Scale:
    low, high = int(image.min()), int(image.max())
    if high - low > 0xFFFF:
        raise ValueError("stored values span more than 16 bits")
    if image.ndim == 2:
        used = np.zeros(high - low + 1, bool)
        for start in range(0, image.shape[0], 256):  # strips: a second copy of a 50 million pixel frame is too much
            used[image[start : start + 256].astype(np.int64) - low] = True
        count = int(np.count_nonzero(used))
        if count * 2 <= used.size:
            return _Scale(8 if count <= 256 else 16, 0, np.flatnonzero(used).astype(np.int64) + low)
    if 0 <= low and high <= 0xFF:
        return _Scale(8, 0, None)
    if high - low <= 0xFF:
        return _Scale(8, low, None)
    return _Scale(16, 0 if 0 <= low and high <= 0xFFFF else low, None)


def _to_samples(part: Array, scale: _Scale) -> Array:
    kind = np.uint8 if scale.bits == 8 else np.uint16
    if scale.values is not None:
        return np.searchsorted(scale.values, part).astype(kind)
    return (part.astype(np.int64) - scale.offset).astype(kind) if scale.offset else part.astype(kind)


def encode_tile(samples: Array, bits: int) -> bytes:
    """One tile's payload from unsigned samples, (rows, columns) or (rows, columns, channels)."""
    parts: list[bytes] = []
    planes = [samples] if samples.ndim == 2 else [samples[:, :, channel] for channel in range(samples.shape[2])]
    for plane in planes:
        residual = _residual(plane)
        if bits == 8:
            parts.append(residual.astype(np.uint8).tobytes())
        else:
            wide = residual.astype(np.uint16)
            parts.append((wide & 0xFF).astype(np.uint8).tobytes())
            parts.append((wide >> 8).astype(np.uint8).tobytes())
    return _deflated(parts)


def _deflated(parts: list[bytes]) -> bytes:
    """One zlib stream (RFC 1950) of the parts, each deflated in the way that suits it.

    What a camera or detector leaves over is noise: looking for repetitions in it takes ten times as long as coding
    each byte by its frequency, and makes up to 15 % more of it. Drawn and flat areas do repeat.
    """
    body: list[bytes] = []
    checksum = 1
    for number, part in enumerate(parts, start=1):
        tried = b"".join(part[at : at + _TRIED] for at in range(0, len(part), max(1, len(part) // 8)))
        repeats = len(_deflate(tried, _SEARCHING)) < len(_deflate(tried, _COUNTING))
        body.append(_deflate(part, _SEARCHING if repeats else _COUNTING, last=number == len(parts)))
        checksum = zlib.adler32(part, checksum)
    return b"".join((_ZLIB_HEADER, *body, checksum.to_bytes(4, "big")))


def _deflate(data: bytes, strategy: int, *, last: bool = True) -> bytes:
    """Raw deflate (RFC 1951); what is not the last of its stream ends on a byte without ending the stream."""
    engine = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
    return engine.compress(data) + engine.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


def _residual(plane: Array) -> Array:
    """Sample minus MED prediction; the caller's cast to an unsigned type takes it modulo 2**bits."""
    pixels = plane.astype(np.int32)
    predicted = np.zeros_like(pixels)
    predicted[0, 1:] = pixels[0, :-1]
    predicted[1:, 0] = pixels[:-1, 0]
    left, up, corner = pixels[1:, :-1], pixels[:-1, 1:], pixels[:-1, :-1]
    # The median of left, up and left + up - corner is LOCO-I's three-way choice without a branch.
    lower, upper = np.minimum(left, up), np.maximum(left, up)
    predicted[1:, 1:] = np.clip(left + up - corner, lower, upper)
    return pixels - predicted


def decode_tile(payload: bytes, rows: int, columns: int, bits: int, channels: int) -> Array:
    """The samples of one tile: the inverse of `encode_tile`, anti-diagonal by anti-diagonal."""
    raw = np.frombuffer(zlib.decompress(payload), np.uint8)
    size = rows * columns
    planes: list[Array] = []
    for channel in range(channels):
        if bits == 8:
            residual = raw[channel * size : (channel + 1) * size].astype(np.int32)
        else:
            low = raw[2 * channel * size : (2 * channel + 1) * size].astype(np.int32)
            high = raw[(2 * channel + 1) * size : (2 * channel + 2) * size].astype(np.int32)
            residual = low | (high << 8)
        planes.append(_rebuild(residual.reshape(rows, columns), bits))
    return planes[0] if channels == 1 else np.stack(planes, axis=2)


def _rebuild(residual: Array, bits: int) -> Array:
    rows, columns = residual.shape
    mask = (1 << bits) - 1
    pixels = np.zeros((rows, columns), np.int32)
    pixels[0] = np.cumsum(residual[0], dtype=np.int64) & mask
    pixels[:, 0] = np.cumsum(residual[:, 0], dtype=np.int64) & mask
    for diagonal in range(2, rows + columns - 1):
        y = np.arange(max(1, diagonal - columns + 1), min(rows, diagonal))
        if not y.size:
            continue
        x = diagonal - y
        left, up, corner = pixels[y, x - 1], pixels[y - 1, x], pixels[y - 1, x - 1]
        predicted = np.clip(left + up - corner, np.minimum(left, up), np.maximum(left, up))
        pixels[y, x] = (residual[y, x] + predicted) & mask
    return pixels.astype(np.uint8 if bits == 8 else np.uint16)


def read_tiles(blob: bytes, index: TileIndex, rows: int, columns: int, values: tuple[int, int] = (0, 0)) -> Array:
    """The whole picture's stored values (int32) from its tiles: what the client does, for tests and for support."""
    shape = (rows, columns) if index.channels == 1 else (rows, columns, index.channels)
    out = np.empty(shape, np.int32)
    for number, (offset, length) in enumerate(index.tiles):
        y, x = number // index.across * index.tile, number % index.across * index.tile
        height, width = min(index.tile, rows - y), min(index.tile, columns - x)
        part = decode_tile(blob[offset : offset + length], height, width, index.bits, index.channels)
        out[y : y + height, x : x + width] = part
    if index.values is None:
        return out + index.offset
    start, length = values
    table = np.frombuffer(zlib.decompress(blob[start : start + length]), "<i4")
    stored: Array = table[out]
    return stored
