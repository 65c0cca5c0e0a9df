"""The administrator's pages of the units that may send pictures."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app import clock, config, db
from app.auth.forms import refuse
from app.auth.guards import actor, only
from app.auth.queries import sites
from app.errors import Conflict, Invalid
from app.health import check_dicom
from app.https import lan_addresses
from imaging.dimse import access, operations, queries
from imaging.dimse.forms import DeviceForm

blueprint = Blueprint("devices", __name__, url_prefix="/devices")
administrator = only("administrator")
REFUSED = 422


@blueprint.get("")
@administrator
def listing() -> str:
    """The program's units, when each was last seen, and what to set up in a new one."""
    with db.read_session() as session:
        program_id = actor().program_id
        found = {
            "devices": queries.devices(session, program_id),
            "rooms": queries.rooms(session, program_id, clock.now()),
        }
        return render_template("admin/devices.html", **found, **_door())


def _door() -> dict[str, object]:
    """What has to be typed into a unit, and whether anybody answers there."""
    settings = config.current()
    everywhere = settings.dimse_host in ("0.0.0.0", "::", "")
    addresses = [one for one in lan_addresses() if ":" not in one] if everywhere else [settings.dimse_host]
    return {
        "called_title": settings.dimse_ae_title,
        "port": settings.dimse_port,
        "addresses": addresses,
        "only_here": settings.dimse_host.startswith("127.") or settings.dimse_host == "localhost",
        "state": check_dicom(settings.data_dir),
    }


@blueprint.route("/new", methods=["GET", "POST"])
@administrator
def new() -> Response | str | tuple[str, int]:
    """Add a unit."""
    return _save(None)


@blueprint.route("/<device_id>", methods=["GET", "POST"])
@administrator
def show(device_id: str) -> Response | str | tuple[str, int]:
    """Change a unit."""
    return _save(device_id)


def _save(device_id: str | None) -> Response | str | tuple[str, int]:
    with db.read_session() as session:
        found = access.device(session, actor(), device_id) if device_id else None
        places = [(site.id, site.name) for site in sites(session, actor())]
    form = DeviceForm(obj=found).offer(places)
    if form.validate_on_submit():
        try:
            with db.write_transaction() as session:
                saved = operations.save(session, actor(), device_id, form.device(), clock.now())
            flash(_("Saved: %(name)s", name=saved.name), "good")
            return redirect(url_for("devices.listing"))
        except Invalid as error:
            refuse(form, error)
    page = render_template("admin/device.html", form=form, device=found, **_door())
    return (page, REFUSED) if form.errors else page


@blueprint.post("/<device_id>/active")
@administrator
def set_active(device_id: str) -> Response:
    """Switch a unit off, or on again."""
    active = request.form.get("active") == "1"
    try:
        with db.write_transaction() as session:
            device = operations.set_active(session, actor(), device_id, active)
    except Conflict as error:
        flash(error.message, "danger")
        return redirect(url_for("devices.show", device_id=device_id))
    if active:
        flash(_("%(name)s may send again.", name=device.name), "good")
    else:
        flash(_("%(name)s is refused from now on.", name=device.name), "good")
    return redirect(url_for("devices.listing"))
