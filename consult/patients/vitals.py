"""Vital signs: one table of names, units and ranges. Pure.

What cannot be is refused; what can be but rarely is asks "is this right?" and is then taken as true. Ranges are of
people who are alive, of any age: `possible` after the extremes in case reports, `likely` wide enough that an ordinary
clinic day never asks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from app.errors import Invalid

FAHRENHEIT: Final = (85.0, 115.0)  # nobody's temperature in degrees Celsius


@dataclass(frozen=True, slots=True)
class Vital:
    """One measurement: its stored name, words, unit, decimals kept and ranges (inclusive, in its unit)."""

    name: str
    label: LazyString
    unit: str
    decimals: int
    possible: tuple[float, float]
    likely: tuple[float, float]


VITALS: Final[dict[str, Vital]] = {
    vital.name: vital
    for vital in (
        Vital("temperature", _l("Temperature"), "°C", 1, (25, 45), (35, 41)),
        Vital("pulse", _l("Pulse"), "/min", 0, (10, 350), (40, 200)),
        Vital("systolic", _l("Upper BP"), "mmHg", 0, (30, 350), (80, 220)),
        Vital("diastolic", _l("Lower BP"), "mmHg", 0, (10, 250), (40, 130)),
        Vital("spo2", _l("Oxygen (SpO₂)"), "%", 0, (20, 100), (85, 100)),
        Vital("respiratory_rate", _l("Breaths"), "/min", 0, (2, 150), (8, 60)),
        Vital("weight", _l("Weight"), "kg", 1, (0.3, 400), (2, 150)),
        Vital("glucose", _l("Blood sugar"), "mg/dL", 0, (5, 2000), (50, 500)),
    )
}


def number(value: float) -> str:
    """A stored value as people write it: no trailing zero."""
    return f"{value:g}"


def parse(name: str, text: str) -> float | None:
    """The value in the vital's unit, None for an empty text. Raises Invalid (`vitals.<name>`) for what cannot be."""
    vital = VITALS.get(name)
    if vital is None:
        raise Invalid("field", _("There is no such measurement."))
    cleaned = text.strip().replace(",", ".").removesuffix(vital.unit).strip()
    if not cleaned:
        return None
    field = f"vitals.{name}"
    try:
        value = round(float(cleaned), vital.decimals)
    except (ValueError, OverflowError):
        raise Invalid(field, _("Give %(what)s as a number in %(unit)s.", what=vital.label, unit=vital.unit)) from None
    if not math.isfinite(value) or not vital.possible[0] <= value <= vital.possible[1]:
        raise Invalid(field, _impossible(vital, value))
    return value


def _impossible(vital: Vital, value: float) -> str:
    if vital.name == "temperature" and FAHRENHEIT[0] <= value <= FAHRENHEIT[1]:
        celsius = number(round((value - 32) * 5 / 9, 1))
        return _(
            "Give the temperature in °C: %(fahrenheit)s °F is %(celsius)s °C.",
            fahrenheit=number(value),
            celsius=celsius,
        )
    return _(
        "%(what)s can only be between %(least)s and %(most)s %(unit)s.",
        what=vital.label,
        least=number(vital.possible[0]),
        most=number(vital.possible[1]),
        unit=vital.unit,
    )


def doubt(name: str, value: float) -> str | None:
    """The question to ask about an unlikely value; None for a likely one."""
    vital = VITALS[name]
    if vital.likely[0] <= value <= vital.likely[1]:
        return None
    return _("%(what)s %(value)s %(unit)s: is this right?", what=vital.label, value=number(value), unit=vital.unit)


def check_together(vitals: Mapping[str, Any]) -> None:
    """Raises Invalid when two measurements contradict each other."""
    upper, lower = vitals.get("systolic"), vitals.get("diastolic")
    if upper is not None and lower is not None and lower >= upper:
        raise Invalid("vitals.diastolic", _("The lower blood pressure has to be below the upper one."))


def lines(vitals: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was measured, as (words, value with unit), blood pressure in one line."""
    shown: list[tuple[str, str]] = []
    for name, vital in VITALS.items():
        value = vitals.get(name)
        if value is None or (name == "diastolic" and vitals.get("systolic") is not None):
            continue
        if name == "systolic" and vitals.get("diastolic") is not None:
            both = f"{number(value)}/{number(vitals['diastolic'])} {vital.unit}"
            shown.append((_("Blood pressure"), both))
        else:
            shown.append((str(vital.label), f"{number(value)} {vital.unit}"))
    return shown
