"""Times as the printed record says them: the clinics' own zone by name, and UTC beside it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from babel.dates import format_date

# India keeps one zone without summer time: an offset needs no zone database on the machine.
LOCAL_ZONE: Final = timezone(timedelta(hours=5, minutes=30), "IST")


def local_day(moment: datetime) -> date:
    """The day on which `moment` falls in the clinics' zone."""
    return moment.astimezone(LOCAL_ZONE).date()


def day(when: date, language: str = "en") -> str:
    """A day as people write it: 5 Dec 2026."""
    return str(format_date(when, "d MMM yyyy", locale=language))


def moment(when: datetime, language: str = "en") -> str:
    """A moment in both zones: 5 Dec 2026, 03:05 IST (4 Dec 2026, 21:35 UTC)."""
    local, utc = when.astimezone(LOCAL_ZONE), when.astimezone(UTC)
    universal = f"{utc:%H:%M} UTC"
    if utc.date() != local.date():
        universal = f"{day(utc.date(), language)}, {universal}"
    return f"{day(local.date(), language)}, {local:%H:%M} {local.tzname()} ({universal})"
