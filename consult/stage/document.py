"""The shared document of one consult: the only file that knows the CRDT library.

Two copies are kept. An update goes to the *candidate* first; what it changed there is judged, and only then does it go
to the *accepted* copy. A refused update leaves the candidate to be made again from the accepted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import pycrdt
from flask_babel import gettext as _

from app.errors import Conflict, NotAllowed, ProtocolError
from consult.stage import schema
from consult.stage.update_format import read_state_vector, read_update

MAX_ENTRIES: Final = {"annotations": 5_000, "key_images": 500, "stage": 1, "views": 200}
MAX_BYTES: Final = 8 * 1024 * 1024

T = TypeVar("T")


class StageDocument:
    """One consult's shared document. Not safe for two threads at once: its owner holds a lock."""

    def __init__(self) -> None:
        self._accepted = _Copy()
        self._candidate = _Copy(watched=True)
        self._known: dict[int, int] = {}  # the state vector
        self._owners: dict[int, str] = {}  # Yjs client -> the participant whose it is
        self._size = 0  # bytes, an upper bound: measured again when it gets near the limit

    def apply(self, update: bytes, participant_id: str, role: str) -> bytes | None:
        """Accept an update whole or refuse it whole; returns what is new in it, None when nothing is.

        Raises ProtocolError (not an update of such a document), Conflict (`out_of_step`: it leans on changes that this
        document has not, sync first; `stage_full`), Invalid (a value) or NotAllowed (somebody else's entry).
        """
        read = read_update(update)
        after = read.reach(self._known)
        if after is None:
            raise Conflict(_("This builds on changes that the server has not seen."), code="out_of_step")
        news = read.clients_with_news(self._known)
        self._check_owners(news, participant_id)
        if news:
            self._check_size(len(update))
        try:
            changes = self._try(update, after)
            self._check_changes(changes, participant_id, role)
        except Exception:
            self._candidate = _Copy(watched=True)
            self._candidate.apply(self.snapshot())
            raise
        accepted = self._accepted.apply(update)
        self._known = after
        self._owners.update(dict.fromkeys(news, participant_id))
        self._size += len(accepted or b"")
        return accepted

    def load(self, update: bytes, participant_id: str | None) -> None:
        """Take in stored bytes: judged when they were stored. Raises ProtocolError when they are damaged."""
        read = read_update(update)
        news = read.clients_with_news(self._known)
        for copy in (self._accepted, self._candidate):
            copy.apply(update)
        self._known = read_state_vector(self._accepted.state_vector())
        if participant_id is not None:
            self._owners.update(dict.fromkeys(news, participant_id))
        self._size += len(update)

    def diff(self, state_vector: bytes) -> bytes:
        """The update for a copy that knows `state_vector`. Raises ProtocolError."""
        read_state_vector(state_vector)
        return self._accepted.update_since(state_vector)

    def state_vector(self) -> bytes:
        """What this document knows, in Yjs's encoding."""
        return self._accepted.state_vector()

    def snapshot(self) -> bytes:
        """The whole document as one update."""
        return self._accepted.update_since(None)

    def annotations(self) -> dict[str, dict[str, Any]]:
        """Annotation id -> annotation, whole numbers as int."""
        return self._entries("annotations")

    def key_images(self) -> dict[str, dict[str, Any]]:
        """`<instance id>/<frame>` -> key image, whole numbers as int."""
        return self._entries("key_images")

    def views(self) -> dict[str, dict[str, Any]]:
        """Participant id -> how they look at the stage."""
        return self._entries("views")

    def presenter(self) -> str | None:
        """Who presents, if anybody."""
        value = self._accepted.get("stage", schema.PRESENTER)
        return value if isinstance(value, str) else None

    def _entries(self, map_name: str) -> dict[str, dict[str, Any]]:
        return {key: schema.check_entry(map_name, key, value) for key, value in self._accepted.items(map_name).items()}

    def _check_owners(self, clients: Iterable[int], participant_id: str) -> None:
        # Somebody who wrote under another's client number would make the other's next strokes vanish.
        if any(self._owners.get(client, participant_id) != participant_id for client in clients):
            raise NotAllowed(_("This part of the document's history belongs to somebody else."))

    def _check_size(self, more: int) -> None:
        if self._size + more <= MAX_BYTES:
            return
        self._size = len(self.snapshot())
        if self._size + more > MAX_BYTES:
            raise Conflict(_("The stage is full. Remove drawings that are no longer needed."), code="stage_full")

    def _try(self, update: bytes, after: dict[int, int]) -> list[tuple[str, str, Any]]:
        self._candidate.apply(update)
        if read_state_vector(self._candidate.state_vector()) != after:
            # Structures that lean on each other in a circle wait for ever.
            raise ProtocolError("The update cannot be put into the document.")
        return self._candidate.changes()

    def _check_changes(self, changes: list[tuple[str, str, Any]], participant_id: str, role: str) -> None:
        for map_name, key, after in changes:
            before = self._accepted.get(map_name, key)
            schema.check_change(map_name, key, before, after, participant_id, role)
        for map_name in {change[0] for change in changes}:
            if self._candidate.count(map_name) > max(MAX_ENTRIES[map_name], self._accepted.count(map_name)):
                raise Conflict(_("The stage is full. Remove drawings that are no longer needed."), code="stage_full")


class _Copy:
    """One CRDT document with the stage's maps; remembers what the last update brought, or when `watched` changed.

    Not both: the library turns everything that changed into Python values for each who asks.
    """

    def __init__(self, watched: bool = False) -> None:
        self._doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self._maps = {name: self._doc.get(name, type=pycrdt.Map) for name in schema.MAPS}
        self._update: bytes | None = None
        self._changes: list[tuple[str, str, Any]] = []
        if not watched:
            self._doc.observe(self._updated)
        for name, one in self._maps.items() if watched else ():
            one.observe(self._observer(name))

    def _updated(self, event: pycrdt.TransactionEvent) -> None:
        self._update = event.update

    def _observer(self, name: str) -> Callable[[Any], None]:
        def changed(event: Any) -> None:
            self._changes += [(name, key, change.get("newValue", schema.ABSENT)) for key, change in event.keys.items()]

        return changed

    def apply(self, update: bytes) -> bytes | None:
        """Put an update in; returns what was new, None when nothing was (and for a watched copy)."""
        self._update, self._changes = None, []
        _library(lambda: self._doc.apply_update(update))
        return self._update

    def changes(self) -> list[tuple[str, str, Any]]:
        """(map, key, value after; ABSENT when removed) of the last update, of a watched copy."""
        return self._changes

    def get(self, map_name: str, key: str) -> Any:
        """The value under a key, ABSENT when there is none."""
        return self._maps[map_name].get(key, schema.ABSENT)

    def items(self, map_name: str) -> dict[str, Any]:
        """Every entry of one map."""
        return dict(self._maps[map_name].items())

    def count(self, map_name: str) -> int:
        """How many entries one map has."""
        return len(self._maps[map_name])

    def state_vector(self) -> bytes:
        return bytes(self._doc.get_state())

    def update_since(self, state_vector: bytes | None) -> bytes:
        """What a copy with this state vector lacks; everything for None."""
        return _library(lambda: bytes(self._doc.get_update(state_vector)))


def _library(call: Callable[[], T]) -> T:
    """Run the CRDT library; whatever it raises for bytes that it cannot take becomes one ProtocolError.

    Its panics are not `Exception`s; nothing else that is not one is caught (a greenlet that is told to exit).
    """
    try:
        return call()
    except Exception as error:
        raise ProtocolError("These bytes cannot be read as a part of the document.") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ProtocolError("These bytes cannot be read as a part of the document.") from None
