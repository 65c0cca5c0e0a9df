"""A browser's copy of the shared document, and entries to write into it."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map

from consult.stage.schema import MAPS

DOCTOR, SPECIALIST, PATIENT = "d" * 32, "5" * 32, "a" * 32
INSTANCE = "1" * 32


def annotation(author: str = DOCTOR, **changes: Any) -> dict[str, Any]:
    """A line of three points."""
    return {
        "kind": "line",
        "instance": INSTANCE,
        "sop": "1.2.840.10008.1",
        "frame": 1.0,
        "points": [10.5, 20.25, 30.0, 40.75, 50.5, 60.01],
        "text": "",
        "colour": "#ffd400",
        "author": author,
        "author_name": "Doctor Alpha",
        "created_at": 1.8e12,
    } | changes


def view(**changes: Any) -> dict[str, Any]:
    """A settled view of the first frame."""
    return {
        "instance": INSTANCE,
        "frame": 1.0,
        "center": [512.0, 500.5],
        "zoom": 0.75,
        "width_px": 760.0,
        "height_px": 900.0,
        "rotation": 0.0,
        "flip": False,
        "invert": False,
        "window": {"center": 2048.0, "width": 4096.0},
        "playing": None,
        "quality": "full",
    } | changes


def key_image(by: str = DOCTOR, **changes: Any) -> dict[str, Any]:
    """The first frame, for the report."""
    return {
        "instance": INSTANCE,
        "sop": "1.2.840.10008.1",
        "frame": 1.0,
        "by": by,
        "by_name": "Doctor Alpha",
        "at": 1.8e12,
        "view": view(),
    } | changes


class Copy:
    """One browser's copy; each change gives the update that the browser would send."""

    def __init__(self, client_id: int | None = None) -> None:
        self.doc: Doc[Any] = Doc(client_id=client_id)
        self.maps: dict[str, Any] = {name: self.doc.get(name, type=Map) for name in MAPS}
        self.sent: list[bytes] = []
        self.doc.observe(lambda event: self.sent.append(event.update))

    def put(self, map_name: str, key: str, value: Any) -> bytes:
        self.maps[map_name][key] = value
        return self.sent[-1]

    def remove(self, map_name: str, key: str) -> bytes:
        del self.maps[map_name][key]
        return self.sent[-1]

    def take_in(self, update: bytes) -> None:
        self.doc.apply_update(update)

    def content(self) -> dict[str, Any]:
        return {name: dict(one.items()) for name, one in self.maps.items()}
