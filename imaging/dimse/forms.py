"""What the administrator's page of a unit accepts."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.auth.forms import NEEDED, options, stripped, too_long
from imaging.dimse.operations import NewDevice


class DeviceForm(FlaskForm):
    """A unit that may send."""

    name = StringField(
        _l("Name of the unit"),
        filters=[stripped],
        validators=[DataRequired(NEEDED), Length(max=120, message=too_long(120))],
    )
    facility_id = SelectField(_l("Site"), validators=[InputRequired(_l("Choose a site."))])
    ae_title = StringField(
        _l("AE title of the unit"),
        filters=[stripped],
        validators=[DataRequired(NEEDED), Length(max=16, message=too_long(16))],
    )
    addresses = StringField(
        _l("Address in the network"),
        filters=[stripped],
        validators=[DataRequired(NEEDED), Length(max=300, message=too_long(300))],
    )

    def offer(self, sites: Sequence[tuple[str, str]]) -> DeviceForm:
        """Fill the choices; call before reading or showing the form."""
        self.facility_id.choices = options([("", _l("Choose a site")), *sites])
        return self

    def device(self) -> NewDevice:
        """What was filled in."""
        return NewDevice(
            name=self.name.data or "",
            facility_id=self.facility_id.data or "",
            ae_title=self.ae_title.data or "",
            addresses=self.addresses.data or "",
        )
