"""Vital signs: what is refused, what is asked about, and how they are shown."""

from __future__ import annotations

import pytest

from app.errors import Invalid
from consult.patients.vitals import VITALS, check_together, doubt, lines, parse


@pytest.mark.parametrize("name", VITALS)
def test_likely_values_lie_inside_the_possible_ones(name: str) -> None:
    vital = VITALS[name]
    assert vital.possible[0] <= vital.likely[0] < vital.likely[1] <= vital.possible[1]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", "38,5", 38.5),
        ("temperature", " 38.54 °C ", 38.5),
        ("pulse", "120", 120),
        ("spo2", "९७", 97),
        ("weight", "3.2", 3.2),
        ("weight", "", None),
    ],
)
def test_numbers_are_read_as_people_write_them(name: str, text: str, value: float | None) -> None:
    assert parse(name, text) == value


@pytest.mark.parametrize("text", ["fever", "nan", "inf", "-1", "1e9", "120/80", "0x10"])
@pytest.mark.parametrize("name", ["temperature", "pulse", "spo2"])
def test_what_cannot_be_is_refused_and_the_field_is_named(name: str, text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(name, text)
    assert refusal.value.field == f"vitals.{name}"


def test_a_temperature_in_fahrenheit_is_told_in_celsius() -> None:
    with pytest.raises(Invalid, match=r"101.3 °F is 38.5 °C"):
        parse("temperature", "101.3")


def test_an_unlikely_value_is_asked_about_and_a_likely_one_is_not() -> None:
    assert doubt("spo2", 82) == "Oxygen (SpO₂) 82 %: is this right?"
    assert doubt("spo2", 97) is None


@pytest.mark.parametrize(("upper", "lower"), [(80, 80), (80, 120)])
def test_the_lower_pressure_is_below_the_upper_one(upper: int, lower: int) -> None:
    with pytest.raises(Invalid) as refusal:
        check_together({"systolic": upper, "diastolic": lower})
    assert refusal.value.field == "vitals.diastolic"


def test_blood_pressure_is_shown_in_one_line_and_half_of_it_alone() -> None:
    assert lines({"systolic": 120, "diastolic": 80}) == [("Blood pressure", "120/80 mmHg")]
    assert lines({"diastolic": 80.0}) == [("Lower BP", "80 mmHg")]
    assert lines({}) == []
