"""The one clock: aware UTC, replaceable in tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present moment, aware, UTC."""
    return _source() if _source else datetime.now(UTC)


def today() -> date:
    """The present day in UTC."""
    return now().date()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Replace the clock in tests; None restores the machine's."""
    global _source
    _source = source
