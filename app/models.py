"""Every table of the product in one place, for migrations, commands and tests. Composition: nothing below imports this."""

from __future__ import annotations

from app.db import Base

try:
    import imaging.models  # noqa: F401
except ModuleNotFoundError:
    pass

__all__ = ["Base"]
