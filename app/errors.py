"""The five kinds of error that operations may raise; anything else is a bug.

Codes are stable: clients and tests compare them, never the sentences.
"""

from __future__ import annotations


class NidaanError(Exception):
    """An expected refusal: a stable `code` and one plain sentence for the person."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "message": str(self.message)}


class NotFound(NidaanError):
    """It does not exist, or this actor must not learn that it does."""

    code = "not_found"

    def __init__(self, message: str = "There is nothing here, or it is not yours to see.") -> None:
        super().__init__(message)


class NotAllowed(NidaanError):
    """The actor may see the object but not do this to it."""

    code = "not_allowed"


class Conflict(NidaanError):
    """The object has moved on; `code` says how where a client must tell."""

    code = "conflict"


class Invalid(NidaanError):
    """One field breaks one rule; `field` is the name the client sent."""

    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field

    def as_dict(self) -> dict[str, str]:
        return {**super().as_dict(), "field": self.field}


class ProtocolError(NidaanError):
    """A message or an update that this protocol cannot mean."""

    code = "protocol_error"
