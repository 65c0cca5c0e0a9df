"""What a relay reads from its environment; it knows no other part of the product."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from video import tickets
from video.relay.engine import Name


@dataclass(frozen=True, slots=True)
class Settings:
    """`addresses`: listen on these only (RELAY_ADDRESSES); none: on every one this machine has.

    `folder`: where recordings wait, sealed, until the web process has them. `engine`: what carries the media; the
    `janus_` settings say where a Janus is. `metrics_port`: where figures are read, on the loopback; 0 for nowhere.
    """

    name: str
    web: str
    secret: str = field(repr=False)
    addresses: tuple[str, ...] = ()
    verify: bool = True
    folder: Path = Path("data/relay-recordings")
    engine: Name = "relay"
    janus_url: str = "ws://127.0.0.1:8188"
    janus_secret: str = field(default="", repr=False)
    janus_admin_key: str = field(default="", repr=False)
    metrics_port: int = 0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Raises SystemExit with a sentence where the secret cannot be found."""
        secure = environ.get("HTTPS", "0") == "1"
        default = f"{'https' if secure else 'http'}://localhost:{environ.get('PORT', '8000')}"
        return cls(
            name=environ.get("RELAY_NAME") or f"{socket.gethostname()}-{secrets.token_hex(3)}"[-64:],
            web=environ.get("RELAY_WEB_URL", default),
            secret=_secret(environ),
            addresses=tuple(one for one in environ.get("RELAY_ADDRESSES", "").split(",") if one),
            verify=not secure,  # the certificate of `HTTPS=1` is this machine's own
            folder=Path(environ.get("DATA_DIR", "data")) / "relay-recordings",
            engine=_engine(environ.get("RELAY_ENGINE", "relay")),
            janus_url=environ.get("JANUS_URL", "ws://127.0.0.1:8188"),
            janus_secret=environ.get("JANUS_SECRET") or _read(environ.get("JANUS_SECRET_FILE")),
            janus_admin_key=environ.get("JANUS_ADMIN_KEY") or _read(environ.get("JANUS_ADMIN_KEY_FILE")),
            metrics_port=int(environ.get("RELAY_METRICS_PORT", "0")),
        )


def _engine(name: str) -> Name:
    if name not in ("relay", "janus"):
        raise SystemExit("RELAY_ENGINE is relay or janus.")
    return "relay" if name == "relay" else "janus"


def _secret(environ: Mapping[str, str]) -> str:
    given = environ.get("RELAY_SECRET") or _read(environ.get("RELAY_SECRET_FILE"))
    if given:
        return given
    key = environ.get("SECRET_KEY") or _read(environ.get("SECRET_KEY_FILE"))
    key = key or _read(str(Path(environ.get("DATA_DIR", "data")) / "secret.key"))
    if not key:
        raise SystemExit("The relay needs RELAY_SECRET, or the installation's SECRET_KEY or DATA_DIR/secret.key.")
    return tickets.secret_from(key)


def _read(path: str | None) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else ""
    except FileNotFoundError:
        return ""
