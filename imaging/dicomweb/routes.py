"""The DICOMweb door (PS3.18): search, retrieve and store, for programs that carry a bearer token."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from imaging.dicomweb import (
    capabilities,
    door_routes,
    frame_routes,
    media_types,
    retrieve_routes,
    search_routes,
    store_routes,
)
from imaging.dicomweb.door_routes import base_address

blueprint = Blueprint("dicomweb", __name__, url_prefix="/dicomweb")
door_routes.install(blueprint)
for part in (search_routes, retrieve_routes, frame_routes, store_routes):
    blueprint.register_blueprint(part.blueprint)


@blueprint.route("/", methods=["GET", "OPTIONS"], endpoint="capabilities")
def show_capabilities() -> Response:
    """What this door can do (PS3.18 section 8.9); no secret, so no token is needed."""
    accepted = media_types.parse_accept(request.args.get("accept") or request.headers.get("Accept"))
    kinds = ("application/json", media_types.DICOM_JSON, capabilities.WADL, "application/xml", "text/xml")
    kind = media_types.choose(accepted, kinds) or kinds[0]
    if kind.endswith("xml"):
        return Response(capabilities.as_wadl(base_address()), mimetype=kind)
    return Response(json.dumps(capabilities.as_json(base_address())), mimetype="application/json")
