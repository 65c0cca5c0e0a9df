"""Ages: reckoned from a birth date, or roughly from a birth year. Pure."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from consult.patients.models import Patient

ADULT_AT = 18
OLDEST = 120
MONTHS_UNTIL = 24  # below two years, an age in years says too little
DAYS_UNTIL = 60


def years(birth_date: date | None, birth_year: int, today: date) -> int:
    """Completed years; from the year alone, at most one too many."""
    if birth_date is None:
        return max(0, today.year - birth_year)
    had_birthday = (today.month, today.day) >= (birth_date.month, birth_date.day)
    return today.year - birth_date.year - (0 if had_birthday else 1)


def is_minor(birth_date: date | None, birth_year: int, today: date) -> bool:
    """Whether a guardian has to answer for this person."""
    return years(birth_date, birth_year, today) < ADULT_AT


def months(birth_date: date, today: date) -> int:
    """Completed months."""
    return (today.year - birth_date.year) * 12 + today.month - birth_date.month - (today.day < birth_date.day)


def words(patient: Patient, today: date) -> str:
    """The age as people say it: days and months for the small ones, years for the others."""
    born = patient.birth_date
    if born is not None and (today - born).days < DAYS_UNTIL:
        days = (today - born).days
        return ngettext("%(num)d day", "%(num)d days", days)
    if born is not None and months(born, today) < MONTHS_UNTIL:
        return ngettext("%(num)d month", "%(num)d months", months(born, today))
    age = years(born, patient.birth_year, today)
    if age == 0:
        return _("under 1 year")
    return ngettext("%(num)d year", "%(num)d years", age)
