"""How the web process is served: `gunicorn app.wsgi:app` reads this file by itself.

One worker a process: a consult's document and its sockets live in one process, and more processes are more of these
behind a proxy that sends one consult to one of them.
"""

import gc
import os
import resource
from typing import Any

_WORKERS = {"eventlet": "app.gunicorn_eventlet.EventletWorker", "gevent": "gevent", "threading": "gthread"}

# The worker class and the application's SocketIO must agree; both read this variable, and it is settled here.
_mode = os.environ.setdefault("ASYNC_MODE", "eventlet")
if _mode not in _WORKERS:
    raise SystemExit(f"ASYNC_MODE is {_mode!r}; it may be {', '.join(_WORKERS)}.")

# psycopg 3 waits for PostgreSQL inside C, which stops every consult of the process; its selector wait is green.
if _mode == "eventlet":
    os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")

# Each connection is a file descriptor, and many systems start programs with 1024.
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _soft != resource.RLIM_INFINITY and _soft < 16384:
    resource.setrlimit(resource.RLIMIT_NOFILE, (16384 if _hard == resource.RLIM_INFINITY else min(_hard, 16384), _hard))

worker_class = _WORKERS[_mode]
workers = 1
threads = 200 if _mode == "threading" else 1
worker_connections = 4000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # the heartbeat file never waits for a disk
control_socket_disable = True
# Without TLS only this machine, or the proxy on it, may come in; a tablet on the same network needs HTTPS=1.
_host = os.environ.get("HOST") or ("0.0.0.0" if os.environ.get("HTTPS") == "1" else "127.0.0.1")
bind = f"{_host}:{os.environ.get('PORT', '8000')}"
backlog = 2048
keepalive = 75  # a new connection costs a village link a second or more
timeout = 60  # seconds without a heartbeat until the worker is replaced
graceful_timeout = 5
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")
accesslog = "-" if os.environ.get("ACCESS_LOG") == "1" else None
errorlog = "-"
loglevel = os.environ.get("LOG_LEVEL", "info")

if os.environ.get("HTTPS") == "1":
    from app.config import Config
    from app.https import certificate

    certfile, keyfile = (str(path) for path in certificate(Config.from_environment().data_dir))


def post_worker_init(worker: Any) -> None:
    """What is loaded now stays: keep the garbage collector off it, and off the event loop's back.

    Default thresholds cost pauses of 60 to 80 ms at a thousand events a second; these cost 12 to 25 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000, 50, 100)
