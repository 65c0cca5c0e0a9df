"""Flask's extensions, made once, joined to the app by the factory. The async mode is chosen here and nowhere else."""

from __future__ import annotations

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_socketio import SocketIO
from flask_wtf import CSRFProtect

MAX_MESSAGE_BYTES = 1_000_000  # Socket.IO closes the connection above this: models bound every field well below it
PING_SECONDS = 8
PING_PATIENCE_SECONDS = 8  # a lossy 600 ms link answers within this; a cut one is noticed within PING + PATIENCE

socketio = SocketIO()
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
limiter = Limiter(key_func=get_remote_address, default_limits=[], storage_uri="memory://")

SOCKET_OPTIONS = {
    "ping_interval": PING_SECONDS,
    "ping_timeout": PING_PATIENCE_SECONDS,
    "max_http_buffer_size": MAX_MESSAGE_BYTES,
    "async_handlers": False,  # one socket's commands are handled in the order they were sent
}
