"""A gunicorn worker that serves every connection in an eventlet green thread.

Gunicorn 26 dropped its own eventlet worker but kept `AsyncWorker`, the class that its gevent worker stands on; this
is the same joint for eventlet. The master stays unpatched: patching happens in the worker, after the fork.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import time
import warnings
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

warnings.filterwarnings("ignore", message=r"[\s\S]*Eventlet is", category=Warning)

import eventlet  # noqa: E402  (its import warns that eventlet is in maintenance; ASYNC_MODE=gevent is the way out)
import eventlet.greenio  # noqa: E402
import eventlet.hubs  # noqa: E402
import eventlet.websocket  # noqa: E402
import eventlet.wsgi  # noqa: E402
from gunicorn.sock import ssl_context  # noqa: E402
from gunicorn.workers.base_async import AsyncWorker  # noqa: E402

HEARTBEAT_SECONDS = 0.25  # gunicorn kills a worker that is silent for its `timeout`; SIGTERM is noticed this soon
LAST_WAIT_SECONDS = 0.5  # for handlers whose connection was shut down under them
ACCEPT_PAUSE_SECONDS = 0.1  # when the process has no file descriptor left


class EventletWorker(AsyncWorker):  # type: ignore[misc]  # gunicorn has no types
    """Green threads for requests and web sockets; `worker_connections` bounds how many connections are open."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open: set[Any] = set()  # client sockets
        self.busy: set[Any] = set()  # those in the middle of a request, web sockets not counted
        self.tls: ssl.SSLContext | None = None

    def init_process(self) -> None:
        """Make the process green, then load the application and run."""
        eventlet.hubs.use_hub()
        eventlet.monkey_patch()
        _close_web_sockets_once()
        self.cfg.set("sendfile", False)  # a green socket is non-blocking underneath: socket.sendfile refuses it
        super().init_process()

    def run(self) -> None:
        """Accept until told to stop, then let running requests finish."""
        if self.cfg.is_ssl:
            self.tls = ssl_context(self.cfg)
        slots = eventlet.GreenPool(self.worker_connections)
        listeners = [eventlet.greenio.GreenSocket(listener.sock) for listener in self.sockets]
        acceptors = [eventlet.spawn(self._accept, listener, slots) for listener in listeners]
        while self.alive:
            self.notify()
            if self.ppid != os.getppid():
                self.log.info("The master is gone; worker %s stops", self.pid)
                break
            eventlet.sleep(HEARTBEAT_SECONDS)
        for acceptor in acceptors:
            acceptor.kill()
        for listener in listeners:
            listener.close()
        self._finish()

    def _accept(self, listener: Any, slots: Any) -> None:
        full = False
        while True:
            try:
                client, address = listener.accept()
                full = False
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    if not full:
                        self.log.warning("No file descriptor is left for another connection")
                    full = True
                    eventlet.sleep(ACCEPT_PAUSE_SECONDS)
                elif error.errno not in (errno.ECONNABORTED, errno.EAGAIN, errno.EINTR):
                    raise
                continue
            slots.spawn_n(partial(self.handle, listener, client, address))

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection to its end."""
        client.setblocking(True)  # blocks the green thread, not the process
        if self.tls is not None:
            client = self._greet(client)
            if client is None:
                return
        self.open.add(client)
        try:
            super().handle(listener, client, addr)
        finally:
            self.open.discard(client)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Serve one request; a web socket is served in here for as long as it stays open."""
        upgrade = any(name == "UPGRADE" and value.lower() == "websocket" for name, value in req.headers)
        if not upgrade:
            self.busy.add(sock)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            self.busy.discard(sock)

    def is_already_handled(self, respiter: Any) -> bool:
        """Whether the application took the connection over, as eventlet's web sockets do."""
        if getattr(eventlet.wsgi.WSGI_LOCAL, "already_handled", False):
            eventlet.wsgi.WSGI_LOCAL.already_handled = False
            raise StopIteration  # the socket is closed: there is no next request to wait for
        return bool(super().is_already_handled(respiter))

    def timeout_ctx(self) -> Any:
        """Bounds the wait for the next request on a connection."""
        return eventlet.Timeout(self.cfg.keepalive or None, False)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """SIGQUIT and SIGINT: stop without waiting for requests."""
        # A signal handler runs inside the hub, where nothing may wait.
        eventlet.spawn(super().handle_quit, sig, frame)

    def handle_usr1(self, sig: int, frame: FrameType | None) -> None:
        """SIGUSR1: open the log files anew."""
        eventlet.spawn(super().handle_usr1, sig, frame)

    def _greet(self, client: Any) -> Any:
        """TLS handshake with the same patience as for a request; None if it does not come about."""
        assert self.tls is not None
        try:
            with eventlet.Timeout(self.cfg.keepalive or None, TimeoutError("handshake")):
                wrapped = self.tls.wrap_socket(client, server_side=True, do_handshake_on_connect=False)
                wrapped.do_handshake()
                return wrapped
        except (OSError, EOFError) as error:  # ssl.SSLError and TimeoutError among them
            self.log.debug("TLS handshake failed: %s", error)
            client.close()
            return None

    def _finish(self) -> None:
        """Give running requests the graceful time-out; idle connections and web sockets end at once.

        Web sockets end by an orderly shutdown of their connection, so their handlers run and the browsers start to
        come back immediately.
        """
        for client in self.open - self.busy:
            _shut_down(client)
        self._wait(self.cfg.graceful_timeout, lambda: not self.open)
        for client in set(self.open):
            _shut_down(client)
        self._wait(LAST_WAIT_SECONDS, lambda: not self.open)
        if self.open:
            self.log.warning("%s connections were cut", len(self.open))

    def _wait(self, seconds: float, done: Any) -> None:
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            self.notify()
            eventlet.sleep(0.05)


def _shut_down(client: Any) -> None:
    # Under TLS too it is the plain connection that ends: a TLS goodbye could wait for the other side. The patched
    # `socket.socket` has no such method of its own.
    shutdown = eventlet.patcher.original("socket").socket.shutdown
    plain = partial(shutdown, client) if isinstance(client, ssl.SSLSocket) else client.shutdown
    with suppress(OSError):
        plain(socket.SHUT_RDWR)


def _close_web_sockets_once() -> None:
    """Engine.IO closes each web socket twice; eventlet reports the second time on stderr as Errno 9."""
    original = eventlet.websocket.WebSocket.close
    if getattr(original, "once", False):
        return

    def close(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.socket.fileno() >= 0:
            original(self, *args, **kwargs)

    close.once = True  # type: ignore[attr-defined]
    for kind in (eventlet.websocket.WebSocket, eventlet.websocket.RFC6455WebSocket):
        kind.close = close
