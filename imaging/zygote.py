"""`python -m imaging.zygote FD`: has every decoder loaded, and forks one limited child for each file.

Starting Python and loading decoders costs half a second a file; forking costs some milliseconds. This process has one
thread, opens no file from outside itself, and knows nothing worth stealing: a clean environment, no database, no keys.

On the socket FD each request is one JSON line with two descriptors: `events`, a pipe that becomes the child's voice,
and `line`, a socket on which the asker hears "+" once the child lives and, at its end, its exit status, its processor
time (ms) and its largest resident size (KiB on Linux). Closing the line kills the child. When FD closes, whoever asked
is gone: all children are killed and this process ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import selectors
import signal
import socket
import sys
from typing import Any

from imaging import sandbox_child

_MOST_FILES = 256  # open at once, in the children too
_MOST_BYTES = 65536  # of one request
# What any file may need. A library that starts threads when it is loaded must not be here: only one thread survives
# a fork, with the locks of the others held for ever.
_MODULES = (
    "imaging.workbench",
    "imaging.animations",
    "imaging.dicomweb.sandboxed",
    "imaging.documents",
    "imaging.pictures",
    "imaging.pixels",
    "imaging.preview_checks",
    "imaging.videos",
    "cv2",
    "imagecodecs._jpeg8",
    "imagecodecs._jpegxl",
    "PIL.AvifImagePlugin",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.WebPImagePlugin",
    "pillow_heif",
    "pydicom.pixels.decoders",
    "pydicom.pixels.decoders.gdcm",
    "pydicom.pixels.decoders.pillow",
    "pydicom.pixels.decoders.pyjpegls",
    "pydicom.pixels.decoders.pylibjpeg",
    "pydicom.pixels.decoders.rle",
)


class Nursery:
    """Children by process id, each with the line of whoever asked for it."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lines: dict[int, socket.socket] = {}
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until the control socket closes; then no child is left."""
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._selector.register(woken, selectors.EVENT_READ)
        self._selector.register(self._control, selectors.EVENT_READ)
        try:
            while self._serve(woken):
                self._reap()
        finally:
            for pid in list(self._lines):
                _kill(pid)

    def _serve(self, woken: socket.socket) -> bool:
        for key, _ in self._selector.select():
            if key.fileobj is woken:
                woken.recv(4096)
            elif key.fileobj is self._control:
                if not self._take_request():
                    return False
            else:
                self._let_go(key.data)
        return True

    def _take_request(self) -> bool:
        data, descriptors, _flags, _address = socket.recv_fds(self._control, _MOST_BYTES, 2)
        while data and not data.endswith(b"\n"):
            piece = self._control.recv(_MOST_BYTES)
            if not piece:
                return False
            data += piece
        if not data:
            return False
        events, line = descriptors
        try:
            self._fork(json.loads(data), events, socket.socket(fileno=line))
        finally:
            os.close(events)
        return True

    def _fork(self, request: dict[str, Any], events: int, line: socket.socket) -> None:
        zygote = os.getpid()
        try:
            pid = os.fork()
        except OSError:
            line.close()  # the asker hears an end without a status
            return
        if pid == 0:
            sandbox_child.live(request, events, zygote)  # never returns
        line.setblocking(False)
        self._lines[pid] = line
        self._selector.register(line, selectors.EVENT_READ, pid)
        with contextlib.suppress(OSError):
            line.send(b"+")

    def _let_go(self, pid: int) -> None:
        """The asker closed its line: the child is killed, and reaped like any other."""
        line = self._lines.get(pid)
        if line is not None and line.fileno() in self._selector.get_map():
            self._selector.unregister(line)
            _kill(pid)

    def _reap(self) -> None:
        while self._lines:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            line = self._lines.pop(pid, None)
            if line is None:
                continue
            if line.fileno() in self._selector.get_map():
                self._selector.unregister(line)
            with contextlib.suppress(OSError):
                os.killpg(pid, signal.SIGKILL)  # whatever the child started
            with contextlib.suppress(OSError):
                cpu_ms = round((usage.ru_utime + usage.ru_stime) * 1000)
                line.send(b"%d %d %d" % (os.waitstatus_to_exitcode(status), cpu_ms, usage.ru_maxrss))
            line.close()


def _kill(pid: int) -> None:
    """Kill a child that has not been reaped, with its session; it may be too young to have one."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)


def preload() -> None:
    """Load what files may need; a library that is not installed is met, or not, where it is used."""
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def main(descriptor: int) -> None:
    """Serve the asker at the other end of `descriptor`."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (_MOST_FILES, _MOST_FILES))
    preload()
    gc.collect()
    gc.freeze()  # or every collection in a child would copy the pages that it shares
    Nursery(socket.socket(fileno=descriptor)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
