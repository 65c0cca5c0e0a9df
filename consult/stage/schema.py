"""What the shared document may hold, and who may write what. Pure: no document, no database.

Entries are plain JSON objects, each replaced as a whole. Coordinates are image pixels: the centre of the first pixel is
(0.5, 0.5). Numbers may come as 3.0 where 3 is meant, since browsers do not tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, get_args

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from app.errors import Invalid, NotAllowed
from app.message_errors import first_wrong

MAX_POINTS: Final = 2000
MAX_TEXT: Final = 200
MAX_COORDINATE: Final = 1e5
MAX_FRAME: Final = 100_000
PRESENTER: Final = "presenter"
DRAWERS: Final = frozenset({"treating_doctor", "specialist"})


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Kind = Literal["arrow", "line", "ellipse", "length"]
Colour = Literal["#ffd400", "#3ddc84", "#4cc9ff", "#ff7ab8", "#ffffff"]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
SopUid = Annotated[str, StringConstraints(pattern=r"^[0-9.]{1,64}$")]  # DICOM PS3.5 section 9.1
Name = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Coordinate = Annotated[float, Field(ge=-MAX_COORDINATE, le=MAX_COORDINATE)]
Frame = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=MAX_FRAME)]
Rotation = Annotated[Literal[0, 90, 180, 270], BeforeValidator(_whole)]
Milliseconds = Annotated[float, Field(ge=0, le=1e14)]  # since 1970
Quality = Literal["tablet", "preview", "full", "lossless", "clip"]


class Entry(BaseModel):
    """Unknown fields, coercions and non-finite numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class VoiWindow(Entry):
    """Which values are shown from black to white, in modality units."""

    center: Annotated[float, Field(ge=-1e9, le=1e9)]
    width: Annotated[float, Field(gt=0, le=1e9)]


class Playing(Entry):
    """A running clip: at server time `at` it showed `frame`; `rate` times its own speed."""

    at: Milliseconds
    frame: Annotated[float, Field(ge=1, le=MAX_FRAME)]
    rate: Annotated[float, Field(gt=0, le=16)]


class View(Entry):
    """How one person sees the stage; `zoom` is CSS pixels an image pixel."""

    instance: Identifier
    frame: Frame
    center: Annotated[list[Coordinate], Field(min_length=2, max_length=2)]
    zoom: Annotated[float, Field(gt=0, le=1000)]
    width_px: Annotated[float, Field(ge=0, le=MAX_COORDINATE)]
    height_px: Annotated[float, Field(ge=0, le=MAX_COORDINATE)]
    rotation: Rotation
    flip: bool
    invert: bool
    window: VoiWindow | None
    playing: Playing | None
    quality: Quality


def _enough_points(kind: str, points: list[float]) -> bool:
    return len(points) % 2 == 0 and (len(points) >= 4 if kind == "line" else len(points) == 4)


class Annotation(Entry):
    """arrow: tail then head; line: a polyline; ellipse: opposite corners of its box; length: its two ends."""

    kind: Kind
    instance: Identifier
    sop: SopUid
    frame: Frame
    points: Annotated[list[Coordinate], Field(max_length=2 * MAX_POINTS)]
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)]
    colour: Colour
    author: Identifier
    author_name: Name
    created_at: Milliseconds

    @model_validator(mode="after")
    def _points_fit_the_kind(self) -> Annotation:
        if not _enough_points(self.kind, self.points):
            raise ValueError("points: " + _("Points are x and y in turn: two points, or more for a line."))
        return self


class KeyImage(Entry):
    """A frame, as it was looked at, that belongs into the report."""

    instance: Identifier
    sop: SopUid
    frame: Frame
    by: Identifier
    by_name: Name
    at: Milliseconds
    view: View


_MODELS: Final[dict[str, type[Entry]]] = {"annotations": Annotation, "key_images": KeyImage, "views": View}
_KEYS: Final = {
    "annotations": re.compile(r"[0-9a-f]{32}"),
    "key_images": re.compile(r"[0-9a-f]{32}/[1-9][0-9]{0,5}"),
    "views": re.compile(r"[0-9a-f]{32}"),
    "stage": re.compile(PRESENTER),
}
MAPS: Final = tuple(_KEYS)
KINDS: Final = get_args(Kind)
COLOURS: Final = get_args(Colour)


def check_entry(map_name: str, key: str, value: Any) -> Any:
    """The value with its whole numbers as int. Raises Invalid, naming the first wrong field."""
    if map_name not in _KEYS:
        raise Invalid(map_name, _("There is no such part of the document."))
    if not _KEYS[map_name].fullmatch(key):
        raise Invalid("key", _("This is not a key of that part of the document."))
    if map_name == "stage":
        return _check_presenter(value)
    try:
        entry = _MODELS[map_name].model_validate(value)
    except ValidationError as error:
        raise first_wrong(error, "value") from None
    if isinstance(entry, KeyImage) and key != f"{entry.instance}/{entry.frame}":
        raise Invalid("key", _("The key does not name the key image's instance and frame."))
    return entry.model_dump()


def _check_presenter(value: Any) -> Any:
    if value is not None and not (isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}", value)):
        raise Invalid(PRESENTER, _("The presenter is a participant or nobody."))
    return value


# Who may write --------------------------------------------------------------------------------------------------------

ABSENT: Final = object()  # no entry, which is not the same as an entry that is null
Change = tuple[str, Any, Any, str]  # key, value before, value after, who


def _own_annotation(change: Change) -> bool:
    __, before, after, who = change
    return all(value is ABSENT or value["author"] == who for value in (before, after))


def _own_name_on_it(change: Change) -> bool:
    __, __, after, who = change
    return after is ABSENT or bool(after["by"] == who)


def _any_change(change: Change) -> bool:
    # A doctor may take the stage at any moment, and whoever has it may hand it to anybody. Both steps may come in one
    # update, of which only the end is seen here: so every end is one that a doctor may reach.
    return True


def _own_key(change: Change) -> bool:
    key, __, __, who = change
    return key == who


# part of the document -> (roles that may write there, None: everybody in the room; which changes; what is said if not)
WRITERS: Final[dict[str, tuple[frozenset[str] | None, Callable[[Change], bool], Any]]] = {
    "annotations": (DRAWERS, _own_annotation, _l("Only the one who drew it may change or remove it.")),
    "key_images": (DRAWERS, _own_name_on_it, _l("A key image is marked in one's own name.")),
    "stage": (DRAWERS, _any_change, ""),
    "views": (None, _own_key, _l("Everybody writes only how they themselves look at the stage.")),
}
NOT_A_DRAWER: Final = _l("Only the two doctors may draw, mark and present.")


def check_change(map_name: str, key: str, before: Any, after: Any, participant_id: str, role: str) -> Any:
    """Whether this participant may make this change; returns the checked value after it (ABSENT: removed).

    `before` is what the accepted document holds, ABSENT for nothing. Raises Invalid for a value that breaks the schema
    and NotAllowed for somebody else's entry or a role that only looks on.
    """
    checked = ABSENT if after is ABSENT else check_entry(map_name, key, after)
    roles, is_own, refusal = WRITERS[map_name]
    if roles is not None and role not in roles:
        raise NotAllowed(str(NOT_A_DRAWER))
    if not is_own((key, before, checked, participant_id)):
        raise NotAllowed(str(refusal))
    return checked
