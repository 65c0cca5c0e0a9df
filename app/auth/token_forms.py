"""What the pages of access tokens accept."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.auth.forms import NEEDED, options, stripped, too_long
from app.auth.tokens import DEVICE_DAYS, MOST_NAME, PERSON_DAYS

SCOPES = (
    ("read store", _l("Look at pictures and add new ones")),
    ("read", _l("Look at pictures only")),
    ("store", _l("Add new pictures only")),
)
SCOPES_LISTED = {"read store": _l("Look and add"), "read": _l("Look only"), "store": _l("Add only")}
LASTING = {
    1: _l("1 day"),
    30: _l("30 days"),
    90: _l("90 days"),
    365: _l("1 year"),
    1825: _l("5 years"),
}


class TokenForm(FlaskForm):
    """A token of one's own."""

    name = StringField(
        _l("What will use it"),
        filters=[stripped],
        validators=[DataRequired(NEEDED), Length(max=MOST_NAME, message=too_long(MOST_NAME))],
    )
    scopes = RadioField(_l("It may"), choices=options(SCOPES), validators=[InputRequired(_l("Choose what it may do."))])
    days = SelectField(
        _l("Good for"), coerce=int, choices=options((str(days), LASTING[days]) for days in PERSON_DAYS), default=90
    )


class DeviceTokenForm(TokenForm):
    """A token of a machine at a facility."""

    facility_id = SelectField(_l("Site"), validators=[InputRequired(_l("Choose a site."))])
    days = SelectField(
        _l("Good for"), coerce=int, choices=options((str(days), LASTING[days]) for days in DEVICE_DAYS), default=365
    )

    def offer(self, sites: Sequence[tuple[str, str]]) -> DeviceTokenForm:
        """Fill the choices; call before reading or showing the form."""
        self.facility_id.choices = options([("", _l("Choose a site")), *sites])
        return self
