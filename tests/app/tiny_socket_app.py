"""The smallest application with pages and sockets: what the web server's own tests serve."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from flask import Flask, Response, request, send_file
from flask_socketio import SocketIO

app = Flask(__name__)
socketio = SocketIO(app, async_mode=cast(Any, os.environ["ASYNC_MODE"]), async_handlers=False)


@app.get("/")
def index() -> dict[str, object]:
    return {"pid": os.getpid(), "body": len(request.get_data())}


@app.get("/slow")
def slow() -> Response:
    def parts() -> Iterator[bytes]:
        yield b"started, "
        socketio.sleep(1)
        yield b"finished"

    return Response(parts(), headers={"Content-Length": str(len(b"started, finished"))})


@app.get("/file")
def file() -> Response:
    return send_file(Path(__file__))


@socketio.on("echo")
def echo(message: object) -> object:
    return message
