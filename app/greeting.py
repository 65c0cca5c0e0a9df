"""What `make run` says once the product answers: where it is, and the demo program's accounts."""

from __future__ import annotations

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.demo_accounts import ACCOUNTS, PASSWORD
from app.https import lan_addresses

LOOK_EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 20.0
DICOM_PATIENCE_SECONDS = 10.0  # the page works without; its line in the greeting is worth a moment


@dataclass
class Greeting:
    """Asks /healthz now and then until it is well, says so once, and names what fails if that takes long."""

    port: int
    https: bool
    demo: bool
    began: float = field(default_factory=time.monotonic)
    looked: float = 0.0
    dicom_title: str = "NIDAAN"
    dicom_port: str = "11112"
    dicom: str = "has not started"  # what /healthz says of it
    told: bool = False
    complained: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Greeting:
        return cls(
            port=int(environ.get("PORT") or "8000"),
            https=environ.get("HTTPS") == "1",
            demo=environ.get("DEMO") == "1",
            dicom_title=environ.get("DIMSE_AE_TITLE") or "NIDAAN",
            dicom_port=environ.get("DIMSE_PORT") or "11112",
        )

    @property
    def addresses(self) -> list[str]:
        """Where a browser finds the product: this machine's own name first, then its networks' addresses."""
        scheme = "https" if self.https else "http"
        # gunicorn.conf.py listens on IPv4 alone, which every network of a clinic has
        others = [address for address in lan_addresses() if ":" not in address] if self.https else []
        return [f"{scheme}://{host}:{self.port}" for host in ("localhost", *others)]

    def look(self, say: Callable[[str], None]) -> None:
        """Called often; does something only when it is time, and nothing after the greeting."""
        now = time.monotonic()
        if self.told or now - self.looked < LOOK_EVERY_SECONDS:
            return
        self.looked = now
        failing = self._failing()
        if not failing and (self.dicom != "has not started" or now - self.began > DICOM_PATIENCE_SECONDS):
            self.told = True
            say(self.text(time.monotonic() - self.began))
        elif not self.complained and now - self.began > PATIENCE_SECONDS:
            self.complained = True
            say(f"Not ready after {PATIENCE_SECONDS:.0f} s: {failing}. Still trying.")

    def text(self, seconds: float) -> str:
        """The whole greeting."""
        first, *others = self.addresses
        lines = ["", f"  Nidaan is ready at {first} (after {seconds:.1f} s)"]
        if others:
            lines.append(f"  From a tablet on this network: {'  '.join(others)}")
            lines.append("  The certificate is this machine's own: each browser asks once whether to go on.")
        lines.append(f"  {self.dicom_line()}")
        if self.demo:
            lines += ["", *(f"  {line}" for line in demo_accounts())]
        return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])

    def dicom_line(self) -> str:
        """Where ultrasound and X-ray units send, or why they cannot."""
        if self.dicom == "ok":
            return f"Ultrasound and X-ray units (DICOM) send to {self.dicom_title}, port {self.dicom_port}"
        if self.dicom == "off":
            return "Receiving from ultrasound and X-ray units (DICOM) is switched off: DIMSE_PORT is 0."
        return f"No ultrasound or X-ray unit (DICOM) can send yet: {self.dicom}. Everything else works."

    def _failing(self) -> str:
        """Empty when all is well, else what is not."""
        tls = ssl._create_unverified_context() if self.https else None  # nosec: our own certificate, our own machine
        try:
            with urllib.request.urlopen(f"{self.addresses[0]}/healthz", timeout=1, context=tls) as answer:
                self.dicom = str(json.load(answer).get("dicom", ""))
                return ""
        except urllib.error.HTTPError as error:
            return _parts(error.read())
        except (OSError, ValueError):
            return "the web process does not answer yet"


def _parts(body: bytes) -> str:
    try:
        said: dict[str, str] = json.loads(body)
    except ValueError:
        return "the web process answers with an error"
    parts = (
        f"{name} {word}" for name, word in said.items() if name not in ("status", "version", "dicom") and word != "ok"
    )
    return ", ".join(parts) or "the web process answers with an error"


def demo_accounts() -> list[str]:
    """The demo program's accounts, one a line, and their password."""
    wide = max(len(account.email) for account in ACCOUNTS)
    lines = [f"{account.email:<{wide}}  {account.role.replace('_', ' ')}, {account.facility}" for account in ACCOUNTS]
    return [f"Demo accounts, all with the password {PASSWORD}", *(f"  {line}" for line in lines)]
