"""A thin link between two network namespaces, with the product or a browser at either end of it.

`village` is the tablet's side, `city` the server's and the specialist's. The shaper is not ours: THINLINK names it, or
`thinlink.py` is on the PATH, or in `../shared/tools` beside the checkout. It needs root, iproute2 and TUN devices;
`why_not` says in a sentence what is missing, and tests skip with it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.browser.service import ROOT, Service

CITY_ADDRESS = "10.99.0.2"
VILLAGE_ADDRESS = "10.99.0.1"
START_SECONDS = 120
_OPEN = {"rate": 0.0, "delay": 0.0, "jitter": 0.0, "loss": 0.0, "burst": 0.0, "queue": 64.0, "cut": 0.0, "udp": 1.0}


def shaper() -> Path | None:
    """The shaper's program."""
    beside = ROOT.parent / "shared/tools/thinlink.py"
    named = os.environ.get("THINLINK") or shutil.which("thinlink.py") or str(beside)
    return Path(named) if Path(named).is_file() else None


def why_not() -> str:
    """A sentence that says what is missing; empty when all is there."""
    if shaper() is None:
        return "No thinlink.py: set THINLINK to it."
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "Network namespaces need root and iproute2."
    name = f"nidaan-probe-{os.getpid()}"
    probe = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
    if probe.returncode or not Path("/dev/net/tun").exists():
        return "This machine has no network namespaces or TUN devices."
    return ""


def inside(namespace: str, *command: str) -> list[str]:
    """The command, run in a namespace."""
    return ["ip", "netns", "exec", namespace, *command]


@dataclass
class ThinLink:
    """A link that runs. Settings are thinlink's: `rate=200,delay=300,loss=2` (kbit/s, one-way ms, per cent)."""

    village: str
    city: str
    control: Path
    process: subprocess.Popen[str]

    def shape(self, both: str = "", *, up: str | None = None, down: str | None = None) -> None:
        """From now on the link is like this and nothing else: `up` is from the village to the city."""
        wanted = {"up": _settings(both if up is None else up), "down": _settings(both if down is None else down)}
        written = self.control.with_suffix(".new")
        written.write_text(json.dumps(wanted))
        written.replace(self.control)  # whole at any moment: the shaper may still be reading for the change before
        self.process.send_signal(signal.SIGHUP)

    def cut(self) -> None:
        """Nothing passes any more, until `shape`."""
        self.shape("cut=1")

    def move(self, address: str, before: str = VILLAGE_ADDRESS) -> None:
        """The village's end takes another address, as a tablet does that changes from Wi-Fi to mobile data."""
        device = self._device()
        ip = ["ip", "-n", self.village]
        # The old one first: it is the primary address, and takes a secondary one along when it goes.
        subprocess.run([*ip, "addr", "del", before, "peer", CITY_ADDRESS, "dev", device], check=True)
        subprocess.run([*ip, "addr", "add", address, "peer", CITY_ADDRESS, "dev", device], check=True)
        subprocess.run([*ip, "route", "replace", "default", "dev", device], check=True)

    def sent_bytes(self) -> int:
        """Bytes that the village's side has put on the link."""
        return self._count("tx_bytes")

    def received_bytes(self) -> int:
        """Bytes that have reached the village's side."""
        return self._count("rx_bytes")

    def _device(self) -> str:
        listed = subprocess.run(
            ["ip", "-n", self.village, "-json", "link", "show"], capture_output=True, check=True, text=True
        )
        return next(str(one["ifname"]) for one in json.loads(listed.stdout) if one["ifname"].startswith("tl"))

    def _count(self, what: str) -> int:
        command = inside(self.village, "cat", f"/sys/class/net/{self._device()}/statistics/{what}")
        return int(subprocess.run(command, capture_output=True, check=True).stdout)


def _settings(text: str) -> dict[str, float]:
    chosen = {name: float(value) for name, _, value in (item.partition("=") for item in text.split(",") if item)}
    assert chosen.keys() <= _OPEN.keys(), f"thinlink knows no {chosen.keys() - _OPEN.keys()}"
    return {**_OPEN, **chosen}


@contextmanager
def thin_link(folder: Path, up: str = "", down: str = "") -> Iterator[ThinLink]:
    """Two namespaces of one's own with a link between them, removed at the end."""
    tag = os.getpid() % 100_000
    village, city, control = f"village{tag}", f"city{tag}", folder / f"link-{tag}.json"
    control.write_text("{}")
    command = [sys.executable, str(shaper()), "--make", "--a", village, "--b", city, "--control", str(control)]
    process = subprocess.Popen([*command, "--up", up, "--down", down], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline().strip() == "ready"
        yield ThinLink(village, city, control, process)
    finally:
        process.terminate()
        process.wait(timeout=20)


class CityService(Service):
    """The whole product inside a network namespace."""

    namespace = ""

    @property
    def address(self) -> str:
        return f"http://{CITY_ADDRESS}:{self.port}"

    def start(self) -> None:
        environment = {**self.environment, "HOST": "0.0.0.0", "PUBLIC_URL": self.address}
        with (self.data_dir / "service.log").open("wb") as log:
            self.process = subprocess.Popen(
                inside(self.namespace, sys.executable, "-m", "app.supervisor"),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        give_up_at = time.monotonic() + START_SECONDS
        while self.health() != 200:
            if time.monotonic() > give_up_at:
                raise RuntimeError((self.data_dir / "service.log").read_text(errors="replace")[-3000:])
            time.sleep(0.2)

    def health(self) -> int:
        return status_of(self.namespace, f"{self.address}/healthz")


def status_of(namespace: str, url: str) -> int:
    """The HTTP status of an address, asked inside a namespace; 0 while nothing listens."""
    curl = inside(namespace, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", url)
    return int(subprocess.run(curl, capture_output=True, text=True, check=False).stdout or 0)


def launch_in(
    playwright: Playwright, namespace: str, origin: str, folder: Path, arguments: tuple[str, ...] = ()
) -> Browser:
    """A Chromium inside a namespace; the page at `origin` counts as secure there, as it would behind HTTPS."""
    program = folder / f"chromium-{namespace}"
    program.write_text(f'#!/bin/sh\nexec ip netns exec {namespace} {chromium_path()} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    secure = f"--unsafely-treat-insecure-origin-as-secure={origin}"
    return playwright.chromium.launch(executable_path=str(program), args=[*CHROMIUM_ARGUMENTS, secure, *arguments])


@contextmanager
def browser_in(namespace: str, origin: str, folder: Path) -> Iterator[Browser]:
    """One such browser with a Playwright of its own; for both ends of a link, `launch_in` twice on one Playwright."""
    with sync_playwright() as playwright:
        browser = launch_in(playwright, namespace, origin, folder)
        yield browser
        browser.close()
