"""The DICOMweb door (PS3.18): search, retrieve and store, for programs that carry a bearer token."""

from __future__ import annotations

from flask import Blueprint

from imaging.dicomweb import door_routes, frame_routes, retrieve_routes, search_routes, store_routes

blueprint = Blueprint("dicomweb", __name__, url_prefix="/dicomweb")
door_routes.install(blueprint)
for part in (search_routes, retrieve_routes, frame_routes, store_routes):
    blueprint.register_blueprint(part.blueprint)
