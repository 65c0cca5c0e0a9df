"""create_app: the only place that joins extensions, blueprints, sockets and policies."""

from __future__ import annotations

import importlib
from datetime import timedelta
from types import ModuleType

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app import config as configuration
from app import db
from app.config import Config
from app.extensions import SOCKET_OPTIONS, csrf, limiter, login_manager, socketio
from app.notices import Carrier

BLUEPRINTS = (
    "app.health",
    "app.auth.routes",
    "app.auth.admin_routes",
    "consult.routes",
    "consult.log_routes",
    "consult.invitation_routes",
    "consult.patients.routes",
    "consult.reports.routes",
    "imaging.routes",
)
SOCKETS = ("consult.sockets", "consult.stage.sockets", "video.signalling")


def create_app(config: Config) -> Flask:
    """The whole web application for one configuration."""
    configuration.use(config)
    db.connect(config.database_url)
    app = Flask("nidaan", root_path=str(_root()), template_folder="templates", static_folder=None)
    app.config.update(_flask_settings(config))
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
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


def _root() -> object:
    from pathlib import Path

    return Path(__file__).resolve().parent.parent


def _join(app: Flask) -> None:
    for name in BLUEPRINTS:
        module = _load(name)
        if module:
            app.register_blueprint(module.blueprint)
    for name in SOCKETS:
        module = _load(name)
        if module:
            module.register(socketio)
    for name in ("app.pages", "app.error_pages", "app.languages", "app.assets", "app.security_headers"):
        module = _load(name)
        if module:
            module.install(app)
    policies = _load("app.policies")
    if policies:
        policies.install()


def _load(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            return None
        raise
