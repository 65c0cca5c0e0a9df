"""Media types as clients accept and send them (RFC 9110 section 12.5.1, PS3.18 section 8.7). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

DICOM = "application/dicom"
DICOM_JSON = "application/dicom+json"
OCTETS = "application/octet-stream"
MULTIPART = "multipart/related"
_MOST_RANGES = 60
_MOST_CHARACTERS = 8192
_PARAMETER = re.compile(r'\s*;\s*([^\s=;,"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;,"]*)')
_TYPE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)/([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*")


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type or range, in lower case; `parameters` keep the case of their values."""

    kind: str  # "multipart/related"
    parameters: dict[str, str] = field(default_factory=dict)
    quality: float = 1.0

    @property
    def inner(self) -> str:
        """What a part of it is: the `type` of a multipart, itself otherwise; "*/*" for a multipart of anything."""
        if self.kind != MULTIPART:
            return self.kind
        return self.parameters.get("type", "*/*").lower()

    @property
    def is_multipart(self) -> bool:
        return self.kind == MULTIPART

    @property
    def transfer_syntax(self) -> str | None:
        """The UID asked for, "*" for any, None where it is not said."""
        return self.parameters.get("transfer-syntax")

    def covers(self, kind: str) -> bool:
        """Whether a part of this range may be `kind`."""
        return matches(self.inner, kind)


def matches(pattern: str, kind: str) -> bool:
    """Whether a range such as image/* holds `kind`."""
    if pattern in ("*/*", "*"):
        return True
    main, _, sub = pattern.partition("/")
    return (sub in ("*", "") and kind.startswith(f"{main}/")) or pattern == kind


def parse_one(text: str) -> MediaType | None:
    """A Content-Type; None where it is none."""
    found = next(_ranges(text), None)
    return found[0] if found is not None and found[1] >= len(text.rstrip()) else None


def parse_accept(header: str | None) -> list[MediaType]:
    """The ranges of an Accept header, the most wanted first, refused ones (q=0) left out; "*/*" where there is none.

    What cannot be read is skipped, as a client's mistakes have always been.
    """
    if header is None or not header.strip():
        return [MediaType("*/*")]
    found = [media for media, _ in _ranges(header[:_MOST_CHARACTERS]) if media.quality > 0]
    return sorted(found, key=lambda media: -media.quality)


def _ranges(text: str) -> Iterator[tuple[MediaType, int]]:
    position = 0
    for _ in range(_MOST_RANGES):
        start = _TYPE.match(text, position)
        if start is None:
            position = text.find(",", position) + 1
            if position == 0:
                return
            continue
        position, parameters = start.end(), {}
        while (parameter := _PARAMETER.match(text, position)) is not None:
            parameters[parameter[1].lower()] = _unquoted(parameter[2].strip())
            position = parameter.end()
        quality = _quality(parameters.pop("q", "1"))
        yield MediaType(f"{start[1]}/{start[2]}".lower(), parameters, quality), position
        comma = text.find(",", position)
        if comma < 0:
            return
        position = comma + 1


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 1.0


def choose(accepted: Iterable[MediaType], offered: Iterable[str]) -> str | None:
    """The first of `offered` that the most wanted range covers; None where nothing is acceptable. No multiparts."""
    kinds = list(offered)
    for media in accepted:
        if media.is_multipart:
            continue
        for kind in kinds:
            if matches(media.kind, kind):
                return kind
    return None
