"""Configuration: frozen, read once from the environment. A secret NAME may come from the file in NAME_FILE."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

VERSION = "0.1.0"
AsyncMode = Literal["eventlet", "gevent", "threading"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that differs between installations; sizes are bytes, times seconds."""

    data_dir: Path
    database_url: str
    secret_key: str = field(repr=False)
    port: int = 8000
    demo: bool = False
    https: bool = False
    async_mode: AsyncMode = "threading"
    public_url: str = ""
    proxies: int = 0  # how many reverse proxies of ours stand in front: only their X-Forwarded-* is believed
    ice_servers: tuple[dict[str, Any], ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = field(default="", repr=False)
    relay_secret: str = field(
        default="", repr=False
    )  # shared with the relays; each makes one from the secret key when empty
    max_upload_bytes: int = 500 * 1024 * 1024
    max_case_bytes: int = 10 * 1024**3  # pictures of one case, stored and announced; 0 for no limit
    max_facility_bytes: int = 500 * 1024**3
    dimse_port: int = 11112  # 0: nobody listens for DICOM units
    dimse_host: str = "127.0.0.1"  # 0.0.0.0 lets units of the network in
    dimse_ae_title: str = "NIDAAN"
    dimse_associations: int = 16
    dimse_bytes_per_second: int = 125_000_000  # of all units together; 0 is no limit
    max_store_bytes: int = 4 * 1024 * 1024 * 1024  # one DICOMweb request that stores a study
    dicomweb_origins: tuple[str, ...] = ()  # other sites whose pages may ask DICOMweb (CORS)
    site_models: Path | None = None  # the file that registers the site's own approved models; none: there are none
    recording_days: int = 0  # how long recordings of calls are kept; 0: until somebody deletes them
    invitation_hours: int = 72
    session_hours: int = 12
    sign_in_limit: str = "10 per minute; 60 per hour"
    languages: tuple[str, ...] = ("en", "hi")
    pseudo_locale: bool = False  # tests: every catalogued string is shown in brackets
    testing: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Config:
        """Read the environment; makes `data_dir` and, once, a secret key inside it."""
        data_dir = Path(environ.get("DATA_DIR", "data")).absolute()
        data_dir.mkdir(parents=True, exist_ok=True)
        secret_key = _secret(environ, "SECRET_KEY") or _kept_secret(data_dir / "secret.key")
        return cls(
            data_dir=data_dir,
            database_url=_secret(environ, "DATABASE_URL") or f"sqlite:///{data_dir / 'nidaan.sqlite3'}",
            secret_key=secret_key,
            port=int(environ.get("PORT", "8000")),
            demo=environ.get("DEMO", "0") == "1",
            https=environ.get("HTTPS", "0") == "1",
            async_mode=cast(AsyncMode, environ.get("ASYNC_MODE", "threading")),
            public_url=environ.get("PUBLIC_URL", "").rstrip("/"),
            proxies=int(environ.get("PROXIES", "0")),
            ice_servers=tuple(json.loads(environ.get("ICE_SERVERS", "[]"))),
            turn_urls=tuple(url for url in environ.get("TURN_URLS", "").split(",") if url),
            turn_secret=_secret(environ, "TURN_SECRET"),
            relay_secret=_secret(environ, "RELAY_SECRET"),
            max_upload_bytes=int(environ.get("MAX_UPLOAD_BYTES", 500 * 1024 * 1024)),
            max_case_bytes=int(environ.get("MAX_CASE_BYTES", 10 * 1024**3)),
            max_facility_bytes=int(environ.get("MAX_FACILITY_BYTES", 500 * 1024**3)),
            dimse_port=int(environ.get("DIMSE_PORT", "11112")),
            dimse_host=environ.get("DIMSE_HOST", "127.0.0.1"),
            dimse_ae_title=environ.get("DIMSE_AE_TITLE", "NIDAAN"),
            dimse_associations=int(environ.get("DIMSE_ASSOCIATIONS", "16")),
            dimse_bytes_per_second=int(environ.get("DIMSE_BYTES_PER_SECOND", "125000000")),
            max_store_bytes=int(environ.get("MAX_STORE_BYTES", 4 * 1024 * 1024 * 1024)),
            dicomweb_origins=_listed(environ.get("DICOMWEB_ORIGINS", "")),
            site_models=Path(environ["SITE_MODELS"]) if environ.get("SITE_MODELS") else None,
            recording_days=int(environ.get("RECORDING_DAYS", "0")),
            sign_in_limit=environ.get("SIGN_IN_LIMIT", "10 per minute; 60 per hour"),
            pseudo_locale=environ.get("PSEUDO_LOCALE", "0") == "1",
        )


def _listed(origins: str) -> tuple[str, ...]:
    return tuple(one.strip().rstrip("/") for one in origins.split(",") if one.strip())


def _secret(environ: Mapping[str, str], name: str) -> str:
    path = environ.get(f"{name}_FILE")
    return Path(path).read_text(encoding="utf-8").strip() if path else environ.get(name, "")


def _kept_secret(path: Path) -> str:
    """The installation's own key: made once, readable by its owner alone, the same for every process."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()


_current: Config | None = None


def current() -> Config:
    """The configuration of this process; read from the environment at first use."""
    global _current
    if _current is None:
        _current = Config.from_environment()
    return _current


def use(config: Config) -> None:
    """Make `config` the process's own (the factory and tests)."""
    global _current
    _current = config
