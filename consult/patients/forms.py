"""The registration form: what a person typed, checked field by field, kept as typed when something is wrong."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from app import clock
from app.db import new_id
from consult.patients import ages
from consult.patients.operations import NewPatient

SEX_CHOICES = [("female", _l("Female")), ("male", _l("Male")), ("other", _l("Other")), ("unknown", _l("Not said"))]
LOCAL_DIGITS = 10
COUNTRY = "+91"


def tidy(text: str | None) -> str:
    """One line without controls and doubled spaces."""
    kept = "".join(" " if unicodedata.category(letter)[0] == "C" else letter for letter in text or "")
    return " ".join(kept.split())


def phone_number(text: str) -> str:
    """`+` and digits, from however people write it; empty for nothing. Raises ValueError for what no phone has."""
    if not text.strip():
        return ""
    digits = ""
    for place, letter in enumerate(text.strip()):
        if letter.isdigit():
            digits += str(unicodedata.digit(letter))
        elif letter not in " -.()/" and not (letter == "+" and place == 0):
            raise ValueError("not a phone number")
    if text.strip().startswith("+") or digits.startswith("00"):
        international = digits.lstrip("0")
        if not 8 <= len(international) <= 15 or (international.startswith("91") and len(international) != 12):
            raise ValueError("not a phone number")
        return f"+{international}"
    local = digits.removeprefix("0") if len(digits) == LOCAL_DIGITS + 1 else digits
    if len(local) == LOCAL_DIGITS + 2 and local.startswith("91"):
        local = local[2:]
    if len(local) != LOCAL_DIGITS or local[0] in "01":
        raise ValueError("not a phone number")
    return COUNTRY + local


class PatientForm(FlaskForm):
    """Who the patient is. Either an age or a date of birth; a guardian for someone under 18."""

    once = HiddenField(default=new_id)
    full_name = StringField(
        _l("Name"), [InputRequired(_l("Give the patient's name.")), Length(max=200)], filters=[tidy]
    )
    age = StringField(_l("Age in years"), filters=[tidy])
    birth_date = DateField(_l("Date of birth"), [Optional()])
    sex = RadioField(_l("Sex"), [InputRequired(_l("Choose one."))], choices=SEX_CHOICES, validate_choice=True)
    phone = StringField(_l("Phone"), [Length(max=32)], filters=[tidy])
    village = StringField(_l("Village"), [Length(max=120)], filters=[tidy])
    guardian_name = StringField(_l("Guardian's name"), [Length(max=200)], filters=[tidy])
    guardian_relation = StringField(_l("Relation to the patient"), [Length(max=64)], filters=[tidy])

    def validate_full_name(self, field: StringField) -> None:
        if not any(letter.isalpha() for letter in field.data or ""):
            raise ValidationError(_("Give the patient's name."))

    def validate_age(self, field: StringField) -> None:
        if self.birth_date.data or self.birth_date.errors or self.birth_date.raw_data not in (None, [], [""]):
            return
        if not field.data:
            raise ValidationError(_("Give an age or a date of birth."))
        if self.years is None:
            raise ValidationError(_("Give an age from 0 to %(most)d years.", most=ages.OLDEST))

    def validate_birth_date(self, field: DateField) -> None:
        born = field.data
        if born is None:
            return
        if born > clock.today():
            raise ValidationError(_("The date of birth cannot be in the future."))
        if clock.today().year - born.year > ages.OLDEST:
            raise ValidationError(_("This is more than %(most)d years ago. Look at the year.", most=ages.OLDEST))

    def validate_phone(self, field: StringField) -> None:
        try:
            phone_number(field.data or "")
        except ValueError:
            raise ValidationError(_("A phone number has 10 digits. Leave it empty if there is none.")) from None

    def validate_guardian_name(self, field: StringField) -> None:
        if self.minor and not field.data:
            raise ValidationError(_("A guardian has to answer for someone under 18: give their name."))

    def validate_guardian_relation(self, field: StringField) -> None:
        if self.minor and not field.data:
            raise ValidationError(_("Say how the guardian is related, such as mother."))

    def validate(self, extra_validators: Any = None) -> bool:
        """Every field is checked, so that all that is wrong shows at once."""
        return bool(super().validate(extra_validators))

    @property
    def years(self) -> int | None:
        """The age typed, if it is one."""
        text = (self.age.data or "").strip()
        return int(text) if text.isdecimal() and len(text) <= 3 and int(text) <= ages.OLDEST else None

    @property
    def minor(self) -> bool:
        """Whether what was typed makes the patient under 18."""
        today = clock.today()
        born: date | None = self.birth_date.data
        if born is not None:
            return born <= today and ages.is_minor(born, born.year, today)
        return self.years is not None and self.years < ages.ADULT_AT

    def patient(self) -> NewPatient:
        """What was typed, once it is valid."""
        born: date | None = self.birth_date.data
        today = clock.today()
        return NewPatient(
            full_name=self.full_name.data or "",
            birth_date=born,
            birth_year=born.year if born else today.year - (self.years or 0),
            sex=self.sex.data,
            phone=phone_number(self.phone.data or ""),
            village=self.village.data or "",
            guardian_name=(self.guardian_name.data or "") if self.minor else "",
            guardian_relation=(self.guardian_relation.data or "") if self.minor else "",
        )
