"""What the sign-in, account and administration pages accept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the types package
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, NumberRange, Optional, Regexp

from app.auth.operations import Person
from app.auth.passwords import MOST_LENGTH
from app.errors import Invalid

ROLES = (
    ("treating_doctor", _l("Treating doctor")),
    ("specialist", _l("Specialist")),
    ("program_manager", _l("Program manager")),
    ("administrator", _l("Administrator")),
)
ROLE_MEANINGS = {
    "treating_doctor": _l("Sees patients at a site and asks specialists"),
    "specialist": _l("Takes requests and signs opinions"),
    "program_manager": _l("Reads the consult log, without patients' names"),
    "administrator": _l("Keeps people and sites, reads the audit log"),
}
MOST_MEGABYTES = 10_000_000  # ten terabytes
NEEDED = _l("Please fill this in.")

_specialties: Mapping[str, Any] = {}


def offer_specialties(specialties: Mapping[str, Any]) -> None:
    """Tell which specialties a person may have: code to words (installed with the policies)."""
    global _specialties
    _specialties = specialties


def stripped(value: str | None) -> str | None:
    """A form filter: what was typed without the blanks around it."""
    return value.strip() if value else value


def options(pairs: Iterable[tuple[str, Any]]) -> list[Any]:
    """The choices of a field: (value, words) each."""
    return [SelectChoice(value, words) for value, words in pairs]


def _text(label: LazyString, most: int, *more: Callable[..., Any]) -> StringField:
    return StringField(
        label,
        filters=[stripped],
        validators=[DataRequired(NEEDED), Length(max=most, message=too_long(most)), *more],
    )


def too_long(most: int) -> Any:
    """The sentence for a field longer than `most` characters."""
    return _l("At most %(count)s characters.", count=most)


class SignInForm(FlaskForm):
    """Name and password, and where to go afterwards."""

    email = StringField(_l("E-mail address"), filters=[stripped], validators=[InputRequired(NEEDED), Length(max=200)])
    password = PasswordField(_l("Password"), validators=[InputRequired(NEEDED), Length(max=MOST_LENGTH)])
    next = HiddenField()


class PasswordForm(FlaskForm):
    """A new password of one's own."""

    present = PasswordField(_l("Present password"), validators=[InputRequired(NEEDED), Length(max=MOST_LENGTH)])
    wanted = PasswordField(_l("New password"), validators=[InputRequired(NEEDED), Length(max=MOST_LENGTH)])
    again = PasswordField(
        _l("New password once more"),
        validators=[InputRequired(NEEDED), EqualTo("wanted", _l("This is not the same as above."))],
    )


class PersonForm(FlaskForm):
    """A person as an administrator knows them."""

    full_name = _text(_l("Name"), 200)
    email = _text(
        _l("E-mail address"), 200, Regexp(r"^[^@\s]+@[^@\s]+$", message=_l("An address has an @ in it, and no blanks."))
    )
    role = RadioField(_l("Role"), choices=options(ROLES), validators=[InputRequired(_l("Choose a role."))])
    facility_id = SelectField(_l("Site"), validators=[InputRequired(_l("Choose a site."))])
    specialty = SelectField(_l("Specialty"), validators=[Optional()])
    registration_number = StringField(
        _l("Registration number"), filters=[stripped], validators=[Length(max=64, message=too_long(64))]
    )

    def offer(self, sites: Sequence[tuple[str, str]]) -> PersonForm:
        """Fill the choices; call before reading or showing the form."""
        self.facility_id.choices = options([("", _l("Choose a site")), *sites])
        self.specialty.choices = options([("", _l("None")), *_specialties.items()])
        return self

    def person(self) -> Person:
        """What was filled in."""
        return Person(
            full_name=self.full_name.data or "",
            email=self.email.data or "",
            role=self.role.data or "",
            facility_id=self.facility_id.data or "",
            specialty=self.specialty.data or "",
            registration_number=self.registration_number.data or "",
        )


class SiteForm(FlaskForm):
    """A facility."""

    name = _text(_l("Name of the site"), 120)
    district = StringField(_l("District"), filters=[stripped], validators=[Length(max=120, message=too_long(120))])
    data_saver = BooleanField(_l("Data saver"))
    monthly_data_mb = IntegerField(
        _l("Data for calls in a month (MB)"),
        validators=[Optional(), NumberRange(1, MOST_MEGABYTES, _l("Please give a number of megabytes, or nothing."))],
    )


class AuditForm(FlaskForm):
    """The audit page's filter; it lives in the address, so it has no token."""

    class Meta:
        csrf = False

    person = SelectField(_l("Person"), validators=[Optional()])
    object = StringField(_l("Reference"), filters=[stripped], validators=[Length(max=64)])
    day = DateField(_l("Day"), validators=[Optional()])


def refuse(form: FlaskForm, error: Invalid) -> None:
    """Show an operation's refusal at its field, or on top where the form has no such field."""
    field = form._fields.get(error.field)
    if field is None:
        form.form_errors.append(error.message)
    else:
        field.errors = [*field.errors, error.message]
