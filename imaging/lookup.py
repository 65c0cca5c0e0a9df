"""One lookup table of a DICOM sequence item (PS3.3 C.11.1.1, C.11.2.1.1), read whatever way its data were written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from imaging import dicom_values as values
from imaging.source import Array

_MOST = 65_536


@dataclass(frozen=True, slots=True)
class Lut:
    """`table[0]` is the output for inputs up to `first`; `top` is the output that means white."""

    first: int
    table: Array  # float64
    top: float

    @classmethod
    def read(cls, item: Dataset, *, signed_input: bool, little: bool = True) -> Lut | None:
        """None when the item has no usable table: fewer entries than it says, or no descriptor."""
        descriptor = values.finite_numbers(item, "LUTDescriptor")
        if len(descriptor) != 3:
            return None
        count, first, bits = (int(one) for one in descriptor)
        count = count % _MOST or _MOST
        if signed_input and first > 0x7FFF:
            first -= _MOST
        entries = _entries(item, count, bits, little=little)
        if entries is None or not 1 <= bits <= 16:
            return None
        return cls(first, entries.astype(np.float64), _top(int(entries.max()), bits))

    def look_up(self, stored: Array) -> Array:
        """int32 outputs of stored values."""
        whole = self.table.astype(np.int32)
        out = np.empty(stored.shape, np.int32)
        for start in range(0, stored.shape[0], 256):
            part = stored[start : start + 256].astype(np.int64) - self.first
            out[start : start + 256] = whole[np.clip(part, 0, len(whole) - 1)]
        return out


def _top(most: int, bits: int) -> float:
    """The descriptor says the depth; tables that use a small part of it, or more, say another by their numbers."""
    said = (1 << bits) - 1
    return float(said if said // 2 < most <= said else max(1, (1 << most.bit_length()) - 1))


def _entries(item: Dataset, count: int, bits: int, *, little: bool) -> Array | None:
    value = values.raw(item, "LUTData")
    if isinstance(value, bytes):
        if (bits == 8 and len(value) < 2 * count) or len(value) == count:
            found = np.frombuffer(value, np.uint8).astype(np.uint16)
        else:
            found = np.frombuffer(value[: len(value) // 2 * 2], "<u2" if little else ">u2").astype(np.uint16)
    else:
        try:
            numbers = [value] if isinstance(value, int) else list(value or [])
            found = (np.array(numbers, np.int64) & 0xFFFF).astype(np.uint16)
        except (TypeError, ValueError, OverflowError):
            return None
    return found[:count] if len(found) >= count else None
