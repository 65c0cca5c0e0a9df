"""A Janus of a test's own: one process, its API on a free port of the loopback behind a key, VideoRoom only."""

from __future__ import annotations

import contextlib
import glob
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.browser.service import free_port

API_SECRET = "only for this test's api"
ADMIN_KEY = "only for this test's rooms"

MAIN = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{library}/plugins"
    transports_folder = "{library}/transports"
    events_folder = "{library}/events"
    loggers_folder = "{library}/loggers"
    debug_level = 3
    api_secret = "{api_secret}"
}}
media: {{ rtp_port_range = "{first}-{last}" }}
nat: {{ ice_ignore_list = "vmnet" }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
events: {{ broadcast = false }}
"""
VIDEO_ROOM = 'general: {{ admin_key = "{admin_key}" }}'
WEBSOCKETS = """
general: {{ ws = true, ws_port = {port}, ws_ip = "127.0.0.1", wss = false }}
admin: {{ admin_ws = false, admin_wss = false }}
"""


class JanusServer:
    """Debian's `janus`, started and killed; its log is `janus.log` in `folder`."""

    def __init__(self, folder: Path, prefix: Sequence[str] = ()) -> None:
        program = shutil.which("janus")
        assert program is not None, "janus is missing: `make test` installs it"
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self._log = folder / "janus.log"
        self._configure(folder)
        with self._log.open("wb") as log:
            command = [*prefix, program, "-F", str(folder)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        while self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
        raise RuntimeError(self._log.read_text(encoding="utf-8", errors="replace"))

    def _configure(self, folder: Path) -> None:
        library = Path(glob.glob("/usr/lib/*/janus")[0])
        others = [one.name for kind in ("plugins", "transports") for one in (library / kind).glob("*.so")]
        unwanted = [one for one in others if one not in ("libjanus_videoroom.so", "libjanus_websockets.so")]
        named = ",".join(unwanted)
        first = 20_000 + self.port % 20_000
        values = {
            "folder": folder,
            "library": library,
            "api_secret": API_SECRET,
            "admin_key": ADMIN_KEY,
            "plugins": named,
            "transports": named,
            "port": self.port,
            "first": first,
            "last": first + 2_000,
        }
        for name, text in (("janus", MAIN), ("plugin.videoroom", VIDEO_ROOM), ("transport.websockets", WEBSOCKETS)):
            file = "janus.jcfg" if name == "janus" else f"janus.{name}.jcfg"
            (folder / file).write_text(text.format(**values), encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """What a relay process needs to use it."""
        named = {"JANUS_URL": self.url, "JANUS_SECRET": API_SECRET, "JANUS_ADMIN_KEY": ADMIN_KEY}
        return {"RELAY_ENGINE": "janus", **named}

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
