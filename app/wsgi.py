"""What the Procfile names. Gunicorn's worker patched the process before this is imported (see gunicorn_eventlet)."""

from __future__ import annotations

from app.config import Config
from app.factory import create_app, start_background

app = create_app(Config.from_environment())
start_background()
