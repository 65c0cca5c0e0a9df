"""JSON that is sent to us: nested too deeply to be meant is no JSON at all, and not a fault of ours."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.json.provider import DefaultJSONProvider


class CarefulJSON(DefaultJSONProvider):
    """Flask's own, which would pass on a RecursionError."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """The value. Raises ValueError, as for anything else that is not JSON."""
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def install(app: Flask) -> None:
    """Read every JSON body with it."""
    app.json = CarefulJSON(app)
