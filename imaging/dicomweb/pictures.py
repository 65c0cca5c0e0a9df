"""How a rendered picture should look, as a client asks for it (PS3.18 section 8.3.5). Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.errors import Invalid

KINDS = ("image/jpeg", "image/png", "image/webp")
MOST_PIXELS = 8192  # a side of what may be asked for
QUALITY = 90
THUMBNAIL = (200, 200)


def read_looks(asked: Mapping[str, str]) -> dict[str, Any]:
    """`window`, `region`, `box` and `quality` for the sandbox. Raises Invalid naming the parameter."""
    box, region = _viewport(asked.get("viewport", ""))
    return {"window": _window(asked.get("window", "")), "box": box, "region": region, "quality": _quality(asked)}


def _quality(asked: Mapping[str, str]) -> int:
    text = asked.get("quality", str(QUALITY))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= 100):
        raise Invalid("quality", "It must be a whole number from 1 to 100.")
    return int(text)


def _window(text: str) -> dict[str, float] | None:
    """Centre and width of the linear function (PS3.3 C.11.2.1.2.1). linear-exact is the same with other ends."""
    if not text:
        return None
    parts = text.split(",")
    numbers = _numbers("window", parts[:2])
    function = parts[2].strip().lower() if len(parts) == 3 else "linear"
    if len(numbers) != 2 or len(parts) > 3 or None in numbers:
        raise Invalid("window", "It must be: centre,width,function.")
    center, width = numbers
    assert center is not None
    assert width is not None
    if function == "linear" and width >= 1:
        return {"center": center, "width": width}
    if function == "linear-exact" and width > 0:
        return {"center": center + 0.5, "width": width + 1}
    raise Invalid("window", "The function may be linear (width 1 or more) or linear-exact (width above 0).")


def _viewport(text: str) -> tuple[list[int] | None, list[int] | None]:
    """(the box to fit into, the region to cut out): vw,vh or vw,vh,sx,sy,sw,sh."""
    if not text:
        return None, None
    numbers = _numbers("viewport", text.split(","))
    if len(numbers) not in (2, 6) or numbers[0] is None or numbers[1] is None:
        raise Invalid("viewport", "It must be: width,height or width,height,x,y,width,height.")
    box = [round(one) for one in numbers[:2] if one is not None]
    if not all(1 <= one <= MOST_PIXELS for one in box):
        raise Invalid("viewport", f"Width and height must be from 1 to {MOST_PIXELS}.")
    if len(numbers) == 2:
        return box, None
    x, y, width, height = (0 if one is None else round(one) for one in numbers[2:])
    region = [x, y, width or 1_000_000, height or 1_000_000]
    return box, region if any(one is not None for one in numbers[2:]) else None


def _numbers(name: str, parts: list[str]) -> list[float | None]:
    found: list[float | None] = []
    for part in parts[:10]:
        try:
            number = float(part) if part.strip() else None
        except ValueError:
            raise Invalid(name, "It must hold numbers.") from None
        if number is not None and not (math.isfinite(number) and abs(number) < 1e9):
            raise Invalid(name, "It must hold numbers.")
        found.append(number)
    return found


def read_frames(text: str, count: int) -> list[int]:
    """Frame numbers (from 1) out of a comma-separated list. Raises Invalid for one that is not there."""
    numbers = [int(part) for part in text.split(",") if part.isascii() and part.isdecimal() and len(part) < 8]
    if len(numbers) != len(text.split(",")) or len(numbers) > 1000:
        raise Invalid("frames", "It must be a list of frame numbers, from 1, with commas between.")
    if not all(1 <= number <= count for number in numbers):
        raise Invalid("frames", f"This instance has frames 1 to {count}.")
    return numbers
