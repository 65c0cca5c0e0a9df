"""Days as the reader counts them: the browser sends its distance from UTC with every date filter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

MOST_OFFSET_MINUTES = 14 * 60


def day_begins(day: date, offset_minutes: int | None) -> datetime:
    """The first moment of `day`; `offset_minutes` as JavaScript's getTimezoneOffset (India: -330), UTC for nonsense."""
    offset = offset_minutes or 0
    if abs(offset) > MOST_OFFSET_MINUTES:
        offset = 0
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=offset)
