"""Pictures whose white is not the screen's (ITU-R BT.2100: PQ and HLG), brought to sRGB.

Without this a phone's HDR picture is flat and grey: its values are taken for something they do not mean. Diffuse white
(203 cd/m2, ITU-R BT.2408) comes out a little below the screen's white; what is brighter is pressed into what is left.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from imaging.source import Array

PQ, HLG = 16, 18  # transfer characteristics, ITU-T H.273 table 3
TRANSFERS = frozenset({PQ, HLG})
_BT709, _BT2020, _P3_D65 = 1, 9, 12  # colour primaries, ITU-T H.273 table 2
_ROWS_AT_ONCE = 128  # of which everything is held as floating point
_STEPS = 16_383  # of linear light
_WHITE = 203.0
_HLG_PEAK = 1000.0
_KNEE = 0.6  # of the screen's white: below it nothing is pressed
_HEAD = 64 * 1024

# Linear light to linear light of BT.709 (SMPTE RP 177 for the primaries of each).
_TO_BT709 = {
    _BT709: np.eye(3, dtype=np.float32),
    _BT2020: np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32),
    _P3_D65: np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]], np.float32),
}
_BT2020_LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)


def as_standard(image: Image.Image, transfer: int, primaries: int) -> Image.Image:
    """An RGB picture of PQ or HLG values, as sRGB."""
    return Image.fromarray(frame_as_standard(np.asarray(image.convert("RGB")), transfer, primaries))


def frame_as_standard(frame: Array, transfer: int, primaries: int) -> Array:
    """The same for (rows, columns, 3) uint8."""
    out = np.empty_like(frame)
    for start in range(0, frame.shape[0], _ROWS_AT_ONCE):
        part = np.ascontiguousarray(frame[start : start + _ROWS_AT_ONCE])
        out[start : start + _ROWS_AT_ONCE] = _standard(part, transfer, primaries)
    return out


def _standard(part: Array, transfer: int, primaries: int) -> Array:
    import cv2

    light = cv2.LUT(part, _lights(transfer))  # of 1.0 for diffuse white
    if transfer == HLG:
        luminance = cv2.transform(light, _BT2020_LUMINANCE[None, :])
        light *= _system_gain(luminance)[:, :, None]
    shown = cv2.transform(light, _TO_BT709.get(primaries, _TO_BT709[_BT2020]))
    brightest = np.maximum(shown.max(axis=2), 1e-6)
    pressed = _KNEE + (1 - _KNEE) * -np.expm1(-(brightest - _KNEE) / (1 - _KNEE))
    shown *= (np.where(brightest > _KNEE, pressed, brightest) / brightest)[:, :, None]
    steps = np.clip(shown * _STEPS, 0, _STEPS).astype(np.uint16)
    coded: Array = _codes()[steps]
    return coded


@cache
def _lights(transfer: int) -> Array:
    """Linear light of each of 256 codes: for PQ as displayed, for HLG of the scene."""
    codes = np.linspace(0.0, 1.0, 256)
    light = _light_of_pq(codes) / _WHITE if transfer == PQ else _scene_of_hlg(codes)
    return light.astype(np.float32)


def _light_of_pq(codes: Array) -> Array:
    """cd/m2 (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = np.power(codes, 1 / m2)
    light: Array = 10_000.0 * np.power(np.maximum(power - c1, 0.0) / (c2 - c3 * power), 1 / m1)
    return light


def _scene_of_hlg(codes: Array) -> Array:
    """Of 1.0 for the peak (ITU-R BT.2100 table 5, the inverse OETF)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene: Array = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    return scene


def _system_gain(luminance: Array) -> Array:
    """From light of the scene to light of a screen of 1,000 cd/m2 (BT.2100's OOTF), 1.0 for diffuse white."""
    gain: Array = (_HLG_PEAK / _WHITE) * np.power(np.maximum(luminance, 1e-6), 0.2)
    return gain


@cache
def _codes() -> Array:
    """sRGB codes of linear light in even steps."""
    light = np.linspace(0.0, 1.0, _STEPS + 1)
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)
    rounded: Array = np.rint(coded * 255).astype(np.uint8)
    return rounded


def coded_colours(path: Path) -> tuple[int, int] | None:
    """(primaries, transfer) that the first `nclx` box of an AVIF says (ISO/IEC 14496-12 section 12.1.5), or None."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    at = head.find(b"colrnclx")
    if at < 0 or at + 12 > len(head):
        return None
    return int.from_bytes(head[at + 8 : at + 10], "big"), int.from_bytes(head[at + 10 : at + 12], "big")
