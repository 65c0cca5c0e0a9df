"""create_app: the only place that joins extensions, blueprints, sockets and policies."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import assets, db, error_pages, health, json_bodies, languages, pages, policies, security_headers
from app import config as configuration
from app.auth import admin_routes, token_routes
from app.auth import routes as auth_routes
from app.config import Config
from app.extensions import SOCKET_OPTIONS, csrf, limiter, login_manager, socketio
from app.notices import Carrier
from consult import invitation_routes, log_routes, room_routes
from consult import routes as consult_routes
from consult import sockets as consult_sockets
from consult.chat import routes as chat_routes
from consult.chat import sockets as chat_sockets
from consult.patients import routes as patient_routes
from consult.reports import routes as report_routes
from consult.stage import routes as stage_routes
from consult.stage import sockets as stage_sockets
from consult.stills import sockets as still_sockets
from imaging import routes as imaging_routes
from imaging.deidentify import api_routes as copy_api_routes
from imaging.deidentify import routes as copy_routes
from imaging.deidentify import teaching_routes
from imaging.dicomweb import routes as dicomweb_routes
from imaging.dimse import routes as device_routes
from imaging.inbox import routes as inbox_routes
from imaging.site_models import routes as site_model_routes
from video import signalling
from video.checks import routes as check_routes
from video.recordings import relay_routes as relay_segment_routes
from video.recordings import routes as recording_routes
from video.recordings import sockets as recording_sockets

BLUEPRINTS = (
    health.blueprint,
    auth_routes.blueprint,
    admin_routes.blueprint,
    token_routes.blueprint,
    consult_routes.blueprint,
    room_routes.blueprint,
    chat_routes.blueprint,
    log_routes.blueprint,
    invitation_routes.blueprint,
    patient_routes.blueprint,
    report_routes.blueprint,
    imaging_routes.blueprint,
    device_routes.blueprint,
    dicomweb_routes.blueprint,
    copy_routes.blueprint,
    copy_api_routes.blueprint,
    teaching_routes.blueprint,
    site_model_routes.blueprint,
    inbox_routes.blueprint,
    check_routes.blueprint,
    recording_routes.blueprint,
    stage_routes.blueprint,
    relay_segment_routes.blueprint,
)
SOCKETS = (consult_sockets, chat_sockets, stage_sockets, still_sockets)
ROOT = Path(__file__).resolve().parent.parent
WHOLE_APP = (json_bodies, pages, error_pages, languages, assets, security_headers)


def create_app(config: Config) -> Flask:
    """The whole web application for one configuration."""
    configuration.use(config)
    db.connect(config.database_url)
    app = Flask("nidaan", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.config.update(_flask_settings(config))
    if config.proxies:
        hops = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    for extension in (login_manager, csrf, limiter):
        extension.init_app(app)
    socketio.init_app(app, async_mode=config.async_mode, **SOCKET_OPTIONS)
    _join(app)
    return app


def start_background() -> None:
    """What a serving process does beside answering: carry notices. Not for tests or commands."""
    socketio.start_background_task(Carrier(socketio).run)


def _flask_settings(config: Config) -> dict[str, object]:
    return {
        "SECRET_KEY": config.secret_key,
        "TESTING": config.testing,
        "SESSION_COOKIE_NAME": "nidaan",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.https or config.public_url.startswith("https:"),
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=config.session_hours),
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a form left open over lunch must still send
        "MAX_CONTENT_LENGTH": 2 * 1024 * 1024,  # forms and JSON; uploads come in bounded chunks of their own
        "RATELIMIT_HEADERS_ENABLED": True,
    }


def _join(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for subject in SOCKETS:
        subject.register(socketio)
    recording_sockets.register(socketio, signalling.register(socketio))
    for part in WHOLE_APP:
        part.install(app)
    policies.install()
    pages.count_by(pages.INBOX.url, inbox_routes.count_for)
