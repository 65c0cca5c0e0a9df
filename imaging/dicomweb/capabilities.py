"""What this door can do, for programs that ask (PS3.18 section 8.9): one table, as WADL or as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from imaging.dicomweb import matching, pictures
from imaging.dicomweb.attributes import Level
from imaging.dicomweb.media_types import DICOM, DICOM_JSON, OCTETS

WADL = "application/vnd.sun.wadl+xml"
_NAMESPACE = "http://wadl.dev.java.net/2009/02"
_SERIES = "studies/{study}/series/{series}"
_INSTANCE = f"{_SERIES}/instances/{{instance}}"
_FRAMES = ("application/octet-stream", "image/jpeg", "image/jls", "image/jp2", "image/jphc", "image/dicom-rle")
_LOOKS = ("accept", "viewport", "window", "quality")
_PAGING = ("accept", "includefield", "limit", "offset")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One method of one resource; media types as they stand in headers."""

    name: str
    method: str
    path: str
    gives: tuple[str, ...]
    takes: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


def _multipart(*kinds: str) -> tuple[str, ...]:
    return tuple(f'multipart/related; type="{kind}"' for kind in kinds)


def _keys(level: Level) -> tuple[str, ...]:
    depth = ("study", "series", "instance").index(level)
    return tuple(sorted(key for key in matching.MATCHED if matching.depth_of(key) <= depth)) + _PAGING


def transactions() -> Iterator[Transaction]:
    """Everything there is."""
    for path, level in (
        ("studies", "study"),
        ("series", "series"),
        ("instances", "instance"),
        ("studies/{study}/series", "series"),
        ("studies/{study}/instances", "instance"),
        (f"{_SERIES}/instances", "instance"),
    ):
        yield Transaction(f"Search {level}", "GET", path, (DICOM_JSON,), parameters=_keys(level))  # type: ignore[arg-type]
    for path in ("studies/{study}", _SERIES, _INSTANCE):
        single = (DICOM,) if path == _INSTANCE else ()
        yield Transaction("Retrieve", "GET", path, (*_multipart(DICOM), *single), parameters=("accept",))
        yield Transaction("Retrieve metadata", "GET", f"{path}/metadata", (DICOM_JSON,), parameters=("accept",))
        yield Transaction("Retrieve thumbnail", "GET", f"{path}/thumbnail", pictures.KINDS, parameters=_LOOKS)
    frames = (*_multipart(*_FRAMES), *_FRAMES)
    yield Transaction("Retrieve frames", "GET", f"{_INSTANCE}/frames/{{frames}}", frames, parameters=("accept",))
    bulk = (*_multipart(OCTETS), OCTETS)
    yield Transaction("Retrieve bulk data", "GET", f"{_INSTANCE}/bulkdata/{{path}}", bulk, parameters=("accept",))
    yield Transaction("Render", "GET", f"{_INSTANCE}/rendered", (*pictures.KINDS, "video/mp4"), parameters=_LOOKS)
    yield Transaction("Render", "GET", f"{_INSTANCE}/frames/{{frame}}/rendered", pictures.KINDS, parameters=_LOOKS)
    takes = (*_multipart(DICOM), DICOM)
    for path in ("studies", "studies/{study}"):
        yield Transaction("Store", "POST", path, (DICOM_JSON,), takes, parameters=("case",))


def as_json(base: str) -> dict[str, Any]:
    """The table as JSON."""
    resources: dict[str, list[dict[str, Any]]] = {}
    for one in transactions():
        told = {"method": one.method, "name": one.name, "response": list(one.gives), "parameters": list(one.parameters)}
        resources.setdefault(one.path, []).append(told | ({"request": list(one.takes)} if one.takes else {}))
    return {
        "base": base,
        "security": {"scheme": "Bearer", "scopes": ["read", "store"]},
        "resources": [{"path": path, "methods": methods} for path, methods in resources.items()],
    }


def as_wadl(base: str) -> bytes:
    """The table as a WADL document."""
    root = ElementTree.Element("application", xmlns=_NAMESPACE)
    resources = ElementTree.SubElement(root, "resources", base=f"{base}/")
    places: dict[str, ElementTree.Element] = {}
    for one in transactions():
        if one.path not in places:
            places[one.path] = ElementTree.SubElement(resources, "resource", path=one.path)
        method = ElementTree.SubElement(places[one.path], "method", name=one.method, id=one.name.replace(" ", ""))
        asked = ElementTree.SubElement(method, "request")
        for name in one.parameters:
            ElementTree.SubElement(asked, "param", name=name, style="query")
        for kind in one.takes:
            ElementTree.SubElement(asked, "representation", mediaType=kind)
        answer = ElementTree.SubElement(method, "response", status="200")
        for kind in one.gives:
            ElementTree.SubElement(answer, "representation", mediaType=kind)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
